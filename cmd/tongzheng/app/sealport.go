package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
)

// usePort has the signer use a seal system that keeps its own keys, and trust
// the anchors of its seals.
func (k *Keys) usePort(config SignerConfig) error {
	if config.SealPort == "" {
		return nil
	}
	if config.SealRoots != "" {
		text, err := os.ReadFile(config.SealRoots)
		if err != nil {
			return err
		}
		if k.roots, err = check.ParseRoots(append(k.roots.PEM(), text...)); err != nil {
			return err
		}
	}
	k.port = &signer.HTTPSealPort{Base: config.SealPort, Token: config.SealToken}
	return nil
}

// SealPortConfig is what the sealing port's reference server works with.
type SealPortConfig struct {
	Data, Listen, Token string
	Seal, Name, Owner   string // one development seal
	Log                 *slog.Logger
	Ready               func(address string)
}

// ServeSealPort runs the reference server until ctx ends. It writes its seal
// (seal.esl) and trust anchors (roots.pem) into its folder, to be imported.
func ServeSealPort(ctx context.Context, config SealPortConfig) (err error) {
	keys, err := openKeys(filepath.Join(config.Data, KeyFolder), time.Now)
	if err != nil {
		return err
	}
	der, err := keys.portSeal(ctx, config)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(config.Data, "roots.pem"), keys.RootsPEM(), 0o644); err != nil {
		return err
	}
	db, err := bbolt.Open(filepath.Join(config.Data, "answers.db"), 0o600, &bbolt.Options{Timeout: 2 * time.Second})
	if err != nil {
		return err
	}
	defer closing(db, &err)
	stamp, _ := keys.store.Current(signer.LabelTimeStamp)
	port := &signer.SealPortServer{Keys: keys.store, Roots: keys.roots, Clock: time.Now, Token: config.Token, Log: config.Log, DB: db,
		Stamper: &signer.TimeStampAuthority{Keys: keys.store, Key: stamp, Clock: time.Now}, Seals: map[string][]byte{config.Seal: der}}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: port.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
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

// portSeal finds or makes the development seal of the folder.
func (k *Keys) portSeal(ctx context.Context, config SealPortConfig) ([]byte, error) {
	path := filepath.Join(config.Data, "seal.esl")
	if der, err := os.ReadFile(path); err == nil {
		return der, nil
	}
	der, err := k.MakeSeal(ctx, remote.SealSpec{ID: config.Seal, Name: config.Name, Owner: config.Owner, OwnerName: config.Name, Kind: registry.ApprovalSeal, Diameter: 42})
	if err != nil {
		return nil, err
	}
	return der, os.WriteFile(path, der, 0o644)
}
