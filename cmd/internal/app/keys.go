package app

import (
	"context"
	"errors"
	"net/http"
	"os"
	"runtime"
	"time"

	"tongzheng/api/public"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/draw"
	"tongzheng/signer/page"
	"tongzheng/signer/remote"
	"tongzheng/signer/render"
)

// SignerFile is the sealing service's memory and use log in the data folder.
const SignerFile = "signer.db"

// Keyring is the public side of the signer's keys and, for demonstrations, the
// making of act keys and seals.
type Keyring interface {
	public.Keys
	remote.Desk
	Roots() *check.Roots
	QRKeys() (check.QRKeys, error)
	KeyList(ctx context.Context) ([]byte, error)   // signed, as published
	TagKey(ctx context.Context) (sm.Digest, error) // SM3 of the deployment's tag key as the signer has it; zero: it has none
}

var (
	_ Keyring         = (*keyring.Keys)(nil)
	_ Keyring         = (*keyring.Remote)(nil)
	_ remote.Sealer   = (*signer.Service)(nil)
	_ remote.Attester = (*signer.Attester)(nil)
)

// openKeys opens the keys of this process, or asks the signer process for the
// public side of its own.
func (a *App) openKeys(ctx context.Context) error {
	if a.Config.Signer == "" {
		keys, err := keyring.Open(a.Config.Data, a.Config.Clock)
		if err != nil {
			return err
		}
		a.Keys, a.rendering = keys, keys.Renderer
		a.signListener, keys.SignAt, err = ListenForSigning(a.Config.SignListen, a.Config.SignURL)
		return err
	}
	var err error
	if a.rendering, err = keyring.OpenRenderer(); err != nil {
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
	a.Signer, a.Attester, a.Page = client, client, client
	keys, err := keyring.OpenRemote(ctx, client)
	if err != nil {
		return err
	}
	a.Keys = keys
	return nil
}

// openSigner opens the signer in this process over the registry's own ledger and view
// — for demonstrations: it guards against nothing then —, or has the signer process
// follow the ledger.
func (a *App) openSigner(ledger office.Ledger) error {
	if client, ok := a.Signer.(*remote.Client); ok {
		if !a.onNetwork() { // there it asks its own member's peer
			client.Feed(ledger)
		}
		return nil
	}
	keys, ok := a.Keys.(*keyring.Keys)
	if !ok {
		return errors.New("no keys to sign with")
	}
	// Orders without two governors' signatures are for demonstrations only: an
	// instance that was seeded as one stays one, for the operator's commands too.
	_, seeded := os.Stat(a.path(DemoFile))
	service, err := keys.Service(signer.LedgerRecords{Ledger: ledger}, keyring.ServiceConfig{Path: a.path(SignerFile), Copy: a.View, Ledger: ledger.Name(),
		OpenOrders: a.Config.DemoCity || seeded == nil, Keepers: a.Config.Keepers, TagsPerHour: a.Config.TagsPerHour})
	if err != nil {
		return err
	}
	a.Signer, a.Attester = service, service.Attester()
	if keys.SignAt == "" {
		return nil
	}
	own := page.New(page.Config{Origin: keys.SignAt, Signer: signer.NewSigning(service), Log: a.Config.Log, Demo: a.Config.DemoCity || seeded == nil, Clock: a.Config.Clock,
		Draw: draw.NewDrawer(draw.Limits{Package: uploadLimits, Pages: 12}, runtime.GOMAXPROCS(0)).Draw})
	a.Page = own
	a.signing = &http.Server{Handler: own.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, MaxHeaderBytes: 32 << 10}
	a.closers = append(a.closers, service)
	return nil
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
