// Package page is the page where people sign: served by the signer itself, at a
// listener and an origin of its own. It shows what will be sealed, registered or
// ordered, as the signer recomputes it, and takes the passkey's signature over that.
//
// It believes nothing that the registry says about what is signed. It has no cookies
// (ports of one host share them), is never framed, and cuts itself off from whoever
// opened it: a ticket opens it once, and its own secret path takes the answer.
package page

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/explain"
	"tongzheng/registry/sm"
)

// Signer is what the page asks of the signer (signer.Signing).
type Signer interface {
	Law(ctx context.Context) registry.Gatherer
	Now() int64
	Service(ctx context.Context, organization string) (*registry.Service, error)
	CheckAct(ctx context.Context, job *registry.SealJob) (known bool, err error)
}

// Config is what the page works with.
type Config struct {
	Origin string // scheme://host[:port] of this page: what browsers show, and what counts
	Signer Signer
	Log    *slog.Logger
	Demo   bool
	Clock  func() time.Time // time.Now when nil
	// Draw draws a document from its bytes, in a process without keys; nil: documents
	// are named by their digests.
	Draw func(ctx context.Context, document []byte) (*registry.Drawing, error)
}

const (
	ticketLife  = 10 * time.Minute
	ticketsMost = 2000
)

// Page keeps the signings under way, in memory: after a restart they are begun again.
type Page struct {
	config Config
	mu     sync.Mutex
	by     map[string]*signing // by ticket
	secret map[string]*signing // by the secret of the opened page
}

// New makes the page.
func New(config Config) *Page {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Page{config: config, by: map[string]*signing{}, secret: map[string]*signing{}}
}

// Origin is where the page is served.
func (p *Page) Origin() string { return p.config.Origin }

// signing is one request on its way. Its mutex guards what changes.
type signing struct {
	ask     registry.SigningRequest
	site    registry.Site
	back    string // whole address
	digests []sm.Digest
	shown   *view
	expires time.Time

	drawings map[int]*registry.Drawing // of documents that were drawn before the page opened

	mu       sync.Mutex
	ticket   string
	secret   string // once opened
	enroll   *enrollment
	result   *registry.SigningResult
	finished bool
}

// Open takes a request, checks that it is what its parts say, and gives the ticket
// that opens the page. CodeUnavailable while the ledger does not name this page as
// the person's; refusals of what is to be signed keep their codes.
func (p *Page) Open(ctx context.Context, ask registry.SigningRequest) (*registry.SigningTicket, error) {
	s := &signing{ask: ask, drawings: map[int]*registry.Drawing{}, expires: p.config.Clock().Add(ticketLife)}
	// 1. Whose page this is, and where it leads back to: the ledger says.
	service, err := p.config.Signer.Service(ctx, ask.Person.Organization)
	if err != nil {
		return nil, err
	}
	if service == nil || service.Sign != p.config.Origin {
		return nil, registry.Errorf(registry.CodeUnavailable, "service", "the ledger names another signing page than %s for this organization", p.config.Origin)
	}
	s.site = registry.Site{RelyingParty: service.RelyingParty, Origins: []string{service.Sign}}
	if s.back, err = backTo(service.Public, ask.Return); err != nil {
		return nil, err
	}
	// 2. What is signed, in words.
	if err := p.look(ctx, s); err != nil {
		return nil, err
	}
	// 3. A ticket for it.
	s.ticket = random()
	sep := "?"
	if strings.Contains(s.back, "?") {
		sep = "&"
	}
	s.back += sep + "ticket=" + s.ticket
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	if len(p.by) >= ticketsMost {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "too many signings at once: try again in some minutes")
	}
	p.by[s.ticket] = s
	return &registry.SigningTicket{Ticket: s.ticket, URL: p.config.Origin + "/s/" + s.ticket}, nil
}

// backTo is the address that the browser goes back to: below the registry's public
// address, and nowhere else.
func backTo(public, to string) (string, error) {
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, "/") || u.Host != "" || u.Scheme != "" || strings.Contains(u.Path, `\`) || path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") {
		return "", registry.Errorf(registry.CodeMalformed, "return", "want a path of the registry")
	}
	base, err := url.Parse(public)
	if err != nil {
		return "", registry.Errorf(registry.CodeMalformed, "public", "the registry's address").WithCause(err)
	}
	if base.Path != "" && !strings.HasPrefix(u.Path, base.Path+"/") {
		return "", registry.Errorf(registry.CodeMalformed, "return", "want a path of the registry")
	}
	return base.Scheme + "://" + base.Host + to, nil
}

// Result tells what became of a ticket, once it is over. CodeNotFound for a ticket that
// is not known, is somebody else's, or was told before.
func (p *Page) Result(_ context.Context, ask registry.SigningQuery) (*registry.SigningResult, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	s := p.by[ask.Ticket]
	if s == nil || subtle.ConstantTimeCompare(s.ask.Person.Handle, ask.Handle) != 1 {
		return nil, registry.Errorf(registry.CodeNotFound, "ticket", "no such signing, or it has run out")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.finished {
		return &registry.SigningResult{Outcome: registry.SigningOpen}, nil
	}
	delete(p.by, ask.Ticket)
	delete(p.secret, s.secret)
	return s.result, nil
}

// sweep forgets what has run out. The caller holds the lock.
func (p *Page) sweep() {
	now := p.config.Clock()
	for ticket, s := range p.by {
		if now.After(s.expires) {
			delete(p.by, ticket)
			delete(p.secret, s.secret)
		}
	}
}

// entered opens a ticket once and gives the secret of the page; nil when there is no
// such ticket, or it was used.
func (p *Page) entered(ticket string) *signing {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	s := p.by[ticket]
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secret != "" || s.finished {
		return nil
	}
	s.secret = random()
	p.secret[s.secret] = s
	return s
}

// opened is the signing whose page has the secret; nil for none.
func (p *Page) opened(secret string) *signing {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	return p.secret[secret]
}

func random() string {
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		panic(err) // crypto/rand does not fail
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// words explains over the ledger as the signer reads it.
func (p *Page) words(ctx context.Context) *explain.Explainer {
	return explain.New(p.config.Signer.Law(ctx).Records)
}
