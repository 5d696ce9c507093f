package probe

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"tongzheng/chaincode/gateway/handover"
)

// NotEndorsed is the error of a transaction that was never handed over.
type NotEndorsed struct{ Cause error }

func (n *NotEndorsed) Error() string { return fmt.Sprintf("not endorsed, not submitted: %v", n.Cause) }

func (n *NotEndorsed) Unwrap() error { return n.Cause }

// Invalid is the error of a transaction that is on the ledger without effect.
type Invalid struct{ Status *client.Status }

func (i *Invalid) Error() string {
	return fmt.Sprintf("transaction %s is invalid: %s", i.Status.TransactionID, i.Status.Code)
}

// Submit brings a call onto the ledger, once, and returns the contract's answer.
// It is endorsed again while peers refuse, until ctx ends; what was handed over
// is asked for by its id, and made anew only when it is known to have met
// another transaction's write. Errors: *NotEndorsed and *Invalid for what had no
// effect, *handover.Unknown for what may have had one.
func (c *Client) Submit(ctx context.Context, namespace string, call ...string) (string, error) {
	answer, _, err := c.submit(ctx, namespace, call, nil)
	return answer, err
}

// SubmitBy is Submit with the endorsement of exactly these organizations (MSP
// names), whatever the policy asks for: for tests of attacks. An ordinary client
// lets the gateway choose.
func (c *Client) SubmitBy(ctx context.Context, endorsers []string, namespace string, call ...string) error {
	_, _, err := c.submit(ctx, namespace, call, endorsers)
	return err
}

// submit also counts the tries that came to nothing.
func (c *Client) submit(ctx context.Context, namespace string, call, endorsers []string) (answer string, retries int, err error) {
	for ; ; retries++ {
		var transaction *client.Transaction
		err := c.until(ctx, func(one context.Context) (err error) {
			if transaction, err = c.endorse(one, namespace, call, endorsers); err != nil {
				retries++
			}
			return err
		})
		if err != nil {
			return "", retries, &NotEndorsed{err}
		}
		raw, err := transaction.Bytes()
		if err != nil {
			return "", retries, &NotEndorsed{err}
		}
		status, err := handover.Sender{
			Ways:    func() []handover.Way { return []handover.Way{c.way} },
			Unclear: func(handover.Way, error) { retries++ },
		}.Deliver(ctx, raw)
		switch {
		case err != nil:
			return "", retries, explained(err)
		case status.Successful:
			return string(transaction.Result()), retries, nil
		case status.Code != peer.TxValidationCode_MVCC_READ_CONFLICT && status.Code != peer.TxValidationCode_PHANTOM_READ_CONFLICT,
			ctx.Err() != nil:
			return "", retries, &Invalid{status}
		}
	}
}

// Outcome is what came of a stream.
type Outcome struct {
	Committed int
	// Retried counts answers that were not the last word.
	Retried int
	Longest time.Duration
	// Errors are of those that were not committed, or not for all that is known.
	Errors []error
}

// Stream submits put(prefix-i, i) for each i below count, atOnce at a time. It
// returns when every one has come to its end, or ctx ended.
func (c *Client) Stream(ctx context.Context, namespace, prefix string, count, atOnce int) Outcome {
	var (
		mu    sync.Mutex
		out   Outcome
		wait  sync.WaitGroup
		queue = make(chan int)
	)
	for range atOnce {
		wait.Go(func() {
			for i := range queue {
				began := time.Now()
				_, retries, err := c.submit(ctx, namespace, []string{"put", prefix + "-" + strconv.Itoa(i), strconv.Itoa(i)}, nil)
				mu.Lock()
				out.Retried += retries
				out.Longest = max(out.Longest, time.Since(began))
				if err == nil {
					out.Committed++
				} else {
					out.Errors = append(out.Errors, err)
				}
				mu.Unlock()
			}
		})
	}
	for i := range count {
		queue <- i
	}
	close(queue)
	wait.Wait()
	sort.Slice(out.Errors, func(a, b int) bool { return out.Errors[a].Error() < out.Errors[b].Error() })
	return out
}
