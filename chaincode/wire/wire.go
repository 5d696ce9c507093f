// Package wire is what the contract service and the client of a Fabric network
// say to each other: function names, how arguments, answers and refusals are
// written. Everything here stands in a block or in an endorsement, so it is
// compact and has one spelling.
//
// It must not decide anything, and must not know Fabric.
package wire

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
	"sync"

	"tongzheng/registry"
)

// Functions of the contract, the same in every namespace.
const (
	Submit = "submit" // packed batch → outcome; writes
	DryRun = "dryrun" // packed batch, signatures left out → outcome
	Read   = "read"   // keys → values
	Ping   = "ping"   // → Pong; proves that the contract reads its state
	// Version answers with the newest rules version that the service applies.
	// Only for a look at one peer: while members upgrade, one by one, services
	// differ in it, and in nothing else.
	Version = "version"
)

// Pong answers Ping, the same in every version of the contract.
const Pong = "pong"

// MaxBatchBytes bounds the canonical bytes of a batch: one that unpacks to more
// is refused before it is decoded.
const MaxBatchBytes = 16 << 20

// PackBatch writes a batch as the argument of Submit and DryRun: its canonical
// bytes, deflated (RFC 1951). Entries of one batch repeat each other's codes,
// so that deflating more than halves what every member keeps for ever.
func PackBatch(batch *registry.Batch) ([]byte, error) {
	raw, err := registry.Encode(batch)
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxBatchBytes {
		return nil, registry.Errorf(registry.CodeEntryForm, "entries", "a batch of %d bytes, at most %d", len(raw), MaxBatchBytes)
	}
	var packed bytes.Buffer
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	w.Reset(&packed)
	if _, err := w.Write(raw); err != nil {
		return nil, registry.Errorf(registry.CodeInternal, "", "packing a batch").WithCause(err)
	}
	if err := w.Close(); err != nil {
		return nil, registry.Errorf(registry.CodeInternal, "", "packing a batch").WithCause(err)
	}
	return packed.Bytes(), nil
}

// packers are used again: making one costs more than packing one entry.
var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		panic(err) // of the level alone
	}
	return w
}}

// Holds tells whether packed is the batch, and nothing more.
func Holds(packed []byte, batch *registry.Batch) bool {
	want, err := registry.Encode(batch)
	if err != nil {
		return false
	}
	rest := bytes.NewReader(packed)
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(rest), int64(len(want))+1))
	return err == nil && bytes.Equal(raw, want) && rest.Len() == 0
}

// UnpackBatch reads what PackBatch wrote, and only canonical bytes inside.
func UnpackBatch(packed []byte) (*registry.Batch, error) {
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), MaxBatchBytes+1))
	if err != nil || len(raw) > MaxBatchBytes {
		return nil, registry.Errorf(registry.CodeEntryForm, "batch", "cannot be unpacked").WithCause(err)
	}
	batch := new(registry.Batch)
	if err := registry.Decode(raw, batch); err != nil {
		return nil, err
	}
	batch.Freeze()
	return batch, nil
}

// PackKeys writes the argument of Read.
func PackKeys(keys []string) ([]byte, error) { return registry.Encode(keys) }

// UnpackKeys reads it.
func UnpackKeys(raw []byte) (keys []string, err error) {
	err = registry.Decode(raw, &keys)
	return keys, err
}

// PackValues writes the answer of Read: nil for an absent key.
func PackValues(values [][]byte) ([]byte, error) { return registry.Encode(values) }

// UnpackValues reads it.
func UnpackValues(raw []byte) (values [][]byte, err error) {
	err = registry.Decode(raw, &values)
	return values, err
}

// TransactionKey is the key under which the contract's shell keeps the root of
// a committed transaction: 32 bytes, written when entries were newly accepted.
// With it an endorsed read ties a root to a transaction id.
func TransactionKey(id string) string { return "tx/" + id }

// refusal begins the message with which the contract refuses a whole proposal.
const refusal = "tongzheng|"

// PackError writes an error as a chaincode response's message.
func PackError(err error) string {
	var field, detail string
	if coded, ok := err.(*registry.Error); ok {
		field, detail = coded.Field, coded.Detail
	}
	return refusal + string(registry.CodeOf(err)) + "|" + field + "|" + detail
}

// UnpackError finds such an error in what a peer reported, nil when the peer
// reports something else: a fault of its own, not the contract's answer.
func UnpackError(message string) *registry.Error {
	_, rest, found := strings.Cut(message, refusal)
	if !found {
		return nil
	}
	code, rest, _ := strings.Cut(rest, "|")
	field, detail, _ := strings.Cut(rest, "|")
	return registry.Errorf(registry.Code(code), field, "%s", detail)
}
