package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tongzheng/api/public"
	"tongzheng/api/resource"
	"tongzheng/chaincode/gateway"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
	"tongzheng/signer/replica"
)

// Keyring is the public side of the signer's keys and, for demonstrations, the
// making of act keys and seals.
type Keyring interface {
	public.Keys
	remote.Desk
	Roots() *check.Roots
	QRKeys() (check.QRKeys, error)
	KeyList(ctx context.Context) ([]byte, error) // signed, as published
}

var (
	_ Keyring       = (*Keys)(nil)
	_ Keyring       = (*remoteKeys)(nil)
	_ remote.Sealer = (*signer.Service)(nil)
)

// openKeys opens the keys of this process, or asks the signer process for the
// public side of its own.
func (a *App) openKeys(ctx context.Context) error {
	if a.Config.Signer == "" {
		keys, err := openKeys(a.path(KeyFolder), a.Config.Clock)
		if err != nil {
			return err
		}
		a.Keys, a.rendering = keys, keys.rendering
		return nil
	}
	var err error
	if a.rendering, err = openRenderer(); err != nil {
		return err
	}
	tls, err := a.Config.SignerTLS.Config()
	if err != nil {
		return err
	}
	client, err := remote.Dial(remote.Config{Address: a.Config.Signer, TLS: tls})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, client)
	keys := &remoteKeys{Client: client}
	a.Keys, a.Signer = keys, client
	return keys.open(ctx)
}

// openSigner opens the signer in this process over the ledger's records, or
// has the signer process follow the ledger.
func (a *App) openSigner(ledger office.Ledger) error {
	if client, ok := a.Signer.(*remote.Client); ok {
		if !a.onNetwork() { // there it asks its own member's peer
			client.Feed(ledger)
		}
		return nil
	}
	keys, ok := a.Keys.(*Keys)
	if !ok {
		return errors.New("no keys to sign with")
	}
	// Orders without two governors' signatures are for demonstrations only: an
	// instance that was seeded as one stays one, for the operator's commands too.
	_, seeded := os.Stat(a.path("demo.json"))
	service, err := keys.service(signer.LedgerRecords{Ledger: ledger}, a.path("signer.db"), a.Config.DemoCity || seeded == nil, a.Config.Keepers...)
	if err != nil {
		return err
	}
	a.Signer = service
	a.closers = append(a.closers, service)
	return nil
}

// remoteKeys is the public side of a signer process's keys. What it said is
// kept for a while: keys change rarely.
type remoteKeys struct {
	*remote.Client
	mu    sync.Mutex
	said  *remote.Description
	at    time.Time
	roots *check.Roots
}

const describedFor = 10 * time.Second

// open waits for the signer process: both may be starting.
func (k *remoteKeys) open(ctx context.Context) error {
	var err error
	for range 20 {
		var d *remote.Description
		if d, err = k.describe(ctx); err == nil {
			k.roots, err = check.ParseRoots(d.Roots)
			return err
		}
		if registry.CodeOf(err) != registry.CodeUnavailable {
			return err
		}
	}
	return fmt.Errorf("the signer process does not answer: %w", err)
}

func (k *remoteKeys) describe(ctx context.Context) (*remote.Description, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.said != nil && time.Since(k.at) < describedFor {
		return k.said, nil
	}
	said, err := k.Describe(ctx)
	if err != nil {
		return k.said, err
	}
	k.said, k.at = said, time.Now()
	return said, nil
}

// RootsPEM implements public.Keys.
func (k *remoteKeys) RootsPEM() []byte { return k.roots.PEM() }

// Roots implements Keyring.
func (k *remoteKeys) Roots() *check.Roots { return k.roots }

// Published implements public.Keys.
func (k *remoteKeys) Published(ctx context.Context) ([]resource.PublishedKey, error) {
	d, err := k.describe(ctx)
	if err != nil {
		return nil, err
	}
	var keys []resource.PublishedKey
	for _, p := range d.Published {
		keys = append(keys, resource.PublishedKey{ID: p.ID, Use: p.Use, Public: p.Public, Certificate: p.Certificate, From: instant(p.From), Until: instant(p.Until)})
	}
	return keys, nil
}

func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// QRKeys implements Keyring: from the signed list, stolen keys left out.
func (k *remoteKeys) QRKeys() (check.QRKeys, error) {
	text, err := k.KeyList(context.Background())
	if err != nil {
		return nil, err
	}
	list, err := check.ParseKeyList(text, k.roots, time.Now(), 0)
	if err != nil && list == nil {
		return nil, err
	}
	return list.QRKeys()
}

// KeyList implements Keyring.
func (k *remoteKeys) KeyList(ctx context.Context) ([]byte, error) {
	d, err := k.describe(ctx)
	if err != nil {
		return nil, err
	}
	return d.KeyList, nil
}

// KeyList implements Keyring: the published list, made anew when a key is
// missing from it or it is about to pass its time.
func (k *Keys) KeyList(context.Context) ([]byte, error) {
	text, err := k.register.Published()
	if err != nil {
		return nil, err
	}
	if text != nil {
		list, err := check.ParseKeyList(text, k.roots, k.clock(), 0)
		if err == nil && list.Next-k.clock().Unix() > int64((30*24*time.Hour).Seconds()) && k.register.Complete(list) {
			return text, nil
		}
	}
	return k.publish()
}

func (k *Keys) publish() ([]byte, error) {
	anchor, err := k.authority.Anchor()
	if err != nil {
		return nil, err
	}
	return k.register.Publish(anchor, k.clock())
}

// Describe implements remote.Desk.
func (k *Keys) Describe(ctx context.Context) (*remote.Description, error) {
	list, err := k.KeyList(ctx)
	if err != nil {
		return nil, err
	}
	d := &remote.Description{Roots: k.RootsPEM(), KeyList: list}
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

// SignerConfig says what a signer process opens.
type SignerConfig struct {
	Data       string // folder of everything that the signer owns
	Address    string // unix:///path or https://host:port
	TLS        remote.TLSFiles
	Founder    sm.KeyID // of the ledger's first transaction; one of this signer's act keys when empty
	SealPort   string   // base URL of a seal system that keeps its own keys
	SealToken  string   // bearer
	SealRoots  string   // PEM file: trust anchors of its seals
	Ledger     string   // folder of its own member's Fabric profile; empty: the registry hands over an embedded ledger
	Keepers    []string // files with the public keys of those who may open the ledger
	OpenOrders bool     // demonstrations: orders need no governors
	Log        *slog.Logger
	Ready      func(address string)
}

// ledgerRecords are what a signer process reads, without the registry.
type ledgerRecords interface {
	signer.Records
	io.Closer
}

// peerRecords are a Fabric network's, as the signer's own member's peer has
// them.
type peerRecords struct {
	signer.LedgerRecords
	io.Closer
}

// records opens what the signer reads the ledger by: its own member's peer, or
// a replica that the registry feeds with commits (nil on a network).
func (k *Keys) records(config SignerConfig) (ledgerRecords, remote.Ledger, error) {
	if config.Ledger != "" {
		profiles, err := profilesIn(config.Ledger)
		if err != nil {
			return nil, nil, err
		}
		ledger, err := gateway.Open(gateway.Config{Profiles: profiles, OwnPeers: true, Log: config.Log})
		if err != nil {
			return nil, nil, err
		}
		return peerRecords{signer.LedgerRecords{Ledger: ledger}, ledger}, nil, nil
	}
	copied, err := replica.Open(filepath.Join(config.Data, "replica.db"), k.founder(config.Founder))
	if err != nil {
		return nil, nil, err
	}
	return copied, copied, nil
}

// ServeSigner runs a signer process until ctx ends: over its own member's peer,
// or over its own replica of the embedded ledger.
func ServeSigner(ctx context.Context, config SignerConfig) (err error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return err
	}
	keys, err := openKeys(filepath.Join(config.Data, KeyFolder), time.Now)
	if err != nil {
		return err
	}
	records, copied, err := keys.records(config)
	if err != nil {
		return err
	}
	defer closing(records, &err)
	if err := keys.usePort(config); err != nil {
		return err
	}
	service, err := keys.service(records, filepath.Join(config.Data, "signer.db"), config.OpenOrders, config.Keepers...)
	if err != nil {
		return err
	}
	defer closing(service, &err)
	tls, err := config.TLS.Config()
	if err != nil {
		return err
	}
	listener, err := remote.Listen(config.Address, tls)
	if err != nil {
		return err
	}
	var desk remote.Desk = keys
	if !config.OpenOrders {
		desk = closedDesk{keys}
	}
	handler := (&remote.Server{Sealer: service, Desk: desk, Ledger: copied, Log: config.Log}).Handler()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() {
		finish, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(finish)
	})
	defer stop()
	if config.Ready != nil {
		config.Ready(listener.Addr().String())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func closing(c io.Closer, err *error) { *err = errors.Join(*err, c.Close()) }

// founder accepts the configured key, or an act key that this store holds.
func (k *Keys) founder(want sm.KeyID) func(registry.ActKey) bool {
	return func(key registry.ActKey) bool {
		if sm.KeyIDOf(key.Public) != key.ID {
			return false
		}
		if want != "" {
			return key.ID == want
		}
		_, err := k.store.PublicKey(key.ID)
		return err == nil
	}
}

// closedDesk makes no keys and no seals for whoever reaches the process: its
// operators do that on its own machine (tongzheng keys, tongzheng seal).
type closedDesk struct{ *Keys }

func (closedDesk) ActKey(context.Context, string, string) (registry.ActKey, error) {
	return registry.ActKey{}, registry.Errorf(registry.CodeForbidden, "", "act keys are made at the signer")
}

func (closedDesk) MakeSeal(context.Context, remote.SealSpec) ([]byte, error) {
	return nil, registry.Errorf(registry.CodeForbidden, "", "seals come from the national system")
}
