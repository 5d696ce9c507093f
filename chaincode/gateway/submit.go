package gateway

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/gateway/handover"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

const (
	// endorseTries and endorsePause (doubled each time) wait out a peer that is
	// a block behind: its answer differs from the others' for a moment. A whole
	// refusal is believed sooner.
	endorseTries = 6
	refusalTries = 3
	endorsePause = 60 * time.Millisecond
)

// endorsed is a transaction that the members it needs have signed.
type endorsed struct {
	id      string
	batch   registry.Batch
	outcome registry.Outcome
	raw     []byte // prepared transaction, to hand it over by any way
}

// Submit has the batch endorsed, ordered and committed, and returns when the
// member's peer has committed it. CodeLedgerConflict: it was not committed and
// will not be; make a new transaction. CodeUnavailable: unknown, ask Lookup.
// The contract's refusal of the whole batch has its own code: not committed.
// Batches that touch the same license, blank or record wait for each other.
func (l *Ledger) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	proposed, err := l.proposed(tx)
	if err != nil {
		return nil, err
	}
	release, err := l.fates.claim(ctx, tx.ID)
	if err != nil {
		return nil, err
	}
	defer release()
	leave, err := l.flight.enter(ctx, &tx.Batch)
	if err != nil {
		return nil, err
	}
	defer leave()
	e, err := l.endorse(ctx, tx, proposed)
	if err != nil {
		if strings.Contains(err.Error(), saidDuplicate) {
			return l.again(ctx, tx)
		}
		return nil, err
	}
	return l.commit(ctx, e)
}

// proposed reads the proposal that Prepare made and checks that it is this
// transaction's.
func (l *Ledger) proposed(tx registry.Transaction) (*gateway.ProposedTransaction, error) {
	if err := l.known(tx.Batch.Namespace); err != nil {
		return nil, err
	}
	proposed := new(gateway.ProposedTransaction)
	if err := proto.Unmarshal(tx.Payload, proposed); err != nil || proposed.GetTransactionId() != tx.ID || tx.ID == "" {
		return nil, registry.Errorf(registry.CodeEntryForm, "transaction", "not as it was prepared").WithCause(err)
	}
	call, err := callOf(proposed.GetProposal().GetProposalBytes())
	if err != nil {
		return nil, err
	}
	if call.chaincode != tx.Batch.Namespace || len(call.args) != 2 || !wire.Holds(call.args[1], &tx.Batch) {
		return nil, conflict("the id is another batch's")
	}
	return proposed, nil
}

// again answers a transaction that the ledger has already: with its commit, or
// with a conflict when it was not valid.
func (l *Ledger) again(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	c, err := l.search(ctx, tx.Batch.Namespace, tx.ID)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return nil, conflict("the id was used, in vain").WithCause(err)
	}
	return c, err
}

// endorse asks the members that the namespace needs, all at once. Where the
// policy leaves a choice, the next set is asked when one fails: a county that
// is down, or that will not sign, holds nothing up that does not need it.
func (l *Ledger) endorse(ctx context.Context, tx registry.Transaction, proposed *gateway.ProposedTransaction) (*endorsed, error) {
	policy, err := l.policy(tx.Batch.Namespace)
	if err != nil {
		return nil, err
	}
	var prepared *client.Transaction
	for try := range endorseTries {
		err = l.anySet(ctx, tx.Batch.Namespace, policy, func(set []string) (err error) {
			prepared, err = l.askFor(ctx, tx.Batch.Namespace, proposed, set)
			return err
		})
		if err == nil {
			return finish(tx, prepared)
		}
		if ctx.Err() != nil || !mayPass(err, try) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, notSent(err)
		case <-time.After(endorsePause << try):
		}
	}
	if refusal(err) == nil {
		l.reload() // a member may have left
	}
	return nil, notSent(err)
}

// anySet asks one set of members after the other until one is enough, beginning
// with the one that was enough last time: a member that is cut off costs its
// time-out once.
func (l *Ledger) anySet(ctx context.Context, namespace string, policy *evidence.Policy, ask func(set []string) error) error {
	sets := policy.Members()
	first := 0
	if kept, ok := l.worked.Load(namespace); ok {
		first = kept.(int)
	}
	var err error
	for k := range sets {
		i := (first + k) % len(sets)
		if err = ask(sets[i]); err == nil {
			l.worked.Store(namespace, i)
			return nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

// askFor gathers the endorsements of one set of members.
func (l *Ledger) askFor(ctx context.Context, namespace string, proposed *gateway.ProposedTransaction, set []string) (prepared *client.Transaction, err error) {
	asked := &gateway.ProposedTransaction{TransactionId: proposed.GetTransactionId(), Proposal: proposed.GetProposal(), EndorsingOrganizations: set}
	raw, err := proto.Marshal(asked)
	if err != nil {
		return nil, err
	}
	err = l.as(namespace).each(ctx, endorseWithin, func(ctx context.Context, via *link) error {
		proposal, err := via.gateway.NewProposal(raw)
		if err != nil {
			return err
		}
		prepared, err = proposal.EndorseWithContext(ctx)
		return err
	})
	return prepared, err
}

func finish(tx registry.Transaction, prepared *client.Transaction) (*endorsed, error) {
	e := &endorsed{id: tx.ID, batch: tx.Batch}
	if err := registry.Decode(prepared.Result(), &e.outcome); err != nil {
		return nil, registry.Errorf(registry.CodeLedgerDamaged, "", "the contract's answer").WithCause(err)
	}
	var err error
	e.raw, err = prepared.Bytes()
	return e, err
}

// mayPass tells whether asking once more may help: peers that differ, or one
// that has not seen the rules yet.
func mayPass(err error, try int) bool {
	text := said(err)
	if strings.Contains(text, saidDuplicate) {
		return false
	}
	if coded := refusal(err); coded != nil {
		return try+1 < refusalTries && (coded.Code == registry.CodeRules || coded.Code == registry.CodeUnavailable)
	}
	return strings.Contains(text, saidMismatch) || handover.Unreachable(err) || handover.Code(err) == codes.Aborted
}

// notSent codes a failure before the orderers heard of the transaction.
func notSent(err error) error {
	if coded := refusal(err); coded != nil {
		return coded
	}
	text := said(err)
	if strings.Contains(text, saidMismatch) {
		return conflict("the members' answers differ").WithCause(errors.New(text))
	}
	return registry.Errorf(registry.CodeUnavailable, "", "not endorsed, not submitted").WithCause(errors.New(text))
}

// commit hands the transaction to the orderers and waits for the peer's word.
func (l *Ledger) commit(ctx context.Context, e *endorsed) (*registry.Commit, error) {
	within, cancel := context.WithTimeout(ctx, l.config.Patience)
	defer cancel()
	status, err := handover.Sender{
		Ways:    l.as(e.batch.Namespace).ways,
		Sending: func() { l.fates.sentNow(e.id) },
		Unclear: func(via handover.Way, err error) { l.unclear(e.id, via, err) },
	}.Deliver(within, e.raw)
	if err != nil {
		return nil, unknown(e.id).WithCause(err)
	}
	return l.concluded(within, e, status)
}

// unclear logs an answer of the orderers. That some of them knew the
// transaction already, because another one passed it on, is everyday.
func (l *Ledger) unclear(id string, via handover.Way, err error) {
	level, text := slog.LevelWarn, said(err)
	if strings.Contains(text, saidProcessed) {
		level = slog.LevelDebug
	}
	first, _, _ := strings.Cut(text, "\n")
	l.config.Log.Log(context.Background(), level, "handed over, unclear: asking for the commit", "transaction", id, "via", via.Member, "error", first)
}

// concluded reads the validation code.
func (l *Ledger) concluded(ctx context.Context, e *endorsed, status *client.Status) (*registry.Commit, error) {
	switch status.Code {
	case peer.TxValidationCode_VALID:
	case peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_PHANTOM_READ_CONFLICT:
		return nil, conflict("what the batch was judged on changed meanwhile")
	case peer.TxValidationCode_DUPLICATE_TXID:
		return l.again(ctx, registry.Transaction{ID: e.id, Batch: e.batch})
	case peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE:
		l.reload() // the policy may have changed
		return nil, conflict("not endorsed by those whom the namespace needs now")
	default:
		return nil, conflict("the peers found the transaction invalid: %s", status.Code)
	}
	if e.batch.Namespace == registry.Governance {
		l.spread(ctx, e.id)
	}
	return &registry.Commit{Height: status.BlockNumber, Transaction: e.id, Batch: e.batch, Outcome: e.outcome}, nil
}

// spreadWithin bounds the wait for the other members' peers.
const spreadWithin = 2 * time.Second

// spread waits until every peer that answers has a governance transaction:
// every batch is judged by it, and peers that differ refuse each other's work.
// A peer that is away is not waited for.
func (l *Ledger) spread(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, spreadWithin)
	defer cancel()
	done := make(chan struct{})
	ways := l.as(registry.Governance).order()
	for _, via := range ways {
		go func() {
			defer func() { done <- struct{}{} }()
			if via.state.shunned() {
				return
			}
			if request, err := handover.StatusRequest(via.way(), id); err == nil {
				if commit, err := via.gateway.NewCommit(request); err == nil {
					_, _ = commit.StatusWithContext(ctx) // best effort
				}
			}
		}()
	}
	for range ways {
		<-done
	}
}
