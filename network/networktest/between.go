package networktest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"tongzheng/network"
)

// Fault decides what becomes of one call of a peer's gateway service: pass has
// the real peer answer it, and what the fault returns is the client's answer.
// To lose the answer, call pass and return another error; to lose the request,
// return an error without calling it.
type Fault func(pass func() error) error

// Between stands between clients and the peers of a network. Clients that read
// its profile reach every peer through it, with the network's own identities.
type Between struct {
	profile string
	mu      sync.Mutex
	faults  map[string]Fault // by method
	sent    []string         // transaction ids that clients handed over
}

// betweens keeps the profiles of several of them apart.
var betweens atomic.Int64

// NewBetween goes between the clients of one member and all peers.
func NewBetween(t testing.TB, n *network.Network, member string) *Between {
	t.Helper()
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("going between clients and peers: %v", err)
		}
	}
	raw, err := os.ReadFile(n.ProfilePath(member))
	fatal(err)
	var p network.Profile
	fatal(json.Unmarshal(raw, &p))
	b := &Between{faults: map[string]Fault{}}
	folder := filepath.Dir(n.ProfilePath(member))
	name := fmt.Sprintf("between-%d", betweens.Add(1))
	certificate, public := selfSigned(t)
	fatal(os.WriteFile(filepath.Join(folder, name+".pem"), public, 0o600))
	doors := map[string]string{} // by the peer's address
	door := func(e network.Endpoint) network.Endpoint {
		if doors[e.Address] == "" {
			doors[e.Address] = b.open(t, e, filepath.Join(folder, e.TLSRoots), certificate)
		}
		e.Address, e.TLSRoots = doors[e.Address], name+".pem"
		return e
	}
	p.Gateway = door(p.Gateway)
	for i := range p.Peers {
		p.Peers[i] = door(p.Peers[i])
	}
	raw, err = json.Marshal(p)
	fatal(err)
	b.profile = filepath.Join(folder, name+".json")
	fatal(os.WriteFile(b.profile, raw, 0o600))
	return b
}

// Profile is the file for clients.
func (b *Between) Profile() string { return b.profile }

// On sets the fault of a method of the gateway service, "Submit" or
// "CommitStatus"; nil for none.
func (b *Between) On(method string, f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults[method] = f
}

// Sent lists the ids of the transactions that were handed over since the last
// call, as often as they were.
func (b *Between) Sent() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	sent := b.sent
	b.sent = nil
	return sent
}

// Unclear is what a peer's gateway says when too few orderers took a
// transaction: most often because they had it from another orderer already.
func Unclear() error {
	s := status.New(codes.Unavailable, "insufficient number of orderers could successfully process transaction to satisfy quorum requirement")
	told, err := s.WithDetails(&gateway.ErrorDetail{Address: "127.0.0.1:7050", MspId: "CityMSP",
		Message: "received unsuccessful response from orderer: status=SERVICE_UNAVAILABLE, info=failed to submit request: request already processed"})
	if err != nil {
		return errors.Join(s.Err(), err)
	}
	return told.Err()
}

// AnswerLost has the first count calls done, and answered as unclear.
func AnswerLost(count int64) Fault {
	return first(count, func(pass func() error) error {
		_ = pass() // the client is not to hear of it
		return Unclear()
	})
}

// RequestLost has the first count calls not done, and answered as unclear.
func RequestLost(count int64) Fault {
	return first(count, func(func() error) error { return Unclear() })
}

// Forgotten has the first count calls not done, and answered as if they were:
// orderers that took a transaction, and ended before they ordered it.
func Forgotten(count int64) Fault {
	return first(count, func(func() error) error { return nil })
}

func first(count int64, f Fault) Fault {
	var called atomic.Int64
	return func(pass func() error) error {
		if called.Add(1) > count {
			return pass()
		}
		return f(pass)
	}
}

// open listens for clients of one peer.
func (b *Between) open(t testing.TB, e network.Endpoint, roots string, certificate tls.Certificate) string {
	t.Helper()
	trusted, err := credentials.NewClientTLSFromFile(roots, "")
	if err != nil {
		t.Fatal(err)
	}
	to, err := grpc.NewClient(e.Address, grpc.WithTransportCredentials(trusted),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(asIs{}), grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&certificate)), grpc.ForceServerCodecV2(asIs{}),
		grpc.MaxRecvMsgSize(64<<20), grpc.UnknownServiceHandler(func(_ any, from grpc.ServerStream) error { return b.carry(from, to) }))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); to.Close() })
	return listener.Addr().String()
}

// carry takes one call to the peer and the answers back.
func (b *Between) carry(from grpc.ServerStream, to *grpc.ClientConn) error {
	method, _ := grpc.MethodFromServerStream(from)
	name, ours := strings.CutPrefix(method, "/gateway.Gateway/")
	if !ours || name == "ChaincodeEvents" {
		return carryStream(from, to, method)
	}
	var request, answer []byte
	if err := from.RecvMsg(&request); err != nil {
		return err
	}
	b.mu.Lock()
	fault := b.faults[name]
	if handed := new(gateway.SubmitRequest); name == "Submit" && proto.Unmarshal(request, handed) == nil {
		b.sent = append(b.sent, handed.GetTransactionId())
	}
	b.mu.Unlock()
	pass := func() error { return to.Invoke(from.Context(), method, &request, &answer) }
	if fault == nil {
		fault = func(pass func() error) error { return pass() }
	}
	if err := fault(pass); err != nil {
		return err
	}
	return from.SendMsg(&answer)
}

func carryStream(from grpc.ServerStream, to *grpc.ClientConn, method string) error {
	stream, err := to.NewStream(from.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	go func() {
		for {
			var message []byte
			if err := from.RecvMsg(&message); err != nil {
				_ = stream.CloseSend()
				return
			}
			if stream.SendMsg(&message) != nil {
				return // RecvMsg below has the reason.
			}
		}
	}()
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := from.SendMsg(&message); err != nil {
			return err
		}
	}
}

// asIs is a gRPC codec that leaves messages alone.
type asIs struct{}

func (asIs) Name() string { return "proto" }

func (asIs) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (asIs) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// selfSigned makes a TLS certificate for this machine.
func selfSigned(t testing.TB) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "between"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
