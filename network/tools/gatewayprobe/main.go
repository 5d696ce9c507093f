// Command gatewayprobe is a small client of a running network: it tells whether
// transactions can be endorsed (readiness), evaluates one, submits one, or
// submits a stream and reports what came of it.
package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

type endpoint struct {
	Address  string `json:"address"`
	TLSRoots string `json:"tls_roots"`
	Member   string `json:"member"`
}

type profile struct {
	Channel     string     `json:"channel"`
	MSP         string     `json:"msp_id"`
	Gateway     endpoint   `json:"gateway"`
	Peers       []endpoint `json:"peers"`
	Certificate string     `json:"certificate"`
	Key         string     `json:"key"`
	folder      string
}

type options struct {
	profile, namespaces, call, via string
	within                         time.Duration
	count, atOnce                  int
}

const usage = `usage: gatewayprobe ready|evaluate|submit|stream [flags]
  ready     wait until the call can be endorsed in every namespace
  evaluate  evaluate the call in the first namespace and print the result
  submit    submit the call, wait for its commit and print the result
  stream    submit put(prefix-i, i) count times; -call names the prefix`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	var o options
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&o.profile, "profile", "", "profile file of a member")
	flags.StringVar(&o.namespaces, "namespaces", "governance", "namespaces, comma-separated")
	flags.StringVar(&o.call, "call", `["ping"]`, "function and arguments as a JSON list")
	flags.StringVar(&o.via, "via", "", "use the peer of this member as gateway")
	flags.DurationVar(&o.within, "within", time.Minute, "give up after")
	flags.IntVar(&o.count, "count", 100, "stream: transactions")
	flags.IntVar(&o.atOnce, "at-once", 8, "stream: transactions in flight")
	_ = flags.Parse(os.Args[2:])
	if err := run(os.Args[1], o); err != nil {
		fmt.Fprintln(os.Stderr, explain(err))
		os.Exit(1)
	}
}

func run(verb string, o options) error {
	p, err := load(o.profile)
	if err != nil {
		return err
	}
	var call []string
	if err := json.Unmarshal([]byte(o.call), &call); err != nil || len(call) == 0 {
		return fmt.Errorf("-call is not a list of strings: %w", err)
	}
	gw, done, err := connect(p, o.via)
	if err != nil {
		return err
	}
	defer done()
	namespaces := strings.Split(o.namespaces, ",")
	network := gw.GetNetwork(p.Channel)
	ctx, cancel := context.WithTimeout(context.Background(), o.within)
	defer cancel()
	first := network.GetContract(namespaces[0])
	switch verb {
	case "ready":
		return ready(ctx, network, namespaces, call, p.MSP)
	case "evaluate":
		out, err := first.EvaluateWithContext(ctx, call[0], client.WithArguments(call[1:]...), client.WithEndorsingOrganizations(p.MSP))
		fmt.Printf("%s", out)
		return err
	case "submit":
		out, err := first.SubmitWithContext(ctx, call[0], client.WithArguments(call[1:]...))
		fmt.Printf("%s", out)
		return err
	case "stream":
		return stream(ctx, first, call[0], o)
	}
	return errors.New(usage)
}

// ready asks twice per namespace: the member's own peer alone, because its
// contract service must work, and a full endorsement, because peers must have
// found each other.
func ready(ctx context.Context, network *client.Network, namespaces []string, call []string, msp string) error {
	for _, ns := range namespaces {
		contract := network.GetContract(ns)
		for {
			err := endorse(ctx, contract, call, msp)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("namespace %s: %w", ns, err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return nil
}

func endorse(ctx context.Context, contract *client.Contract, call []string, msp string) error {
	one, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := contract.EvaluateWithContext(one, call[0], client.WithArguments(call[1:]...), client.WithEndorsingOrganizations(msp))
	if err != nil {
		return fmt.Errorf("own peer: %w", err)
	}
	proposal, err := contract.NewProposal(call[0], client.WithArguments(call[1:]...))
	if err != nil {
		return fmt.Errorf("making a proposal: %w", err)
	}
	// Endorsed and dropped: nothing is written.
	if _, err := proposal.EndorseWithContext(one); err != nil {
		return fmt.Errorf("all endorsers: %w", err)
	}
	return nil
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

func connect(p *profile, via string) (*client.Gateway, func(), error) {
	to := p.Gateway
	for _, e := range p.Peers {
		if e.Member == via {
			to = e
		}
	}
	read := func(name string) []byte {
		raw, e := os.ReadFile(filepath.Join(p.folder, name))
		if e != nil {
			fmt.Fprintln(os.Stderr, "reading a file of the profile:", e)
			os.Exit(1)
		}
		return raw
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(read(to.TLSRoots))
	block, _ := pem.Decode(read(p.Certificate))
	if block == nil {
		return nil, nil, fmt.Errorf("no certificate in the profile")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	id, err := identity.NewX509Identity(p.MSP, cert)
	if err != nil {
		return nil, nil, fmt.Errorf("identity: %w", err)
	}
	key, err := identity.PrivateKeyFromPEM(read(p.Key))
	if err != nil {
		return nil, nil, fmt.Errorf("key: %w", err)
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, nil, fmt.Errorf("signer: %w", err)
	}
	conn, err := grpc.NewClient(to.Address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, "")),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}))
	if err != nil {
		return nil, nil, fmt.Errorf("connecting: %w", err)
	}
	gw, err := client.Connect(id, client.WithSign(sign), client.WithHash(hash.SHA256), client.WithClientConnection(conn))
	if err != nil {
		return nil, nil, fmt.Errorf("gateway: %w", err)
	}
	return gw, func() { gw.Close(); conn.Close() }, nil
}

// explain adds what the peers said, which the gateway keeps in details.
func explain(err error) string {
	text := err.Error()
	for _, d := range status.Convert(errors.Unwrap(err)).Details() {
		if e, ok := d.(*gateway.ErrorDetail); ok {
			text += fmt.Sprintf("; %s (%s): %s", e.GetAddress(), e.GetMspId(), e.GetMessage())
		}
	}
	return text
}
