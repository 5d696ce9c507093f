package fabric

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

// ledger is what a peer keeps: values by namespace and key.
type ledger map[string]map[string][]byte

// stub plays the peer for one proposal. What is not said here is not called.
type stub struct {
	shim.ChaincodeStubInterface
	t         *testing.T
	ledger    ledger
	namespace string // of the contract that runs
	called    string // as the client's proposal names it
	args      [][]byte
	writes    map[string][]byte
	calls     int // to other namespaces
}

func (s *stub) GetArgs() [][]byte                       { return s.args }
func (s *stub) GetTxID() string                         { return "c0ffee" }
func (s *stub) StartWriteBatch()                        {}
func (s *stub) FinishWriteBatch() error                 { return nil }
func (s *stub) PutState(key string, value []byte) error { s.writes[key] = value; return nil }
func (s *stub) GetMultipleStates(k ...string) ([][]byte, error) {
	values := make([][]byte, len(k))
	for i, key := range k {
		if values[i] = s.ledger[s.namespace][key]; values[i] == nil {
			values[i] = []byte{} // as the shim says "absent"
		}
	}
	return values, nil
}

func (s *stub) GetSignedProposal() (*peer.SignedProposal, error) {
	extension, _ := proto.Marshal(&peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: s.called}})
	channel, _ := proto.Marshal(&common.ChannelHeader{Extension: extension})
	header, _ := proto.Marshal(&common.Header{ChannelHeader: channel})
	proposal, _ := proto.Marshal(&peer.Proposal{Header: header})
	return &peer.SignedProposal{ProposalBytes: proposal}, nil
}

func (s *stub) InvokeChaincode(name string, args [][]byte, channel string) *peer.Response {
	s.calls++
	inner := &stub{t: s.t, ledger: s.ledger, namespace: name, called: s.called, args: args, writes: map[string][]byte{}}
	defer func() {
		if len(inner.writes) > 0 {
			s.t.Error("a read in another namespace wrote")
		}
	}()
	return contractOf(s.t, name, nil).Invoke(inner)
}

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

func contractOf(t *testing.T, namespace string, clock func() time.Time) *Contract {
	t.Helper()
	c, err := New(Config{Namespace: namespace, Clock: clock, Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// invoke calls a contract directly and, when it succeeds, keeps what it wrote.
func (l ledger) invoke(t *testing.T, namespace string, clock func() time.Time, args ...[]byte) (*peer.Response, *stub) {
	t.Helper()
	s := &stub{t: t, ledger: l, namespace: namespace, called: namespace, args: args, writes: map[string][]byte{}}
	response := contractOf(t, namespace, clock).Invoke(s)
	if response.GetStatus() == shim.OK {
		if l[namespace] == nil {
			l[namespace] = map[string][]byte{}
		}
		for key, value := range s.writes {
			l[namespace][key] = value
		}
	}
	return response, s
}

func packed(t *testing.T, b registry.Batch) []byte {
	t.Helper()
	raw, err := wire.PackBatch(&b)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func outcomeOf(t *testing.T, r *peer.Response) *registry.Outcome {
	t.Helper()
	outcome := new(registry.Outcome)
	if r.GetStatus() != shim.OK {
		t.Fatalf("status %d: %s", r.GetStatus(), r.GetMessage())
	}
	if err := registry.Decode(r.GetPayload(), outcome); err != nil {
		t.Fatal(err)
	}
	return outcome
}

func codeOf(r *peer.Response) registry.Code {
	if coded := wire.UnpackError(r.GetMessage()); coded != nil {
		return coded.Code
	}
	return ""
}

func founded(t *testing.T, city *ledgertest.City, clock func() time.Time) ledger {
	t.Helper()
	l := ledger{}
	r, _ := l.invoke(t, registry.Governance, clock, []byte(wire.Submit), packed(t, city.Genesis()))
	if o := outcomeOf(t, r); o.Count != len(o.Results) {
		t.Fatalf("genesis: %+v", o)
	}
	return l
}

func TestSubmitReadsOnceAndNamesTheTransaction(t *testing.T) {
	city := ledgertest.NewCity()
	l := founded(t, city, nil)
	city.Now = city.Rules.GenesisUntil + 60
	b := city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue), city.NewLicense().Next(registry.Issue))
	dry, s := l.invoke(t, b.Namespace, nil, []byte(wire.DryRun), packed(t, b))
	if o := outcomeOf(t, dry); o.Count != 2 || len(s.writes) != 0 {
		t.Fatalf("dry run: %+v, %d writes", o, len(s.writes))
	}
	r, s := l.invoke(t, b.Namespace, nil, []byte(wire.Submit), packed(t, b))
	o := outcomeOf(t, r)
	if o.Count != 2 || s.calls != 1 {
		t.Errorf("%+v, %d calls to governance", o, s.calls)
	}
	keys, err := wire.PackKeys([]string{registry.RootKey(o.Root), wire.TransactionKey("c0ffee"), "absent"})
	if err != nil {
		t.Fatal(err)
	}
	read, _ := l.invoke(t, b.Namespace, nil, []byte(wire.Read), keys)
	values, err := wire.UnpackValues(read.GetPayload())
	if err != nil || len(values) != 3 || string(values[1]) != string(o.Root[:]) || values[2] != nil {
		t.Fatalf("%x %v", values, err)
	}
	var root chaincode.BatchRoot
	if err := registry.Decode(values[0], &root); err != nil || root.Count != 2 || root.Time != b.Time {
		t.Errorf("%+v %v", root, err)
	}
}

func TestClock(t *testing.T) {
	city := ledgertest.NewCity()
	city.Rules.Simulated = false
	at := func(apart time.Duration) func() time.Time {
		return func() time.Time { return city.Time().Add(apart) }
	}
	for _, apart := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		if r, _ := (ledger{}).invoke(t, registry.Governance, at(apart), []byte(wire.Submit), packed(t, city.Genesis())); codeOf(r) != registry.CodeClock {
			t.Errorf("genesis %v apart: %v", apart, r.GetMessage())
		}
	}
	l := founded(t, city, at(time.Minute))
	b := city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue))
	for _, function := range []string{wire.Submit, wire.DryRun} {
		if r, _ := l.invoke(t, b.Namespace, at(10*time.Minute), []byte(function), packed(t, b)); codeOf(r) != registry.CodeClock {
			t.Errorf("%s: %v", function, r.GetMessage())
		}
	}
	if r, _ := l.invoke(t, b.Namespace, at(-time.Minute), []byte(wire.Submit), packed(t, b)); outcomeOf(t, r).Count != 1 {
		t.Error("a minute apart was too much")
	}
}

func TestWholeRefusals(t *testing.T) {
	city := ledgertest.NewCity()
	l := founded(t, city, nil)
	b := city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue))
	for name, test := range map[string]struct {
		namespace string
		args      []string
		want      registry.Code
	}{
		"no function":         {"xingguo", nil, registry.CodeEntryForm},
		"unknown function":    {"xingguo", []string{"put", "k", "v"}, registry.CodeEntryForm},
		"no batch":            {"xingguo", []string{wire.Submit}, registry.CodeEntryForm},
		"garbage":             {"xingguo", []string{wire.Submit, "garbage"}, registry.CodeEntryForm},
		"another's namespace": {"yudu", []string{wire.Submit, string(packed(t, b))}, registry.CodeNamespace},
		"keys garbage":        {"xingguo", []string{wire.Read, "garbage"}, registry.CodeEntryForm},
	} {
		var args [][]byte
		for _, a := range test.args {
			args = append(args, []byte(a))
		}
		if r, s := l.invoke(t, test.namespace, nil, args...); codeOf(r) != test.want || len(s.writes) != 0 {
			t.Errorf("%s: %d %s", name, r.GetStatus(), r.GetMessage())
		}
	}
	// Through another chaincode a batch would not be seen by those who follow.
	s := &stub{t: t, ledger: l, namespace: b.Namespace, called: "other", args: [][]byte{[]byte(wire.Submit), packed(t, b)}, writes: map[string][]byte{}}
	if r := contractOf(t, b.Namespace, nil).Invoke(s); codeOf(r) != registry.CodeNamespace || len(s.writes) != 0 {
		t.Errorf("called through another chaincode: %s", r.GetMessage())
	}
	if r, s := l.invoke(t, "xingguo", nil, []byte(wire.Ping)); r.GetStatus() != shim.OK || string(r.GetPayload()) != wire.Pong || s.calls != 1 {
		t.Errorf("ping: %v", r)
	}
}

// TestPanic: a fault in one call is that call's alone.
func TestPanic(t *testing.T) {
	r := contractOf(t, "xingguo", nil).Invoke(&stub{t: t, namespace: "xingguo", called: "xingguo", writes: nil,
		ledger: ledger{}, args: [][]byte{[]byte(wire.Read), {1, 0x81, 0x61, 'k'}}, ChaincodeStubInterface: nil})
	if r.GetStatus() != shim.OK {
		t.Fatalf("%v", r)
	}
	broken := &brokenStub{}
	if r := contractOf(t, "xingguo", nil).Invoke(broken); codeOf(r) != registry.CodeInternal {
		t.Errorf("%v", r)
	}
}

type brokenStub struct{ shim.ChaincodeStubInterface }

func (*brokenStub) GetArgs() [][]byte { panic("broken") }
func (*brokenStub) GetTxID() string   { return "c0ffee" }

// TestStartWaitsForItsPort: the service that is replaced may still hold it.
func TestStartWaitsForItsPort(t *testing.T) {
	old, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := old.Addr().String()
	go func() {
		time.Sleep(300 * time.Millisecond)
		old.Close()
	}()
	ended := make(chan error, 1)
	server := &shim.ChaincodeServer{CCID: "x", Address: at, CC: contractOf(t, "xingguo", nil), TLSProps: shim.TLSProperties{Disabled: true}}
	go func() { ended <- Start(server) }()
	for began := time.Now(); time.Since(began) < 4*time.Second; time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
		if time.Since(began) < 400*time.Millisecond {
			continue
		}
		if conn, err := net.Dial("tcp", at); err == nil {
			conn.Close()
			return
		}
	}
	t.Error("it does not listen")
}
