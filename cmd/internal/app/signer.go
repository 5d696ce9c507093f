package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tongzheng/chaincode/embedded"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/page"
	"tongzheng/signer/remote"
	"tongzheng/signer/replica"
)

// SignerConfig says what a signer process opens.
type SignerConfig struct {
	Data        string // folder of everything that the signer owns
	Address     string // unix:///path or https://host:port
	Group       string // whose members may open the socket too; empty: its owner alone
	TLS         remote.TLSFiles
	Founder     sm.KeyID // of the ledger's first transaction; one of this signer's act keys when empty
	SealPort    string   // base URL of a seal system that keeps its own keys
	SealToken   string   // bearer
	SealRoots   string   // PEM file: trust anchors of its seals
	Ledger      string   // folder of its own member's Fabric profile; empty: the registry hands over an embedded ledger
	Keepers     []string // files with the public keys of those who may open the ledger
	TagsPerHour int      // of one organization; signer.DefaultTagsPerHour when 0
	OpenOrders  bool     // demonstrations: orders need no governors
	Log         *slog.Logger
	SignListen  string // host:port of the page where people sign; empty: none
	SignURL     string // its origin; http://localhost:port when empty
	// Draw draws documents for that page, in a process without keys; nil: they are
	// named by their digests.
	Draw  func(ctx context.Context, document []byte) (*registry.Drawing, error)
	Ready func(address string)
}

// LedgerRules reads the ledger's rules as the signer of a folder that no process
// has open would: from its own member's peer (config.Ledger), its replica, or the
// embedded ledger that stands beside it. CodeUnavailable where there are none.
func LedgerRules(ctx context.Context, keys *keyring.Keys, config SignerConfig) (rules *registry.Rules, err error) {
	records, err := restingRecords(keys, config)
	if err != nil {
		return nil, err
	}
	defer closing(records, &err)
	record, _, err := records.Record(ctx, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return nil, err
	}
	rules, ok := record.(*registry.Rules)
	if !ok {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the ledger as this signer has it has no rules yet: let it follow the ledger first")
	}
	return rules, nil
}

func restingRecords(keys *keyring.Keys, config SignerConfig) (ledgerRecords, error) {
	there := func(name string) bool {
		_, err := os.Stat(filepath.Join(config.Data, name))
		return err == nil
	}
	switch {
	case config.Ledger != "":
		ledger, err := openOwnPeer(config.Ledger, config.Log)
		if err != nil {
			return nil, err
		}
		return peerRecords{signer.LedgerRecords{Ledger: ledger}, ledger}, nil
	case there(ReplicaFile):
		return replica.Open(filepath.Join(config.Data, ReplicaFile), keys.Founder(config.Founder))
	case there(LedgerFile):
		ledger, err := embedded.Open(embedded.Config{Path: filepath.Join(config.Data, LedgerFile), ReadOnly: true})
		if err != nil {
			return nil, err
		}
		return peerRecords{signer.LedgerRecords{Ledger: ledger}, ledger}, nil
	}
	return nil, registry.Errorf(registry.CodeUnavailable, "ledger", "no ledger in this folder: name the signer's own member's profile with --ledger")
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
	keys, err := keyring.Open(config.Data, time.Now)
	if err != nil {
		return err
	}
	ledger, err := openSignerLedger(keys, config)
	if err != nil {
		return err
	}
	defer closing(ledger, &err)
	if err := keys.UsePort(config.SealPort, config.SealToken, config.SealRoots); err != nil {
		return err
	}
	service, err := keys.Service(ledger.records, keyring.ServiceConfig{Path: filepath.Join(config.Data, SignerFile), Copy: ledger.view, Ledger: ledger.name,
		OpenOrders: config.OpenOrders, Keepers: config.Keepers, TagsPerHour: config.TagsPerHour})
	if err != nil {
		return err
	}
	defer closing(service, &err)
	tls, err := config.TLS.Config()
	if err != nil {
		return err
	}
	listener, err := remote.Listen(config.Address, config.Group, tls)
	if err != nil {
		return err
	}
	pages, at, err := ListenForSigning(config.SignListen, config.SignURL)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	keys.SignAt = at
	var desk remote.Desk = keys
	if !config.OpenOrders {
		desk = closedDesk{keys}
	}
	following, stop := context.WithCancel(ctx)
	var followed sync.WaitGroup
	followed.Go(func() { ledger.follow(following, config.Log) })
	defer followed.Wait() // before the files are closed
	defer stop()
	served := &remote.Server{Sealer: service, Attester: service.Attester(), Desk: desk, Ledger: ledger.fed, Log: config.Log}
	if pages != nil {
		own := page.New(page.Config{Origin: at, Signer: signer.NewSigning(service), Log: config.Log, Demo: config.OpenOrders, Draw: config.Draw})
		served.Page = own
		signing := &http.Server{Handler: own.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, MaxHeaderBytes: 32 << 10}
		followed.Go(func() {
			if err := serveSigning(following, signing, pages); err != nil {
				config.Log.Error("signing page", "error", err)
			}
		})
	}
	handler := served.Handler()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	ending := context.AfterFunc(ctx, func() {
		finish, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(finish)
	})
	defer ending()
	if config.Ready != nil {
		config.Ready(listener.Addr().String())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func closing(c io.Closer, err *error) { *err = errors.Join(*err, c.Close()) }

// closedDesk makes no keys and no seals for whoever reaches the process: its
// operators do that on its own machine (tongzheng keys, tongzheng seal).
type closedDesk struct{ *keyring.Keys }

func (closedDesk) ActKey(context.Context, string, string) (registry.ActKey, error) {
	return registry.ActKey{}, registry.Errorf(registry.CodeForbidden, "", "act keys are made at the signer")
}

func (closedDesk) MakeTagKey(context.Context) (sm.Digest, error) {
	return sm.Digest{}, registry.Errorf(registry.CodeForbidden, "", "the tag key is made at the city's signer: tongzheng keys tag make")
}

func (closedDesk) MakeSeal(context.Context, remote.SealRequest) ([]byte, error) {
	return nil, registry.Errorf(registry.CodeForbidden, "", "seals come from the national system")
}
