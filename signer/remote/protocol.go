// Package remote is the signer across a process boundary: a server around the
// signer's service and a client that the registry takes for the signer itself. Requests
// and answers are canonical bytes over HTTP, on a Unix socket that only its
// owner can open, or on mutual TLS.
//
// It must not decide anything: the service behind it checks what it is asked,
// whoever asks. Everything it is asked to sign can be asked again, because the
// service persists before it answers and the same intent gives the same bytes.
package remote

import (
	"context"
	"io"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Paths of the protocol, all POST. docs/signer-process.md lists them.
const (
	pathSeal       = "/v1/seal"
	pathRegister   = "/v1/register"
	pathOrder      = "/v1/order"
	pathAuthorship = "/v1/authorship"
	pathActsFor    = "/v1/acts-for"
	pathQR         = "/v1/qr"
	pathTag        = "/v1/tag"
	pathTimeStamp  = "/v1/time-stamp"
	pathHeight     = "/v1/height"
	pathCommit     = "/v1/commit"
	pathDescribe   = "/v1/describe"
	pathActKey     = "/v1/act-key"
	pathMakeSeal   = "/v1/make-seal"
	pathImportSeal = "/v1/import-seal"
	pathSealFile   = "/v1/seal-file"
	pathCheckpoint = "/v1/checkpoint"
	pathMakeTagKey = "/v1/make-tag-key"

	pathTokens       = "/v1/tokens"
	pathLists        = "/v1/lists"
	pathPublication  = "/v1/publication"
	pathStatement    = "/v1/statement"
	pathBundleStatus = "/v1/bundle-status"
	pathBundleSeal   = "/v1/bundle-seal"

	pathRender     = "/v1/render"
	pathSignOpen   = "/v1/sign-open"
	pathSignResult = "/v1/sign-result"
)

// Paths are all messages of the protocol. A test drives the signer with hostile content
// of each.
var Paths = []string{pathSeal, pathRegister, pathOrder, pathAuthorship, pathActsFor, pathQR, pathTag, pathTimeStamp, pathHeight, pathCommit, pathDescribe,
	pathActKey, pathMakeSeal, pathImportSeal, pathSealFile, pathCheckpoint, pathMakeTagKey,
	pathTokens, pathLists, pathPublication, pathStatement, pathBundleStatus, pathBundleSeal, pathRender, pathSignOpen, pathSignResult}

// MaxMessage bounds a request and an answer: a package of the verifier's limit
// with its neighbors.
const MaxMessage = 40 << 20

const contentType = "application/cbor"

// Sealer is what the server serves and the client offers: what the office asks
// of a signer to act, and the seals it holds.
type Sealer interface {
	Seal(ctx context.Context, job registry.SealJob) (*registry.SealResult, error)
	Register(ctx context.Context, job registry.SealJob) (*registry.Entry, error)
	RegisterOrder(ctx context.Context, order registry.Order, warrant registry.Warrant) (*registry.Entry, error)
	Authorship(ctx context.Context, organization, namespace string, entries []*registry.Entry) (registry.Authorship, error)
	ActsFor(ctx context.Context, organization string) error
	Tag(ctx context.Context, ask registry.TagRequest) (sm.Digest, error)
	Render(ctx context.Context, ask registry.RenderRequest) (*registry.RenderedDocument, error)
	SignQR(ctx context.Context, ask registry.QRRequest) (string, error)
	TimeStamp(ctx context.Context, digest sm.Digest) ([]byte, error)
	ImportedSeal(der []byte) (string, error)
	SealFile(digest sm.Digest) ([]byte, error)
}

// Attester is what the signer says of the ledger, from its own copy of it.
type Attester interface {
	Tokens(ctx context.Context, ask registry.TokenRequest) ([]registry.Token, error)
	Lists(ctx context.Context, ask registry.ListsRequest) (*registry.SignedLists, error)
	Publication(ctx context.Context, ask registry.PublicationRequest) (*registry.Publication, error)
	State(ctx context.Context, ask registry.StatementRequest) (*registry.SignedStatement, error)
	BundleStatus(ctx context.Context, id registry.Identifier) (*registry.BundleStatus, error)
	SealBundle(ctx context.Context, ask registry.BundleRequest) (*registry.BundleSeal, error)
}

// Page is the page where people sign; it is served by the signer itself.
type Page interface {
	// Open checks what is to be signed and gives the ticket that opens the page once.
	Open(ctx context.Context, ask registry.SigningRequest) (*registry.SigningTicket, error)
	// Result tells what became of a ticket, once it is over.
	Result(ctx context.Context, ask registry.SigningQuery) (*registry.SigningResult, error)
}

// Desk is what a signer process does besides signing, for its operators and
// for the seeding of a demonstration. A production signer has none of the
// making: CodeForbidden.
type Desk interface {
	Describe(ctx context.Context) (*Description, error)
	ActKey(ctx context.Context, name, code string) (registry.ActKey, error)
	MakeSeal(ctx context.Context, spec SealRequest) ([]byte, error)
	// MakeTagKey has a development signer make (or find) the deployment's tag key;
	// it returns its SM3.
	MakeTagKey(ctx context.Context) (sm.Digest, error)
	// SignCheckpoint signs for the embedded ledger's file; an empty message
	// only asks which key would.
	SignCheckpoint(ctx context.Context, message []byte) (sm.KeyID, []byte, error)
}

// Description is the public side of the signer's keys.
type Description struct {
	Roots     []byte      // trust anchors in PEM
	KeyList   []byte      // signed, check.SignedKeyList in JSON
	Published []PublicKey // for api.Keys
	TagKey    sm.Digest   // SM3 of the deployment's tag key as it is kept here; zero: it is not
	TokenKey  sm.Digest   // SM3 of the token key
	Sign      string      // origin of the signing page; empty: it has none
}

// PublicKey is one published key. Times are Unix seconds.
type PublicKey struct {
	ID          sm.KeyID
	Use         string
	Public      []byte
	Certificate []byte
	From, Until int64
}

// SealRequest asks for a development seal.
type SealRequest struct {
	ID, Name, Owner, OwnerName string
	Kind                       registry.SealKind
	Diameter                   int // mm
}

// LedgerCopy is a signer's own copy of an embedded ledger; see package replica.
type LedgerCopy interface {
	Height() (uint64, error)
	Append(c *registry.Commit) error
	// Vouches tells whether the copy executed what a checkpoint says of one
	// transaction: CodeLedgerDamaged otherwise.
	Vouches(c *registry.Checkpoint) error
}

// problem is how a refusal travels. Causes stay in the signer's log.
type problem struct {
	Code   registry.Code `cbor:"1,keyasint"`
	Field  string        `cbor:"2,keyasint,omitempty"`
	Detail string        `cbor:"3,keyasint,omitempty"`
}

type (
	none     struct{}
	orderAsk struct {
		Order   registry.Order
		Warrant registry.Warrant
	}
	authorshipAsk struct {
		Organization, Namespace string
		Entries                 []*registry.Entry
	}
	bytesMessage  struct{ Bytes []byte }
	textMessage   struct{ Text string }
	digestMessage struct{ Digest sm.Digest }
	tokensMessage struct{ Tokens []registry.Token }
	bundleAsk     struct{ Identifier registry.Identifier }
	statusAnswer  struct {
		Key       sm.KeyID
		Signature []byte
	}
	heightMessage struct{ Height uint64 }
	actKeyAsk     struct{ Name, Code string }
)

// readMessage reads a bounded body.
func readMessage(body io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(body, MaxMessage+1))
	if err == nil && len(raw) > MaxMessage {
		err = registry.Errorf(registry.CodeTooLarge, "body", "over %d bytes", MaxMessage)
	}
	return raw, err
}
