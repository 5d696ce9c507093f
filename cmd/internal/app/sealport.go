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

	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/signer"
	"tongzheng/signer/remote"
)

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
	keys, err := keyring.Open(config.Data, time.Now)
	if err != nil {
		return err
	}
	der, err := portSeal(ctx, keys, config)
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
	stamp, _ := keys.Store.Current(signer.LabelTimeStamp)
	port := &signer.SealPortServer{Keys: keys.Store, Roots: keys.Roots(), Clock: time.Now, Token: config.Token, Log: config.Log, DB: db,
		Stamper: &signer.TimeStampAuthority{Keys: keys.Store, Key: stamp, Clock: time.Now}, Seals: map[string][]byte{config.Seal: der}}
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
func portSeal(ctx context.Context, keys *keyring.Keys, config SealPortConfig) ([]byte, error) {
	path := filepath.Join(config.Data, "seal.esl")
	if der, err := os.ReadFile(path); err == nil {
		return der, nil
	}
	der, err := keys.MakeSeal(ctx, remote.SealRequest{ID: config.Seal, Name: config.Name, Owner: config.Owner, OwnerName: config.Name, Kind: registry.ApprovalSeal, Diameter: 42})
	if err != nil {
		return nil, err
	}
	return der, os.WriteFile(path, der, 0o644)
}
