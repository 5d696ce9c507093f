package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
	"tongzheng/signer/render"
)

const (
	KeyFolder       = "keys"
	labelCheckpoint = signer.LabelCheckpoint
)

// Keys is the signer's side of the composition: key store, development
// authority, seals.
type Keys struct {
	store     *signer.FileStore
	authority *signer.Authority
	roots     *check.Roots
	register  *signer.KeyRegister
	port      signer.SealPort // nil: every seal's key is here
	rendering *render.Renderer
	clock     func() time.Time
}

func openKeys(dir string, clock func() time.Time) (*Keys, error) {
	store, err := signer.OpenFileStore(dir, nil)
	if err != nil {
		return nil, err
	}
	authority, err := signer.OpenAuthority(store, clock)
	if err != nil {
		return nil, err
	}
	if _, err := authority.ServiceKey(labelCheckpoint, "开发测试账本检查点 Development Checkpoint"); err != nil {
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
	rendering, err := openRenderer()
	if err != nil {
		return nil, err
	}
	return &Keys{store: store, authority: authority, roots: roots, register: register, rendering: rendering, clock: clock}, nil
}

func openRenderer() (*render.Renderer, error) {
	fonts, err := render.LoadFonts(render.DefaultFonts())
	if err != nil {
		return nil, err
	}
	return render.New(fonts), nil
}

// pinned are the labels whose keys verifiers pin one by one.
var pinned = map[string]check.Use{signer.LabelQR: check.UseQR, signer.LabelStatus: check.UseStatus, labelCheckpoint: check.UseCheckpoint}

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
	for _, info := range k.store.Keys() {
		use := published[info.Label]
		if use == "" {
			continue
		}
		pub, err := k.store.PublicKey(info.ID)
		if err != nil {
			return nil, err
		}
		spki, err := sm.MarshalPublicKey(pub)
		if err != nil {
			return nil, err
		}
		key := resource.PublishedKey{ID: info.ID, Use: use, Public: spki, From: info.Created}
		if key.Certificate, err = k.store.Certificate(info.ID); err == nil {
			if cert, err := smx509.ParseCertificate(key.Certificate); err == nil {
				key.From, key.Until = cert.NotBefore, cert.NotAfter
			}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Roots implements Keyring.
func (k *Keys) Roots() *check.Roots { return k.roots }

// QRKeys are the QR keys that codes are verified with, old ones included, those
// on record as stolen left out.
func (k *Keys) QRKeys() (check.QRKeys, error) {
	keys := check.QRKeys{}
	for _, info := range k.store.Keys() {
		if info.Label != signer.LabelQR || k.register.Note(info.ID).Compromised != 0 {
			continue
		}
		pub, err := k.store.PublicKey(info.ID)
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
	id, err := k.authority.ActKey(name, code)
	if err != nil {
		return registry.ActKey{}, err
	}
	pub, err := k.store.PublicKey(id)
	if err != nil {
		return registry.ActKey{}, err
	}
	spki, err := sm.MarshalPublicKey(pub)
	return registry.ActKey{ID: id, Public: spki, From: k.clock().Unix()}, err
}

// MakeSeal implements remote.Desk: it draws and makes a development seal.
func (k *Keys) MakeSeal(_ context.Context, s remote.SealSpec) ([]byte, error) {
	ring, bottom := s.Name, ""
	if s.Kind == registry.ApprovalSeal {
		ring, bottom = strings.TrimSuffix(s.Name, "审批专用章"), "审批专用章"
	}
	png, _, err := k.rendering.SealPicture(render.SealSpec{Ring: ring, Bottom: bottom, Diameter: float64(s.Diameter), DPI: 300})
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", s.ID, err)
	}
	id, err := k.authority.SealSigner(s.ID, s.OwnerName, s.Owner)
	if err != nil {
		return nil, err
	}
	cert, err := k.store.Certificate(id)
	if err != nil {
		return nil, err
	}
	maker, ok := k.store.Current(signer.LabelSealMaker)
	if !ok {
		return nil, errors.New("the development authority has no seal maker")
	}
	now := k.clock()
	return signer.MakeSeal(k.store, maker, signer.SealSpec{ID: s.ID, Vendor: "TONGZHENG-DEV", Name: s.Name, Type: 1, Signers: [][]byte{cert},
		Created: now, From: now, Until: now.AddDate(10, 0, -1), Picture: check.Picture{Type: "png", Data: png, Width: s.Diameter, Height: s.Diameter}})
}

// SignCheckpoint implements remote.Desk with the key that vouches for the
// embedded ledger's file. Without a message it only names the key.
func (k *Keys) SignCheckpoint(_ context.Context, message []byte) (sm.KeyID, []byte, error) {
	id, ok := k.store.Current(labelCheckpoint)
	switch {
	case !ok:
		return "", nil, errors.New("the key store has no checkpoint key")
	case len(message) == 0:
		return id, nil, nil
	case !registry.IsCheckpointMessage(message):
		return "", nil, registry.Errorf(registry.CodeMalformed, "message", "this key signs checkpoints only")
	}
	signature, err := signer.SignRaw(k.store, id, message)
	return id, signature, err
}

// service opens the signer over the ledger's own records. openOrders: who may
// order is decided before, by accounts or by whoever reaches the process;
// keepers are the files of those who may open the ledger otherwise.
func (k *Keys) service(records signer.Records, path string, openOrders bool, keepers ...string) (*signer.Service, error) {
	keeping, err := readKeepers(keepers)
	if err != nil {
		return nil, err
	}
	stamp, ok := k.store.Current(signer.LabelTimeStamp)
	if !ok {
		return nil, errors.New("the development authority has no time-stamp key")
	}
	return signer.OpenService(signer.ServiceConfig{Path: path, Keys: k.store, Records: records,
		Roots: k.roots, Clock: k.clock, Stamps: &signer.TimeStampAuthority{Keys: k.store, Key: stamp, Clock: k.clock},
		Boundary: func(width, height float64) signer.Box {
			return signer.Box(render.SealBoundary(render.A4Landscape, width, height))
		},
		OpenOrders: openOrders, Keepers: keeping, Port: k.port,
	})
}

// drawing draws with the impressions of the seals on file.
func drawing(rendering *render.Renderer, view office.StatusView, seals remote.Sealer) *render.Port {
	return &render.Port{Renderer: rendering, Impression: func(id string) (*render.Impression, error) {
		record, _, err := view.Record(registry.KindSeal, id)
		if err != nil {
			return nil, err
		}
		filed, ok := record.(*registry.SealRecord)
		if !ok {
			return nil, registry.Errorf(registry.CodeSealUnknown, "seal", "seal %s is not on file", id)
		}
		der, err := seals.SealFile(filed.Digest)
		if err != nil || der == nil {
			return nil, registry.Errorf(registry.CodeSealUnknown, "seal", "this signer does not hold seal %s", id).WithCause(err)
		}
		seal, err := check.ParseSeal(der)
		if err != nil {
			return nil, err
		}
		return &render.Impression{PNG: seal.Picture.Data, Width: float64(seal.Picture.Width), Height: float64(seal.Picture.Height)}, nil
	}}
}

// OpenKeyFolder opens the keys of a data folder for the command line.
func OpenKeyFolder(data string) (*Keys, error) {
	return openKeys(filepath.Join(data, KeyFolder), time.Now)
}
