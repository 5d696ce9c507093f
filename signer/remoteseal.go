package signer

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// SealRequest asks a seal system for one SES_Signature. Request names it: the
// same request again means the same use of the seal.
type SealRequest struct {
	Request  sm.Digest `json:"request"`   // digest of the intent
	Seal     string    `json:"seal"`      // esID
	DataHash sm.Digest `json:"data_hash"` // SM3 of Signature.xml
	Path     string    `json:"path"`      // of Signature.xml in the package (propertyInfo)
	Time     time.Time `json:"time"`      // when it was first asked for
}

// SealPort is a seal system that keeps its keys to itself, as the national one
// does (docs/sealing-port.md). Sign returns the SES_Signature in DER. An error
// that is not coded, or coded CodeUnavailable or CodeTimeout, means that the
// seal may have been used: the same request is asked again later.
type SealPort interface {
	Sign(ctx context.Context, ask SealRequest) ([]byte, error)
}

// usableSeal is ImportSeal, and for a seal whose key is nowhere here but at the
// port: its maker, chain and period, with an empty key.
func (s *Service) usableSeal(der []byte, at time.Time) (*check.Seal, sm.KeyID, error) {
	seal, key, err := ImportSeal(s.cfg.Keys, der, s.cfg.Roots, at, s.cfg.Options)
	if err == nil || s.cfg.Port == nil || key != "" {
		return seal, key, err
	}
	parsed, parseErr := check.ParseSeal(der)
	if parseErr != nil || check.SealProblem(parsed, s.cfg.Roots, at, s.cfg.Options) != nil {
		return nil, "", err
	}
	return parsed, "", nil
}

// sealAtPort seals with a key that is elsewhere. The time of the first asking
// is kept before anything is asked, so that a repeat after an unknown outcome
// is the same request, byte for byte.
func (s *Service) sealAtPort(ctx context.Context, entry *registry.Entry, seal *check.Seal, sealDER []byte, unsealed *unsealedPackage, doc sealedDocument) (sealedDocument, []LogLine, error) {
	request := entry.Intent.Digest()
	asked, err := s.askedAt(request)
	if err != nil {
		return doc, nil, err
	}
	var signed time.Time
	job := OFDJob{
		Seal: sealDER, Time: asked, Provider: s.cfg.Provider, Roots: s.cfg.Roots, Options: s.cfg.Options,
		Boundary: s.cfg.Boundary(float64(seal.Picture.Width), float64(seal.Picture.Height)),
		Value: func(digest sm.Digest, path string) ([]byte, error) {
			value, err := s.cfg.Port.Sign(ctx, SealRequest{Request: request, Seal: seal.ID, DataHash: digest, Path: path, Time: asked})
			if err != nil {
				return nil, portError(err)
			}
			signature, err := check.ParseSealSignature(value)
			if err != nil || !bytes.Equal(signature.DataHash, digest[:]) || signature.PropertyInfo != path {
				return nil, registry.Errorf(registry.CodeSealState, "seal", "the seal system signed something else").WithCause(err)
			}
			signed = signature.Time
			return value, nil
		},
	}
	if doc.sealedOFD, err = sealOFD(s.cfg.Keys, unsealed, nil, job); err == nil {
		// Now: a seal system may sign later than it was asked.
		err = readBack(doc.bytes, doc.digest, job, s.now())
	}
	if err != nil {
		return doc, nil, err
	}
	entry.Sealed, entry.Seal = signed.Unix(), doc.digest
	return doc, []LogLine{{Use: UseSealPort, Subject: request}}, entry.Check()
}

// askedAt returns when the request was first made, and keeps now as that time
// for a new one.
func (s *Service) askedAt(request sm.Digest) (time.Time, error) {
	asked := s.now()
	err := s.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(bucketAsked)
		if raw := bucket.Get(request[:]); len(raw) == 8 {
			asked = time.Unix(int64(binary.BigEndian.Uint64(raw)), 0).UTC()
			return nil
		}
		return bucket.Put(request[:], binary.BigEndian.AppendUint64(nil, uint64(asked.Unix())))
	})
	if err != nil {
		return asked, fmt.Errorf("keeping what is asked of the seal system: %w", err)
	}
	return asked, nil
}

func portError(err error) error {
	var coded *registry.Error
	if errors.As(err, &coded) && coded.Code != registry.CodeTimeout {
		return err
	}
	return registry.Errorf(registry.CodeUnavailable, "", "the seal system did not answer: whether the seal was used is unknown, the same request is made again").WithCause(err)
}

// HTTPSealPort is the client of the documented protocol.
type HTTPSealPort struct {
	Base   string        // https://host[/path]
	Token  string        // bearer; empty: none
	HTTP   *http.Client  // http.DefaultClient when nil
	Within time.Duration // of one try; 10 s when 0
	Tries  int           // 3 when 0
	Pause  time.Duration // between tries; 500 ms when 0
}

// sealPortLimit bounds an answer: a signature carries its seal with the
// impression.
const sealPortLimit = 4 << 20

type sealPortAnswer struct {
	Signature []byte `json:"signature,omitempty"` // SES_Signature, DER
	Code      string `json:"code,omitempty"`      // of a refusal
	Detail    string `json:"detail,omitempty"`
}

var errPending = errors.New("the seal system is still at it")

// Sign implements SealPort: it asks until there is an answer or the tries are
// used up. Every try is the same request.
func (p *HTTPSealPort) Sign(ctx context.Context, ask SealRequest) ([]byte, error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	tries, pause := max(p.Tries, 0), p.Pause
	if tries == 0 {
		tries = 3
	}
	if pause == 0 {
		pause = 500 * time.Millisecond
	}
	var last error
	for try := range tries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return nil, registry.Errorf(registry.CodeTimeout, "", "asking the seal system").WithCause(ctx.Err())
			case <-time.After(pause):
			}
		}
		var signature []byte
		if signature, last = p.once(ctx, ask.Seal, body); last == nil {
			return signature, nil
		}
		var refused *registry.Error
		if errors.As(last, &refused) {
			return nil, last
		}
	}
	return nil, registry.Errorf(registry.CodeTimeout, "", "asking the seal system").WithCause(last)
}

func (p *HTTPSealPort) once(ctx context.Context, seal string, body []byte) ([]byte, error) {
	within := p.Within
	if within == 0 {
		within = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	address := strings.TrimSuffix(p.Base, "/") + "/v1/seals/" + url.PathEscape(seal) + "/signatures"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	client := p.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, sealPortLimit))
	if err != nil {
		return nil, err
	}
	var said sealPortAnswer
	if err := json.Unmarshal(raw, &said); err != nil {
		return nil, fmt.Errorf("the seal system answered %s: %w", answer.Status, err)
	}
	return said.read(answer.StatusCode)
}

// notTheSeals are refusals of the connection, not of the use: a wrong token, too
// many questions. They pass, and the approved act must not end with them.
var notTheSeals = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}

func (a *sealPortAnswer) read(status int) ([]byte, error) {
	switch {
	case status == http.StatusOK && len(a.Signature) > 0:
		return a.Signature, nil
	case status == http.StatusAccepted:
		return nil, errPending
	case status >= 400 && status < 500 && a.Code != "" && !slices.Contains(notTheSeals, status):
		return nil, registry.Errorf(registry.CodeSealState, "seal", "the seal system refuses: %s %s", a.Code, a.Detail)
	}
	return nil, fmt.Errorf("the seal system answered with status %d", status)
}
