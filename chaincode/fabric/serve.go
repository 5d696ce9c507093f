package fabric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

// Endpoint is one namespace's contract as peers find it.
type Endpoint struct {
	Namespace string
	// ChaincodeID is the package id that the peer expects at this address.
	ChaincodeID string
	Listen      string // host:port
}

// TLS are the service's PEM files' contents. ClientRoots, when given, issued
// the only peers that may call: the member's own.
type TLS struct{ Certificate, Key, ClientRoots []byte }

// Serve answers at every endpoint until ctx ends or one of them fails. Without
// TLS (nil) it speaks in the clear: for a peer on the same host only.
func Serve(ctx context.Context, endpoints []Endpoint, tls *TLS, log *slog.Logger) error {
	if len(endpoints) == 0 {
		return fmt.Errorf("no namespace to serve")
	}
	properties := shim.TLSProperties{Disabled: tls == nil}
	if tls != nil {
		properties.Cert, properties.Key, properties.ClientCACerts = tls.Certificate, tls.Key, tls.ClientRoots
	}
	ended := make(chan error, len(endpoints))
	for _, e := range endpoints {
		contract, err := New(Config{Namespace: e.Namespace, Log: log})
		if err != nil {
			return err
		}
		server := &shim.ChaincodeServer{CCID: e.ChaincodeID, Address: e.Listen, CC: contract, TLSProps: properties}
		go func() { ended <- fmt.Errorf("serving %s at %s: %w", e.Namespace, e.Listen, Start(server)) }()
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		// The process ends now; a proposal that was being judged is asked again.
		return nil
	}
}

const (
	// bindWithin is how long the process before this one may take to let go of
	// its ports: it looks ended to a supervisor a moment earlier.
	bindWithin = 5 * time.Second
	bindAgain  = 100 * time.Millisecond
)

// Start serves one chaincode until it fails. A port that is still taken is tried
// again for a while.
func Start(server *shim.ChaincodeServer) error {
	for began := time.Now(); ; time.Sleep(bindAgain) {
		err := server.Start()
		if !errors.Is(err, syscall.EADDRINUSE) || time.Since(began) > bindWithin {
			return err
		}
	}
}
