// Package handover brings an endorsed transaction of a Fabric network to a known
// end: for the registry's own client, and for the small ones of probes and
// tests.
//
// An error of the orderers does not say that they did not take a transaction.
// Most often one of them had it already, because another had passed it on, and
// too few say yes a second time. So after every answer a peer is asked for the
// commit status by the transaction's id. While no peer has it, the same signed
// transaction is handed over again: orderers and peers know it by its id, and
// count it once. Making a new transaction instead could do the same thing twice;
// that is for callers to decide, after this one is known to be invalid.
//
// The package must not endorse, and must not call an unknown outcome a failure.
package handover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	// orderWithin bounds one handing over.
	orderWithin = 10 * time.Second
	// statusFirst is how long the commit of an unclear hand-over is waited for
	// before the same transaction is handed over again.
	statusFirst = 3 * time.Second
	// statusClear is the same after a clear one: orderers keep what they took in
	// memory, for some minutes at most, and a peer may be behind.
	statusClear = 20 * time.Second
	// againAfter is the pause before the next way is tried.
	againAfter = 200 * time.Millisecond
)

// Way leads to one peer's gateway service.
type Way struct {
	// Member is whose peer it is, for logs.
	Member  string
	Gateway *client.Gateway
	Channel string
	// Connected tells whether there is a connection to the peer now.
	Connected func() bool
	// Silent is told that the peer did not answer; may be nil.
	Silent func()
}

// Sender hands transactions over.
type Sender struct {
	// Ways lists the peers to try, the best first. It is asked before every round.
	Ways func() []Way
	// Sending is told before every handing over; may be nil.
	Sending func()
	// Unclear is told of every answer that leaves the outcome open; may be nil.
	Unclear func(via Way, err error)
}

// Unknown is the error of a transaction of which nobody could tell in time what
// became of it. It may be on the ledger, or come there later.
type Unknown struct {
	ID string
	// Cause is the last answer; nil when there was none.
	Cause error
}

func (u *Unknown) Error() string {
	return fmt.Sprintf("what became of transaction %s is unknown: %v", u.ID, u.Cause)
}

func (u *Unknown) Unwrap() error { return u.Cause }

// Deliver hands a prepared transaction (client.Transaction.Bytes) to the
// orderers and waits for a peer's word on it, until ctx ends. The error is an
// *Unknown, unless the bytes are no transaction. An invalid transaction is no
// error: the status has its code.
func (s Sender) Deliver(ctx context.Context, prepared []byte) (*client.Status, error) {
	var whole gateway.PreparedTransaction
	if err := proto.Unmarshal(prepared, &whole); err != nil {
		return nil, fmt.Errorf("reading a prepared transaction: %w", err)
	}
	var last error
	for ctx.Err() == nil {
		for _, via := range s.Ways() {
			found, err := s.try(ctx, via, prepared)
			if err == nil {
				return found, nil
			}
			last = err
			select {
			case <-ctx.Done():
			case <-time.After(againAfter):
				continue
			}
			break
		}
	}
	if last == nil {
		last = ctx.Err()
	}
	return nil, &Unknown{whole.GetTransactionId(), last}
}

// try hands over once and asks what came of it.
func (s Sender) try(ctx context.Context, via Way, prepared []byte) (*client.Status, error) {
	if s.Sending != nil {
		s.Sending()
	}
	request, clear, err := Once(ctx, via, prepared)
	if err != nil {
		if s.Unclear != nil {
			s.Unclear(via, err)
		}
		gone := !via.Connected()
		if gone || Code(err) == codes.DeadlineExceeded {
			via.silent()
		}
		if gone {
			return nil, err // the next way at once
		}
	}
	within := statusFirst
	if clear {
		within = statusClear
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	found, err := s.status(ctx, via, request)
	if err == nil && found.Code == peer.TxValidationCode_DUPLICATE_TXID {
		// The second copy came into a block just now; the ledger knows the first.
		return s.status(ctx, via, request)
	}
	return found, err
}

// status waits until a peer has the transaction in a block: the one that it was
// handed over through, so that each round asks another. A peer that ends
// meanwhile is replaced by the next.
func (s Sender) status(ctx context.Context, first Way, request []byte) (found *client.Status, err error) {
	for _, via := range append([]Way{first}, s.Ways()...) {
		commit, fault := via.Gateway.NewCommit(request)
		if fault != nil {
			return nil, fault
		}
		found, err = commit.StatusWithContext(ctx)
		if ctx.Err() != nil || !Unreachable(err) {
			break
		}
		if !via.Connected() {
			via.silent()
		}
	}
	return found, err
}

func (w Way) silent() {
	if w.Silent != nil {
		w.Silent()
	}
}

// Once hands a prepared transaction over through one peer. clear tells that a
// quorum of the orderers took it; any error leaves the outcome open. status is
// what to ask for its commit by, as client.Commit.Bytes gives it.
func Once(ctx context.Context, via Way, prepared []byte) (status []byte, clear bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, orderWithin)
	defer cancel()
	transaction, err := via.Gateway.NewTransaction(prepared)
	if err != nil {
		return nil, false, err
	}
	commit, err := transaction.SubmitWithContext(ctx)
	if err == nil {
		status, err = commit.Bytes()
		return status, true, err
	}
	// What is asked for its status is the same as after a clear answer.
	status, fault := StatusRequest(via, transaction.TransactionID())
	return status, false, errors.Join(err, fault)
}

// StatusRequest is what client.Commit.Bytes gives, also when there is no commit.
func StatusRequest(via Way, id string) ([]byte, error) {
	creator, err := CreatorOf(via.Gateway.Identity())
	if err != nil {
		return nil, err
	}
	request, err := proto.Marshal(&gateway.CommitStatusRequest{ChannelId: via.Channel, TransactionId: id, Identity: creator})
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&gateway.SignedCommitStatusRequest{Request: request})
}

// CreatorOf is an identity as it stands in requests.
func CreatorOf(id identity.Identity) ([]byte, error) {
	return proto.Marshal(&msp.SerializedIdentity{Mspid: id.MspID(), IdBytes: id.Credentials()})
}

// Unreachable tells that a peer's gateway itself did not answer, or could not
// reach whom it needs: another peer may.
func Unreachable(err error) bool {
	if err == nil {
		return false
	}
	switch Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.FailedPrecondition, codes.Canceled:
		return true
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// Code is the gRPC code of an answer, codes.Unknown for other errors.
func Code(err error) codes.Code {
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		return carrier.GRPCStatus().Code()
	}
	return codes.Unknown
}
