package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/gateway"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/statusview"
	"tongzheng/signer"
	"tongzheng/signer/remote"
	"tongzheng/signer/replica"
)

// Files of a signer process's own copy of the ledger.
const (
	ReplicaFile    = "replica.db"    // an embedded ledger's state, executed again
	SignerViewFile = "signerview.db" // what it says of licenses and status lists
)

// ledgerRecords are what a signer process reads, without the registry.
type ledgerRecords interface {
	signer.Records
	io.Closer
}

// peerRecords are read from a ledger: a Fabric network's, as the signer's own
// member's peer has them, or an embedded one at rest.
type peerRecords struct {
	signer.LedgerRecords
	io.Closer
}

// signerLedger is the ledger of a signer process: what it judges by, its own copy of
// it, and how the copy goes on.
type signerLedger struct {
	records ledgerRecords
	view    *statusview.View
	name    string
	fed     remote.LedgerCopy // takes the registry's commits; nil on a network
	network bool
}

// openSignerLedger opens it: over the blocks of its own member's peer, or over the
// commits that the registry hands over and a replica executes again.
func openSignerLedger(keys *keyring.Keys, config SignerConfig) (l *signerLedger, err error) {
	l = &signerLedger{network: config.Ledger != "", name: embedded.Name}
	view := statusview.Config{Path: filepath.Join(config.Data, SignerViewFile), Lists: true, Log: config.Log}
	if !l.network {
		copied, err := replica.Open(filepath.Join(config.Data, ReplicaFile), keys.Founder(config.Founder))
		if err != nil {
			return nil, err
		}
		view.Name = l.name
		if l.view, err = statusview.OpenFed(view); err != nil {
			return nil, errors.Join(err, copied.Close())
		}
		l.records, l.fed = copied, &fedCopy{copied, l.view, l.name}
		return l, nil
	}
	ledger, err := openOwnPeer(config.Ledger, config.Log)
	if err != nil {
		return nil, err
	}
	view.Ledger, l.name = ledger, ledger.Name()
	if l.view, err = statusview.Open(view); err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	l.records = peerRecords{signer.LedgerRecords{Ledger: ledger}, ledger}
	return l, nil
}

func openOwnPeer(folder string, log *slog.Logger) (*gateway.Ledger, error) {
	profiles, err := profilesIn(folder)
	if err != nil {
		return nil, err
	}
	return gateway.Open(gateway.Config{Profiles: profiles, OwnPeers: true, Log: log})
}

// follow keeps the copy with its own member's peer until ctx ends; a copy that is fed
// has nothing to do.
func (l *signerLedger) follow(ctx context.Context, log *slog.Logger) {
	for l.network && ctx.Err() == nil {
		if err := l.view.Run(ctx); err != nil && ctx.Err() == nil {
			log.Error("the signer's copy of the ledger", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// Close releases the files.
func (l *signerLedger) Close() error { return errors.Join(l.view.Close(), l.records.Close()) }

// fedCopy executes what it is handed, and then takes it into the view. What the view
// lacks is asked for again: the replica knows it.
type fedCopy struct {
	*replica.Replica
	view *statusview.View
	name string
}

// Height implements remote.LedgerCopy.
func (c *fedCopy) Height() (uint64, error) {
	height, err := c.Replica.Height()
	return min(height, c.view.Height()), err
}

// Append implements remote.LedgerCopy.
func (c *fedCopy) Append(commit *registry.Commit) error {
	if err := c.Replica.Append(commit); err != nil {
		return err
	}
	return c.view.Take(commit)
}

// Vouches implements remote.LedgerCopy.
func (c *fedCopy) Vouches(point *registry.Checkpoint) error {
	if point.Ledger != c.name {
		return registry.Errorf(registry.CodeLedgerDamaged, "ledger", "a checkpoint of %q: this is %s", point.Ledger, c.name)
	}
	return c.Replica.Vouches(point)
}
