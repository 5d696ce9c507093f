// Package probe is a small client of a running network: it tells whether
// transactions can be endorsed (readiness), evaluates one, or submits some and
// knows what came of each. Readiness and the network's own tests use it; the
// registry's client is chaincode/gateway.
package probe

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"tongzheng/chaincode/gateway/handover"
)

const (
	// askWithin bounds one question to the peers: a gateway waits up to 15 s for a
	// peer that is frozen, and takes another the next time.
	askWithin = 20 * time.Second
	// askAgain is the pause before the next.
	askAgain = 100 * time.Millisecond
)

// Client acts as one member through one peer. It is safe for concurrent use.
type Client struct {
	msp     string
	network *client.Network
	way     handover.Way
	conn    *grpc.ClientConn
}

type endpoint struct {
	Address  string `json:"address"`
	TLSRoots string `json:"tls_roots"`
	Member   string `json:"member"`
}

// profile is what is read of the file that network.Profile describes.
type profile struct {
	Channel     string     `json:"channel"`
	Member      string     `json:"member"`
	MSP         string     `json:"msp_id"`
	Gateway     endpoint   `json:"gateway"`
	Peers       []endpoint `json:"peers"`
	Certificate string     `json:"certificate"`
	Key         string     `json:"key"`
	folder      string
}

// Open reads a member's profile and prepares the connection to the member's own
// peer, or to the peer that via names, by its address or by its member. No peer needs to answer yet.
func Open(file, via string) (*Client, error) {
	p, err := load(file)
	if err != nil {
		return nil, err
	}
	to := p.Gateway
	for _, e := range p.Peers {
		if e.Address == via || e.Member == via && to.Member != via {
			to = e
		}
	}
	roots, err := p.read(to.TLSRoots)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(roots)
	back := backoff.DefaultConfig
	back.BaseDelay, back.MaxDelay = 100*time.Millisecond, time.Second
	conn, err := grpc.NewClient(to.Address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(trusted, "")),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: back, MinConnectTimeout: 3 * time.Second}))
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", to.Address, err)
	}
	gw, err := p.gateway(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c := &Client{msp: p.MSP, network: gw.GetNetwork(p.Channel), conn: conn}
	c.way = handover.Way{Member: to.Member, Gateway: gw, Channel: p.Channel,
		Connected: func() bool { return conn.GetState() == connectivity.Ready }}
	return c, nil
}

// gateway joins the profile's identity to a connection.
func (p *profile) gateway(conn *grpc.ClientConn) (*client.Gateway, error) {
	raw, err := p.read(p.Certificate)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("no certificate in the profile")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the client's certificate: %w", err)
	}
	id, err := identity.NewX509Identity(p.MSP, certificate)
	if err != nil {
		return nil, fmt.Errorf("reading the client's identity: %w", err)
	}
	if raw, err = p.read(p.Key); err != nil {
		return nil, err
	}
	key, err := identity.PrivateKeyFromPEM(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the client's key: %w", err)
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, fmt.Errorf("reading the client's key: %w", err)
	}
	return client.Connect(id, client.WithSign(sign), client.WithHash(hash.SHA256), client.WithClientConnection(conn))
}

func load(file string) (*profile, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the profile: %w", err)
	}
	p := &profile{folder: filepath.Dir(file)}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("profile %s: %w", file, err)
	}
	return p, nil
}

func (p *profile) read(name string) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(p.folder, name))
	if err != nil {
		return nil, fmt.Errorf("reading a file of the profile: %w", err)
	}
	return raw, nil
}

// Close ends the connection.
func (c *Client) Close() error { return errors.Join(c.way.Gateway.Close(), c.conn.Close()) }

// Ready waits until a call can be endorsed in every namespace. It asks twice:
// the member's own peer alone, because its contract service must work, and all
// that the policy names, because peers must have found each other. Nothing is
// submitted.
func (c *Client) Ready(ctx context.Context, namespaces []string, call []string) error {
	for _, ns := range namespaces {
		err := c.until(ctx, func(one context.Context) error {
			if _, err := c.ask(one, ns, call); err != nil {
				return fmt.Errorf("own peer: %w", err)
			}
			// Endorsed and dropped: nothing is written.
			if _, err := c.endorse(one, ns, call, nil); err != nil {
				return fmt.Errorf("all endorsers: %w", err)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("namespace %s: %w", ns, err)
		}
	}
	return nil
}

// Evaluate has the member's own peer answer a call, and asks again until ctx
// ends: a read can be repeated.
func (c *Client) Evaluate(ctx context.Context, namespace string, call ...string) (answer string, err error) {
	err = c.until(ctx, func(one context.Context) (err error) {
		answer, err = c.ask(one, namespace, call)
		return err
	})
	return answer, err
}

func (c *Client) ask(ctx context.Context, namespace string, call []string) (string, error) {
	out, err := c.network.GetContract(namespace).EvaluateWithContext(ctx, call[0],
		client.WithArguments(call[1:]...), client.WithEndorsingOrganizations(c.msp))
	return string(out), explained(err)
}

// endorse asks the named organizations, or those that the gateway finds to be
// enough when none is named.
func (c *Client) endorse(ctx context.Context, namespace string, call, endorsers []string) (*client.Transaction, error) {
	options := []client.ProposalOption{client.WithArguments(call[1:]...)}
	if len(endorsers) > 0 {
		options = append(options, client.WithEndorsingOrganizations(endorsers...))
	}
	proposal, err := c.network.GetContract(namespace).NewProposal(call[0], options...)
	if err != nil {
		return nil, fmt.Errorf("making a proposal: %w", err)
	}
	transaction, err := proposal.EndorseWithContext(ctx)
	return transaction, explained(err)
}

// until repeats a step until it succeeds or ctx ends; the error is the last that
// was more than the end of the time.
func (c *Client) until(ctx context.Context, step func(context.Context) error) error {
	var last error
	for {
		one, cancel := context.WithTimeout(ctx, askWithin)
		err := step(one)
		cancel()
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(askAgain):
		}
	}
}

// explained adds what the peers said, which the gateway keeps in details.
func explained(err error) error {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) {
		return err
	}
	for _, d := range carrier.GRPCStatus().Details() {
		if e, ok := d.(*gateway.ErrorDetail); ok {
			err = fmt.Errorf("%w; %s (%s): %s", err, e.GetAddress(), e.GetMspId(), e.GetMessage())
		}
	}
	return err
}
