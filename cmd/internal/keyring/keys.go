// Package keyring is the keys of an instance, here or in a signer process: it
// opens the key folder with its development authority, publishes the public
// side and opens the sealing service over it. Who may use a key is the
// service's to decide.
package keyring

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
	"tongzheng/signer/render"
)

// Folder is where a data folder has its keys.
const Folder = "keys"

// Keys are those of a data folder: key store, development authority, seals.
type Keys struct {
	Store     *signer.FileStore
	Authority *signer.Authority
	Register  *signer.KeyRegister
	Renderer  *render.Renderer // draws development seals
	SignAt    string           // origin of the page where people sign; empty: there is none

	token []byte // key of the tokens of printings
	roots *check.Roots
	port  signer.SealPort // nil: every seal's key is here
	clock func() time.Time
}

// Open opens the keys of a data folder, or makes them on first start.
func Open(data string, clock func() time.Time) (*Keys, error) {
	dir := filepath.Join(data, Folder)
	store, err := signer.OpenFileStore(dir, nil)
	if err != nil {
		return nil, err
	}
	authority, err := signer.OpenAuthority(store, clock)
	if err != nil {
		return nil, err
	}
	if _, err := authority.ServiceKey(signer.LabelCheckpoint, "开发测试账本检查点 Development Checkpoint"); err != nil {
		return nil, err
	}
	roots, err := authority.Roots()
	if err != nil {
		return nil, err
	}
	if err := pinKeys(store, roots); err != nil {
		return nil, err
	}
	register, err := signer.OpenKeyRegister(store, dir)
	if err != nil {
		return nil, err
	}
	renderer, err := OpenRenderer()
	if err != nil {
		return nil, err
	}
	token, err := store.TokenKey(filepath.Join(data, signer.TokenKeyFile))
	if err != nil {
		return nil, err
	}
	return &Keys{Store: store, Authority: authority, Register: register, Renderer: renderer, token: token, roots: roots, clock: clock}, nil
}

// OpenRenderer opens the drawing of pages and seals with the fonts of this
// machine.
func OpenRenderer() (*render.Renderer, error) {
	fonts, err := render.LoadFonts(render.DefaultFonts())
	if err != nil {
		return nil, err
	}
	return render.New(fonts), nil
}

// pinned are the labels whose keys verifiers pin one by one.
var pinned = map[string]check.Use{signer.LabelQR: check.UseQR, signer.LabelStatus: check.UseStatus, signer.LabelCheckpoint: check.UseCheckpoint}

// pinKeys adds every such key that ever signed: paper, receipts and bundles
// outlive rotation.
func pinKeys(store *signer.FileStore, roots *check.Roots) error {
	for _, info := range store.Keys() {
		use, ok := pinned[info.Label]
		if !ok {
			continue
		}
		der, err := store.Certificate(info.ID)
		if err != nil {
			return err
		}
		if der == nil {
			continue // a first start that was cut short
		}
		if err := roots.Add(der, use); err != nil {
			return err
		}
	}
	return nil
}

// RootsPEM implements public.Keys.
func (k *Keys) RootsPEM() []byte { return k.roots.PEM() }

// uses of published keys, by label.
var published = map[string]string{signer.LabelQR: "qr", signer.LabelStatus: "status", signer.LabelTimeStamp: "time-stamp"}

// Published implements public.Keys.
func (k *Keys) Published(context.Context) ([]resource.PublishedKey, error) {
	var keys []resource.PublishedKey
	for _, info := range k.Store.Keys() {
		use := published[info.Label]
		if use == "" {
			continue
		}
		pub, err := k.Store.PublicKey(info.ID)
		if err != nil {
			return nil, err
		}
		spki, err := sm.MarshalPublicKey(pub)
		if err != nil {
			return nil, err
		}
		key := resource.PublishedKey{ID: info.ID, Use: use, Public: spki, From: info.Created}
		if key.Certificate, err = k.Store.Certificate(info.ID); err == nil {
			if cert, err := smx509.ParseCertificate(key.Certificate); err == nil {
				key.From, key.Until = cert.NotBefore, cert.NotAfter
			}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Roots are the trust anchors.
func (k *Keys) Roots() *check.Roots { return k.roots }

// QRKeys are the QR keys that codes are verified with, old ones included, those
// on record as stolen left out.
func (k *Keys) QRKeys() (check.QRKeys, error) {
	keys := check.QRKeys{}
	for _, info := range k.Store.Keys() {
		if info.Label != signer.LabelQR || k.Register.Note(info.ID).Compromised != 0 {
			continue
		}
		pub, err := k.Store.PublicKey(info.ID)
		if err != nil {
			return nil, err
		}
		if err := keys.Add(pub); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// ActKey implements remote.Desk: it makes (or finds) an organization's act key
// as the ledger records it.
func (k *Keys) ActKey(_ context.Context, name, code string) (registry.ActKey, error) {
	id, err := k.Authority.ActKey(name, code)
	if err != nil {
		return registry.ActKey{}, err
	}
	pub, err := k.Store.PublicKey(id)
	if err != nil {
		return registry.ActKey{}, err
	}
	spki, err := sm.MarshalPublicKey(pub)
	return registry.ActKey{ID: id, Public: spki, From: k.clock().Unix()}, err
}

// MakeSeal implements remote.Desk: it draws and makes a development seal.
func (k *Keys) MakeSeal(_ context.Context, s remote.SealRequest) ([]byte, error) {
	ring, bottom := s.Name, ""
	if s.Kind == registry.ApprovalSeal {
		ring, bottom = strings.TrimSuffix(s.Name, "审批专用章"), "审批专用章"
	}
	png, _, err := k.Renderer.SealPicture(render.SealDrawing{Ring: ring, Bottom: bottom, Diameter: float64(s.Diameter), DPI: render.SealDPI})
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", s.ID, err)
	}
	id, err := k.Authority.SealSigner(s.ID, s.OwnerName, s.Owner)
	if err != nil {
		return nil, err
	}
	cert, err := k.Store.Certificate(id)
	if err != nil {
		return nil, err
	}
	maker, ok := k.Store.Current(signer.LabelSealMaker)
	if !ok {
		return nil, errors.New("the development authority has no seal maker")
	}
	now := k.clock()
	return signer.MakeSeal(k.Store, maker, signer.SealSpec{ID: s.ID, Vendor: "TONGZHENG-DEV", Name: s.Name, Type: 1, Signers: [][]byte{cert},
		Created: now, From: now, Until: now.AddDate(10, 0, -1), Picture: check.Picture{Type: "png", Data: png, Width: s.Diameter, Height: s.Diameter}})
}

// MakeTagKey implements remote.Desk.
func (k *Keys) MakeTagKey(context.Context) (sm.Digest, error) { return k.Store.MakeTagKey() }

// TagKey is SM3 of the deployment's tag key as it is kept here; zero: it is not.
func (k *Keys) TagKey(context.Context) (sm.Digest, error) { return k.Store.TagKeyDigest() }

// SignCheckpoint implements remote.Desk with the key that vouches for the
// embedded ledger's file. Without a message it only names the key.
func (k *Keys) SignCheckpoint(_ context.Context, message []byte) (sm.KeyID, []byte, error) {
	id, ok := k.Store.Current(signer.LabelCheckpoint)
	switch {
	case !ok:
		return "", nil, errors.New("the key store has no checkpoint key")
	case len(message) == 0:
		return id, nil, nil
	}
	if _, err := registry.ParseCheckpointMessage(message); err != nil {
		return "", nil, err
	}
	signature, err := signer.SignRaw(k.Store, id, message)
	return id, signature, err
}

// ServiceConfig says how the sealing service works.
type ServiceConfig struct {
	Path       string      // of its memory and use log
	Copy       signer.Copy // the signer's own copy of the ledger; nil: none
	Ledger     string      // its name
	OpenOrders bool        // who may order is decided before, by accounts or by whoever reaches the process
	Keepers    []string    // files with the public keys of those who may open the ledger otherwise

	TagsPerHour int // of one organization; signer.DefaultTagsPerHour when 0
}

// Service opens the sealing service over the ledger's own records.
func (k *Keys) Service(records signer.Records, config ServiceConfig) (*signer.Service, error) {
	keeping, err := person.ReadKeepers(config.Keepers)
	if err != nil {
		return nil, err
	}
	stamp, ok := k.Store.Current(signer.LabelTimeStamp)
	if !ok {
		return nil, errors.New("the development authority has no time-stamp key")
	}
	return signer.OpenService(signer.ServiceConfig{Path: config.Path, Keys: k.Store, Records: records,
		Roots: k.roots, Clock: k.clock, Stamps: &signer.TimeStampAuthority{Keys: k.Store, Key: stamp, Clock: k.clock},
		Boundary: func(width, height float64) signer.Box {
			return signer.Box(render.SealBoundary(render.A4Landscape, width, height))
		},
		Renderer: &render.Port{Renderer: k.Renderer}, OpenOrders: config.OpenOrders, Keepers: keeping, Port: k.port, TagKey: k.Store.TagKey, TagsPerHour: config.TagsPerHour,
		Copy: config.Copy, Ledger: config.Ledger, TokenKey: k.token, QRKeys: k.QRKeys,
	})
}

// UsePort has the service use a seal system that keeps its own keys, at a base
// URL with a bearer token, and trust the anchors (PEM file) of its seals. An
// empty base changes nothing.
func (k *Keys) UsePort(base, token, roots string) error {
	if base == "" {
		return nil
	}
	if roots != "" {
		text, err := os.ReadFile(roots)
		if err != nil {
			return err
		}
		if k.roots, err = check.ParseRoots(append(k.roots.PEM(), text...)); err != nil {
			return err
		}
	}
	k.port = &signer.HTTPSealPort{Base: base, Token: token}
	return nil
}

// Founder accepts the configured key of the ledger's first transaction, or an
// act key that this store holds.
func (k *Keys) Founder(want sm.KeyID) func(registry.ActKey) bool {
	return func(key registry.ActKey) bool {
		if sm.KeyIDOf(key.Public) != key.ID {
			return false
		}
		if want != "" {
			return key.ID == want
		}
		_, err := k.Store.PublicKey(key.ID)
		return err == nil
	}
}

// Describe implements remote.Desk.
func (k *Keys) Describe(ctx context.Context) (*remote.Description, error) {
	list, err := k.KeyList(ctx)
	if err != nil {
		return nil, err
	}
	d := &remote.Description{Roots: k.RootsPEM(), KeyList: list, TokenKey: sm.Sum(k.token), Sign: k.SignAt}
	if d.TagKey, err = k.TagKey(ctx); err != nil {
		return nil, err
	}
	published, err := k.Published(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range published {
		d.Published = append(d.Published, remote.PublicKey{ID: p.ID, Use: p.Use, Public: p.Public, Certificate: p.Certificate,
			From: p.From.Unix(), Until: p.Until.Unix()})
	}
	return d, nil
}

// requestBlock is the PEM type of a request for the tag key.
const requestBlock = "PUBLIC KEY"

// TagRequest asks the city's signer for the tag key: this signer's exchange key.
func (k *Keys) TagRequest() ([]byte, error) {
	spki, err := k.Store.ExchangeKey(k.clock())
	return pem.EncodeToMemory(&pem.Block{Type: requestBlock, Bytes: spki}), err
}

// ReadTagRequest is the exchange key of a request.
func ReadTagRequest(text []byte) ([]byte, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != requestBlock {
		return nil, registry.Errorf(registry.CodeMalformed, "request", "want what tongzheng keys tag request wrote")
	}
	return block.Bytes, nil
}
