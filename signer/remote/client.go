package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Config says where the signer is.
type Config struct {
	Address string      // unix:///path or https://host:port
	TLS     *tls.Config // client certificate and the signer's authority; https only
	Within  time.Duration
	Tries   int           // of one call, when the signer does not answer; 3 when 0
	Pause   time.Duration // between tries; 200 ms when 0
}

// Follower is the registry's ledger as far as the client hands it on.
type Follower interface {
	Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error
}

// Client is a signer in another process. A call that got no answer may have
// been done: it is asked again, and then reported as CodeUnavailable, never as
// refused; asked later, the same intent gives the same bytes.
type Client struct {
	config Config
	base   string
	http   *http.Client

	feed   sync.Mutex // one feeder at a time
	ledger Follower
	height uint64 // executed by the signer, as far as known
	known  bool
}

// Dial prepares a client; the signer need not answer yet. CodeMalformed for
// another kind of address.
func Dial(config Config) (*Client, error) {
	if config.Within == 0 {
		config.Within = 20 * time.Second
	}
	if config.Tries == 0 {
		config.Tries = 3
	}
	if config.Pause == 0 {
		config.Pause = 200 * time.Millisecond
	}
	c := &Client{config: config}
	transport := &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, TLSClientConfig: config.TLS, TLSHandshakeTimeout: 5 * time.Second}
	socket, local := strings.CutPrefix(config.Address, "unix://")
	switch {
	case local && socket != "":
		c.base = "http://signer"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", socket)
		}
	case strings.HasPrefix(config.Address, "https://"):
		if config.TLS == nil || len(config.TLS.Certificates) == 0 || config.TLS.RootCAs == nil {
			return nil, registry.Errorf(registry.CodeMalformed, "signer", "https asks for mutual TLS: a client certificate and the signer's authority")
		}
		c.base = strings.TrimSuffix(config.Address, "/")
	default:
		return nil, registry.Errorf(registry.CodeMalformed, "signer", "want unix:///path or https://host:port")
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}

// Feed names the ledger whose commits the signer executes for itself; without
// it the signer reads its member's peer.
func (c *Client) Feed(ledger Follower) { c.ledger = ledger }

// Close ends idle connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

var errCaughtUp = errors.New("nothing newer")

// catchUp hands the signer every commit that it has not executed, so that it
// judges by the newest records.
func (c *Client) catchUp(ctx context.Context) error {
	if c.ledger == nil {
		return nil
	}
	c.feed.Lock()
	defer c.feed.Unlock()
	if !c.known {
		at, err := ask[none, heightMessage](ctx, c, pathHeight, none{})
		if err != nil {
			return err
		}
		c.height, c.known = at.Height, true
	}
	err := c.ledger.Follow(ctx, c.height+1, func(commit *registry.Commit) error {
		if commit == nil {
			return errCaughtUp
		}
		if err := c.HandOver(ctx, commit); err != nil {
			c.known = false // ask where it stands: it may have been restarted
			return err
		}
		c.height = commit.Height
		return nil
	})
	if errors.Is(err, errCaughtUp) {
		return nil
	}
	return err
}

// HandOver hands the signer one commit of the embedded ledger: CodeLedgerDamaged when
// it is not what the contract makes of it.
func (c *Client) HandOver(ctx context.Context, commit *registry.Commit) error {
	_, err := ask[registry.Commit, none](ctx, c, pathCommit, *commit)
	return err
}

// ask sends one request until there is an answer, the tries are used up, or
// ctx ends.
func ask[In, Out any](ctx context.Context, c *Client, path string, in In) (*Out, error) {
	raw, err := registry.Encode(in)
	if err != nil {
		return nil, err
	}
	var last error
	for try := range c.config.Tries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return nil, unanswered(path, ctx.Err())
			case <-time.After(c.config.Pause):
			}
		}
		out := new(Out)
		if last = c.once(ctx, path, raw, out); last == nil {
			return out, nil
		}
		var refusal *registry.Error
		if errors.As(last, &refusal) {
			return nil, last // an answer
		}
	}
	return nil, unanswered(path, last)
}

func unanswered(path string, cause error) error {
	return registry.Errorf(registry.CodeUnavailable, "", "the signer did not answer %s: ask again, the outcome is unknown", strings.TrimPrefix(path, "/v1/")).WithCause(cause)
}

// once returns a coded error for an answer that refuses, any other error when
// there was none.
func (c *Client) once(ctx context.Context, path string, raw []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := readMessage(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusOK {
		// A cut or damaged answer is no answer.
		if err := registry.Decode(body, out); err != nil {
			return errors.New("the answer cannot be read: " + err.Error())
		}
		return nil
	}
	var p problem
	if err := registry.Decode(body, &p); err != nil || p.Code == "" {
		return errors.New("the signer answered " + answer.Status)
	}
	return registry.Errorf(p.Code, p.Field, "%s", p.Detail)
}

// fed asks after the signer has caught up with the ledger.
func fed[In, Out any](ctx context.Context, c *Client, path string, in In) (*Out, error) {
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	return ask[In, Out](ctx, c, path, in)
}

// Seal implements the office's Sealer.
func (c *Client) Seal(ctx context.Context, job registry.SealJob) (*registry.SealResult, error) {
	return fed[registry.SealJob, registry.SealResult](ctx, c, pathSeal, job)
}

// Register implements the office's Sealer.
func (c *Client) Register(ctx context.Context, job registry.SealJob) (*registry.Entry, error) {
	return fed[registry.SealJob, registry.Entry](ctx, c, pathRegister, job)
}

// RegisterOrder implements the office's Sealer.
func (c *Client) RegisterOrder(ctx context.Context, order registry.Order, warrant registry.Warrant) (*registry.Entry, error) {
	return fed[orderAsk, registry.Entry](ctx, c, pathOrder, orderAsk{order, warrant})
}

// Authorship implements the office's Sealer.
func (c *Client) Authorship(ctx context.Context, organization, namespace string, entries []*registry.Entry) (registry.Authorship, error) {
	a, err := fed[authorshipAsk, registry.Authorship](ctx, c, pathAuthorship, authorshipAsk{organization, namespace, entries})
	if err != nil {
		return registry.Authorship{}, err
	}
	return *a, nil
}

// ActsFor implements the office's Sealer.
func (c *Client) ActsFor(ctx context.Context, organization string) error {
	_, err := fed[textMessage, none](ctx, c, pathActsFor, textMessage{organization})
	return err
}

// Tag implements the office's Sealer. An answer that was lost is asked for again,
// and then counts twice.
func (c *Client) Tag(ctx context.Context, request registry.TagRequest) (sm.Digest, error) {
	a, err := fed[registry.TagRequest, digestMessage](ctx, c, pathTag, request)
	if err != nil {
		return sm.Digest{}, err
	}
	return a.Digest, nil
}

// Render implements the office's Sealer.
func (c *Client) Render(ctx context.Context, request registry.RenderRequest) (*registry.RenderedDocument, error) {
	return fed[registry.RenderRequest, registry.RenderedDocument](ctx, c, pathRender, request)
}

// SignQR implements the office's Sealer.
func (c *Client) SignQR(ctx context.Context, request registry.QRRequest) (string, error) {
	a, err := fed[registry.QRRequest, textMessage](ctx, c, pathQR, request)
	if err != nil {
		return "", err
	}
	return a.Text, nil
}

// TimeStamp implements the office's Sealer.
func (c *Client) TimeStamp(ctx context.Context, digest sm.Digest) ([]byte, error) {
	return bytesOf(ask[digestMessage, bytesMessage](ctx, c, pathTimeStamp, digestMessage{digest}))
}

// Open implements the console's signing port: the signer has caught up with the ledger
// before it looks at what is to be signed.
func (c *Client) Open(ctx context.Context, request registry.SigningRequest) (*registry.SigningTicket, error) {
	return fed[registry.SigningRequest, registry.SigningTicket](ctx, c, pathSignOpen, request)
}

// Result implements the console's signing port. An answer that was lost is lost: the
// signing is begun again.
func (c *Client) Result(ctx context.Context, query registry.SigningQuery) (*registry.SigningResult, error) {
	return ask[registry.SigningQuery, registry.SigningResult](ctx, c, pathSignResult, query)
}

// Tokens implements the office's Attester.
func (c *Client) Tokens(ctx context.Context, request registry.TokenRequest) ([]registry.Token, error) {
	a, err := ask[registry.TokenRequest, tokensMessage](ctx, c, pathTokens, request)
	if err != nil {
		return nil, err
	}
	return a.Tokens, nil
}

// Lists implements the office's Attester.
func (c *Client) Lists(ctx context.Context, request registry.ListsRequest) (*registry.SignedLists, error) {
	return fed[registry.ListsRequest, registry.SignedLists](ctx, c, pathLists, request)
}

// Publication implements the office's Attester.
func (c *Client) Publication(ctx context.Context, request registry.PublicationRequest) (*registry.Publication, error) {
	return fed[registry.PublicationRequest, registry.Publication](ctx, c, pathPublication, request)
}

// State implements the office's Attester.
func (c *Client) State(ctx context.Context, request registry.StatementRequest) (*registry.SignedStatement, error) {
	return fed[registry.StatementRequest, registry.SignedStatement](ctx, c, pathStatement, request)
}

// BundleStatus implements the office's Attester.
func (c *Client) BundleStatus(ctx context.Context, id registry.Identifier) (*registry.BundleStatus, error) {
	return fed[bundleAsk, registry.BundleStatus](ctx, c, pathBundleStatus, bundleAsk{id})
}

// SealBundle implements the office's Attester.
func (c *Client) SealBundle(ctx context.Context, request registry.BundleRequest) (*registry.BundleSeal, error) {
	return fed[registry.BundleRequest, registry.BundleSeal](ctx, c, pathBundleSeal, request)
}

// SignCheckpoint has the signer vouch for a transaction of the embedded ledger, once
// it has executed it. Without a message it only names the key.
func (c *Client) SignCheckpoint(ctx context.Context, message []byte) (sm.KeyID, []byte, error) {
	if len(message) > 0 {
		if err := c.catchUp(ctx); err != nil {
			return "", nil, err
		}
	}
	a, err := ask[bytesMessage, statusAnswer](ctx, c, pathCheckpoint, bytesMessage{message})
	if err != nil {
		return "", nil, err
	}
	return a.Key, a.Signature, nil
}

// ImportedSeal has the signer check and keep a filed seal; it returns its id.
func (c *Client) ImportedSeal(der []byte) (string, error) {
	a, err := ask[bytesMessage, textMessage](context.Background(), c, pathImportSeal, bytesMessage{der})
	if err != nil {
		return "", err
	}
	return a.Text, nil
}

// SealFile returns the SESeal with the digest, nil when the signer lacks it.
func (c *Client) SealFile(digest sm.Digest) ([]byte, error) {
	return bytesOf(ask[digestMessage, bytesMessage](context.Background(), c, pathSealFile, digestMessage{digest}))
}

// Describe returns the public side of the signer's keys.
func (c *Client) Describe(ctx context.Context) (*Description, error) {
	return ask[none, Description](ctx, c, pathDescribe, none{})
}

// ActKey has a development signer make (or find) an organization's act key.
func (c *Client) ActKey(ctx context.Context, name, code string) (registry.ActKey, error) {
	a, err := ask[actKeyAsk, registry.ActKey](ctx, c, pathActKey, actKeyAsk{name, code})
	if err != nil {
		return registry.ActKey{}, err
	}
	return *a, nil
}

// MakeTagKey has a development signer make (or find) the deployment's tag key.
func (c *Client) MakeTagKey(ctx context.Context) (sm.Digest, error) {
	a, err := ask[none, digestMessage](ctx, c, pathMakeTagKey, none{})
	if err != nil {
		return sm.Digest{}, err
	}
	return a.Digest, nil
}

// MakeSeal has a development signer make a seal.
func (c *Client) MakeSeal(ctx context.Context, spec SealRequest) ([]byte, error) {
	return bytesOf(ask[SealRequest, bytesMessage](ctx, c, pathMakeSeal, spec))
}

func bytesOf(a *bytesMessage, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return a.Bytes, nil
}
