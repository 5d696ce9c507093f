package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"tongzheng/registry"
)

// qscc is the peers' own chaincode that answers questions about blocks.
const qscc = "qscc"

// Lookup returns a committed transaction. CodeNotFound: no peer that answers
// has it as a valid one, and it can no longer come: it was never sent, was
// found invalid, or was sent longer ago than Settle (while orderers were
// without a quorum for longer, it may come after all: entries handed in twice
// are harmless). CodeUnavailable: ask again.
func (l *Ledger) Lookup(ctx context.Context, namespace, id string) (*registry.Commit, error) {
	if err := l.known(namespace); err != nil {
		return nil, err
	}
	// Before asking: what is not there afterwards was not under way before.
	settled, err := l.fates.settled(ctx, id, l.opened, l.config.Settle)
	if err != nil {
		return nil, err
	}
	c, err := l.search(ctx, namespace, id)
	if registry.CodeOf(err) == registry.CodeNotFound && !settled && !errors.Is(err, errInvalid) {
		return nil, unknown(id)
	}
	return c, err
}

// errInvalid marks a transaction that the peers have, and found invalid.
var errInvalid = errors.New("found invalid")

// search asks the peers, one after the other, whether they have it.
func (l *Ledger) search(ctx context.Context, namespace, id string) (*registry.Commit, error) {
	answered := false
	var last error
	for _, via := range l.as(namespace).order() {
		one, cancel := context.WithTimeout(ctx, evaluateWithin)
		block, err := blockOf(one, via, id)
		cancel()
		switch {
		case err == nil:
			return l.found(block, namespace, id)
		case strings.Contains(said(err), saidNoSuchTx):
			answered = true
		default:
			last = err
		}
	}
	if !answered {
		return nil, unknown(id).WithCause(last)
	}
	return nil, registry.Errorf(registry.CodeNotFound, "transaction", "not committed in %s", namespace)
}

// found picks the transaction out of its block.
func (l *Ledger) found(block *common.Block, namespace, id string) (*registry.Commit, error) {
	commits, err := l.commitsOf(block)
	if err != nil {
		return nil, err
	}
	for _, c := range commits {
		if c.Transaction == id && c.Batch.Namespace == namespace {
			return c, nil
		}
	}
	return nil, registry.Errorf(registry.CodeNotFound, "transaction", "in block %d, but not as a valid one of %s", block.GetHeader().GetNumber(), namespace).
		WithCause(errInvalid)
}

// blockOf asks one peer for the block that holds a transaction.
func blockOf(ctx context.Context, via *link, id string) (*common.Block, error) {
	raw, err := via.network.GetContract(qscc).EvaluateWithContext(ctx, "GetBlockByTxID",
		client.WithArguments(via.network.Name(), id), client.WithEndorsingOrganizations(via.MSP))
	if err != nil {
		return nil, err
	}
	block := new(common.Block)
	return block, unmarshal(raw, block)
}

// heightOf asks one peer how many blocks it has.
func heightOf(ctx context.Context, via *link) (uint64, error) {
	raw, err := via.network.GetContract(qscc).EvaluateWithContext(ctx, "GetChainInfo",
		client.WithArguments(via.network.Name()), client.WithEndorsingOrganizations(via.MSP))
	if err != nil {
		return 0, err
	}
	info := new(common.BlockchainInfo)
	err = unmarshal(raw, info)
	return info.GetHeight(), err
}
