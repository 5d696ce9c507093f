package signer

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// SealPortServer is the reference of the sealing port's other side: it signs
// with seals of a development store, once for each request. A real one belongs
// to the seal authority.
type SealPortServer struct {
	Keys    KeyStore
	Roots   *check.Roots
	Stamper MessageStamper // nil: no time stamps
	Clock   func() time.Time
	Token   string // bearer; empty: any caller
	Log     *slog.Logger
	Seals   map[string][]byte // SESeal by esID
	DB      *bbolt.DB         // what was answered, by request
}

var bucketAnswers = []byte("answers")

type keptAnswer struct {
	Ask       []byte `cbor:"1,keyasint"` // digest of seal, data hash and path
	Signature []byte `cbor:"2,keyasint"`
}

// Handler serves POST /v1/seals/{seal}/signatures.
func (p *SealPortServer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/seals/{seal}/signatures", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		signature, err := p.sign(r)
		status, answer := http.StatusOK, sealPortAnswer{Signature: signature}
		if err != nil {
			p.Log.Warn("seal port", "error", err)
			status = http.StatusUnprocessableEntity
			answer = sealPortAnswer{Code: string(registry.CodeOf(err))}
			switch code := registry.CodeOf(err); {
			case code == registry.CodeUnauthenticated:
				status = http.StatusUnauthorized
			case code.Kind() == registry.KindInternal:
				status = http.StatusInternalServerError
			}
			var coded *registry.Error
			if errors.As(err, &coded) {
				answer.Detail = coded.Detail
			}
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	})
	return mux
}

func (p *SealPortServer) sign(r *http.Request) ([]byte, error) {
	if p.Token != "" && r.Header.Get("Authorization") != "Bearer "+p.Token {
		return nil, registry.Errorf(registry.CodeUnauthenticated, "", "who asks is not known")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	var ask SealRequest
	if err := json.Unmarshal(raw, &ask); err != nil || ask.Seal != r.PathValue("seal") || ask.Request.IsZero() || ask.DataHash.IsZero() || ask.Path == "" {
		return nil, registry.Errorf(registry.CodeMalformed, "body", "request, seal, data_hash and path are required").WithCause(err)
	}
	der, ok := p.Seals[ask.Seal]
	if !ok {
		return nil, registry.Errorf(registry.CodeSealUnknown, "seal", "no seal %s here", ask.Seal)
	}
	return p.once(ask, der)
}

// once signs a request once: the answer is durable before it is given.
func (p *SealPortServer) once(ask SealRequest, der []byte) ([]byte, error) {
	same := sm.Tagged("tongzheng seal port v1", []byte(ask.Seal+"\x00"+ask.Path+"\x00"+string(ask.DataHash[:])))
	var signature []byte
	err := p.DB.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(bucketAnswers)
		if err != nil {
			return err
		}
		var kept keptAnswer
		if raw := bucket.Get(ask.Request[:]); raw != nil {
			if err := registry.Decode(raw, &kept); err != nil {
				return err
			}
			if string(kept.Ask) != string(same[:]) {
				return registry.Errorf(registry.CodeIdempotencyMismatch, "request", "this request came before with other content")
			}
			signature = kept.Signature
			return nil
		}
		if signature, err = p.make(ask, der); err != nil {
			return err
		}
		raw, err := registry.Encode(&keptAnswer{same[:], signature})
		if err != nil {
			return err
		}
		return bucket.Put(ask.Request[:], raw)
	})
	return signature, err
}

func (p *SealPortServer) make(ask SealRequest, der []byte) ([]byte, error) {
	now := p.Clock().UTC().Truncate(time.Second)
	_, key, err := ImportSeal(p.Keys, der, p.Roots, now, check.Options{})
	if err != nil {
		return nil, err
	}
	cert, err := certificateOf(p.Keys, key)
	if err != nil {
		return nil, err
	}
	return signValue(p.Keys, cert, OFDJob{Seal: der, Signer: key, Time: now, Stamper: p.Stamper}, ask.DataHash, ask.Path)
}
