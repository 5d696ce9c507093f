package operator

import (
	"context"
	"path/filepath"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/signer"
)

// ReadUseLog walks the use log of a signer that does not run.
func ReadUseLog(data string, fn func(signer.LogLine) error) (signer.LogHead, error) {
	keys, err := keyring.Open(data, time.Now)
	if err != nil {
		return signer.LogHead{}, err
	}
	service, err := keys.Service(nothing{}, keyring.ServiceConfig{Path: filepath.Join(data, app.SignerFile)})
	if err != nil {
		return signer.LogHead{}, err
	}
	defer service.Close()
	return service.ReadLog(fn)
}

// nothing is a ledger for reading the log, which needs none.
type nothing struct{}

func (nothing) Record(context.Context, registry.RecordKind, string) (registry.GovernanceRecord, *registry.Stored, error) {
	return nil, nil, registry.Errorf(registry.CodeUnavailable, "", "no ledger here")
}

func (nothing) License(context.Context, string, string) (*registry.License, error) {
	return nil, registry.Errorf(registry.CodeUnavailable, "", "no ledger here")
}
