package exchange

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	"tongzheng/api/problem"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/sm"
)

// Client reaches other members' registries. It implements exchange.Neighbors and
// exchange.Feeds.
type Client struct {
	directory *exchange.Directory
	identity  Identity
	speaks    Speaks
	call      time.Duration // the longest that one call takes

	mu    sync.Mutex
	peers map[string]*peer
}

var (
	_ exchange.Neighbors = (*Client)(nil)
	_ exchange.Feeds     = (*Client)(nil)
)

// ClientConfig is what the client works with.
type ClientConfig struct {
	Directory *exchange.Directory
	Identity  Identity
	Speaks    Speaks        // Spoken when zero
	Call      time.Duration // the longest that one call takes; 1 min when 0
}

// NewClient makes a client.
func NewClient(c ClientConfig) *Client {
	if c.Speaks == (Speaks{}) {
		c.Speaks = Spoken
	}
	if c.Call == 0 {
		c.Call = time.Minute
	}
	return &Client{directory: c.Directory, identity: c.Identity, speaks: c.Speaks, call: c.Call, peers: map[string]*peer{}}
}

// peer is one member's registry as it was reached last.
type peer struct {
	address   string
	own, key  sm.Digest
	http      *http.Client
	transport *http.Transport
	version   uint8 // agreed
}

// peer is the way to a member by what the ledger says now: an order that names another
// address or key, theirs or ours, ends the connections of before.
func (c *Client) peer(member string) (*peer, error) {
	n, err := c.directory.Neighbor(member)
	if err != nil {
		return nil, err
	}
	_, own, err := c.directory.Own()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.peers[member]
	if p != nil && p.address == n.Address && p.key == n.Key && p.own == own {
		return p, nil
	}
	if p != nil {
		p.transport.CloseIdleConnections()
	}
	p = &peer{address: n.Address, own: own, key: n.Key, version: c.speaks.Newest}
	p.transport = &http.Transport{DialContext: (&net.Dialer{Timeout: headerTimeout}).DialContext, TLSClientConfig: clientTLS(c.directory, c.identity, n.Key), TLSHandshakeTimeout: headerTimeout, MaxIdleConnsPerHost: 2, MaxConnsPerHost: 4,
		IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 4 * headerTimeout, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true}
	p.http = &http.Client{Transport: p.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c.peers[member] = p
	return p, nil
}

// Close ends idle connections.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.peers {
		p.transport.CloseIdleConnections()
	}
	return nil
}

// Package implements exchange.Neighbors.
func (c *Client) Package(ctx context.Context, member string, ask exchange.Ask) ([]byte, int, error) {
	raw, version, err := c.ask(ctx, member, question{path: pathPackage, message: &ask, most: exchange.PackageMost + 1})
	return raw, int(version), err
}

// Hint implements exchange.Neighbors.
func (c *Client) Hint(ctx context.Context, member string, hint exchange.Hint) error {
	_, _, err := c.ask(ctx, member, question{path: pathHint, message: &hint, most: 1})
	return err
}

// Changes implements exchange.Feeds.
func (c *Client) Changes(ctx context.Context, member string, s exchange.Since) (*exchange.Changes, error) {
	raw, _, err := c.ask(ctx, member, question{path: pathChanges, message: &s, most: changesMost, since: speaksFeeds})
	if err != nil {
		return nil, err
	}
	answer := &exchange.Changes{}
	if registry.Decode(raw, answer) != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "answer", "no changes of a feed")
	}
	return answer, nil
}

// Item implements exchange.Feeds.
func (c *Client) Item(ctx context.Context, member string, ask exchange.ItemAsk) ([]byte, error) {
	raw, _, err := c.ask(ctx, member, question{path: pathItem, message: &ask, most: exchange.ItemMost + 1, since: speaksFeeds})
	return raw, err
}

// Submit implements exchange.Feeds.
func (c *Client) Submit(ctx context.Context, member string, s exchange.Submission) ([]byte, error) {
	raw, _, err := c.ask(ctx, member, question{path: pathSubmit, message: &s, most: exchange.ItemMost + 1, since: speaksFeeds, acts: true})
	return raw, err
}

// question is what is asked of another registry.
type question struct {
	path    string
	message any
	most    int64 // bytes of the answer
	since   uint8 // first version of the protocol that has it; 0: all have
	acts    bool  // it has the other side act: its refusal is the caller's
}

// ask posts a message in the version agreed on, or in an older one that the other side
// speaks.
func (c *Client) ask(ctx context.Context, member string, q question) (raw []byte, version uint8, err error) {
	p, err := c.peer(member)
	if err != nil {
		return nil, 0, err
	}
	canonical, err := registry.Encode(q.message)
	if err != nil {
		return nil, 0, err
	}
	for range 2 {
		if version = c.agreed(p); version < q.since {
			err = registry.Errorf(registry.CodeProtocol, "", "")
			break
		}
		var theirs string
		raw, theirs, err = c.post(ctx, p, q, frame(version, canonical))
		c.learn(p, theirs)
		if registry.CodeOf(err) != registry.CodeProtocol || c.agreed(p) == version {
			break
		}
	}
	if registry.CodeOf(err) == registry.CodeProtocol {
		return nil, 0, registry.Errorf(registry.CodeProtocol, "", "%s and this registry speak no common version of the protocol; here %s", member, c.speaks)
	}
	return raw, version, err
}

func (c *Client) agreed(p *peer) uint8 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.version
}

// learn takes up the newest version that both speak, upwards too: after they were updated.
func (c *Client) learn(p *peer, theirs string) {
	s, ok := parseSpeaks(theirs)
	if !ok {
		return
	}
	if v := c.speaks.common(s); v != 0 {
		c.mu.Lock()
		p.version = v
		c.mu.Unlock()
	}
}

// post sends one request. The errors' codes are those of exchange.Neighbors.
func (c *Client) post(ctx context.Context, p *peer, q question, body []byte) (raw []byte, theirs string, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.call)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address+q.path, bytes.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", mediaType)
	answer, err := p.http.Do(r)
	if err != nil {
		return nil, "", registry.Errorf(registry.CodeUnavailable, "", "cannot be reached").WithCause(err)
	}
	defer answer.Body.Close()
	theirs = answer.Header.Get(headerSpeaks)
	if peerKey(answer.TLS) != p.key {
		return nil, "", registry.Errorf(registry.CodeUnavailable, "", "the other end does not hold the key that the ledger names")
	}
	switch answer.StatusCode {
	case http.StatusNoContent:
		return nil, theirs, nil
	case http.StatusOK:
	default:
		return nil, theirs, refusal(answer, q)
	}
	if got, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || got != mediaType {
		return nil, theirs, registry.Errorf(registry.CodeMalformed, "answer", "not of the exchange's media type")
	}
	raw, err = io.ReadAll(io.LimitReader(answer.Body, q.most+1))
	if err == nil && int64(len(raw)) <= q.most {
		err = ctx.Err() // an answer that was cut short can look whole
	}
	if err != nil { // a half transfer begins again
		return nil, theirs, registry.Errorf(registry.CodeNotYet, "answer", "the transfer broke off").WithCause(err)
	}
	if int64(len(raw)) > q.most {
		return nil, theirs, registry.Errorf(registry.CodeTooLarge, "answer", "over %d bytes", q.most)
	}
	version, raw, err := c.speaks.unframe(raw)
	if err == nil && version != body[0] {
		err = registry.Errorf(registry.CodeMalformed, "answer", "in version %d, asked in %d", version, body[0])
	}
	if registry.CodeOf(err) == registry.CodeProtocol {
		err = registry.Errorf(registry.CodeMalformed, "answer", "in a version that was not asked for")
	}
	return raw, theirs, err
}

// refusal reads why the other side does not answer. What it says for itself is kept to a
// known code: its words go nowhere.
func refusal(answer *http.Response, q question) error {
	var p struct{ Code registry.Code }
	raw, err := io.ReadAll(io.LimitReader(answer.Body, problemMost))
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil || p.Code.Chinese() == "" || problem.StatusOf(p.Code) != answer.StatusCode {
		p.Code = ""
	}
	switch {
	case q.acts && p.Code != "" && p.Code.Kind() != registry.KindInternal && p.Code.Kind() != registry.KindUnavailable:
		return registry.Errorf(p.Code, "", "so says the registry that it was handed to")
	case answer.StatusCode == http.StatusNotFound:
		return registry.Errorf(registry.CodeNotFound, "", "its registry says that there is no such thing for this member")
	case p.Code == registry.CodeProtocol, p.Code == registry.CodeNotYet:
		return registry.Errorf(p.Code, "", "")
	case answer.StatusCode == http.StatusTooManyRequests:
		return registry.Errorf(registry.CodeRateLimited, "", "asked for too much at a time")
	case answer.StatusCode == http.StatusServiceUnavailable, answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return registry.Errorf(registry.CodeUnavailable, "", "answers %d %s", answer.StatusCode, p.Code)
	}
	return registry.Errorf(registry.CodeNotYet, "", "answers %d %s", answer.StatusCode, p.Code)
}
