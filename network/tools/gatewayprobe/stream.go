package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
)

// outcome is what a stream prints as JSON.
type outcome struct {
	Committed int `json:"committed"`
	// Failed were certainly not committed; Unknown could not be found out.
	Failed  int      `json:"failed"`
	Unknown int      `json:"unknown"`
	Retried int      `json:"retried"`
	P50ms   int64    `json:"p50_ms"`
	MaxMs   int64    `json:"max_ms"`
	Errors  []string `json:"errors,omitempty"`
}

// stream submits put(prefix-i, i) for each i until it is committed, the way a
// careful client does: endorsement failures are tried again, and after a failed
// submit the transaction's own status decides.
func stream(ctx context.Context, contract *client.Contract, prefix string, o options) error {
	var (
		mu    sync.Mutex
		took  []time.Duration
		out   outcome
		wait  sync.WaitGroup
		queue = make(chan int)
	)
	for range o.atOnce {
		wait.Go(func() {
			for i := range queue {
				began := time.Now()
				retries, err := putUntilCommitted(ctx, contract, prefix+"-"+strconv.Itoa(i), strconv.Itoa(i))
				mu.Lock()
				out.Retried += retries
				switch {
				case err == nil:
					out.Committed++
					took = append(took, time.Since(began))
				case errors.Is(err, errUnknown):
					out.Unknown++
					out.Errors = append(out.Errors, explain(err))
				default:
					out.Failed++
					out.Errors = append(out.Errors, explain(err))
				}
				mu.Unlock()
			}
		})
	}
	for i := range o.count {
		queue <- i
	}
	close(queue)
	wait.Wait()
	sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
	if len(took) > 0 {
		out.P50ms, out.MaxMs = took[len(took)/2].Milliseconds(), took[len(took)-1].Milliseconds()
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

var errUnknown = errors.New("outcome unknown")

func putUntilCommitted(ctx context.Context, contract *client.Contract, key, value string) (retries int, err error) {
	for {
		committed, err := put(ctx, contract, key, value)
		if committed {
			return retries, nil
		}
		if ctx.Err() != nil {
			return retries, fmt.Errorf("key %s: %w", key, err)
		}
		retries++
		time.Sleep(200 * time.Millisecond)
	}
}

// put tries once. After a submit error only the commit status tells.
func put(ctx context.Context, contract *client.Contract, key, value string) (bool, error) {
	one, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	proposal, err := contract.NewProposal("put", client.WithArguments(key, value))
	if err != nil {
		return false, err
	}
	tx, err := proposal.EndorseWithContext(one)
	if err != nil {
		return false, err
	}
	commit, submitErr := tx.SubmitWithContext(one)
	if commit == nil {
		// An error here does not mean "not ordered". Putting the same value again
		// is harmless; a client with other transactions asks for the id first.
		return false, errors.Join(errUnknown, submitErr)
	}
	status, err := commit.StatusWithContext(one)
	if err != nil {
		return false, errors.Join(errUnknown, err)
	}
	return status.Successful, nil
}
