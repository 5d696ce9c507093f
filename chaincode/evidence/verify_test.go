package evidence_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"

	"tongzheng/chaincode"
	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

func TestTruth(t *testing.T) {
	f := newFabric(t)
	r := f.receiptWith(t, f.tell(t, f.story(t)))
	e, err := evidence.VerifyEvidence(r, f.trust, now)
	if err != nil || string(e.Bytes()) != string(r.Entry) {
		t.Fatalf("%v %v", e, err)
	}
	// Governance and the city's own namespace: the city and any other.
	for _, namespace := range []string{registry.Governance, "city"} {
		g := *f
		own := *f.receipt
		own.Namespace = namespace
		g.receipt = &own
		s := g.story(t)
		s.endorsers = []*identity{f.yudu.peer(t), f.city.peer(t)}
		s.policy = "AND('CityMSP.peer',OR('XingguoMSP.peer','YuduMSP.peer'))"
		if _, err := evidence.VerifyEvidence(g.receiptWith(t, g.tell(t, s)), f.trust, now); err != nil {
			t.Errorf("%s: %v", namespace, err)
		}
	}
}

// TestSignedLies: whatever properly certified peers sign, it must be the read of
// this root, by those whom the namespace needs.
func TestSignedLies(t *testing.T) {
	f := newFabric(t)
	values := func(count int, at int64, root []byte) []byte {
		record, err := registry.Encode(chaincode.BatchRoot{Count: count, Time: at})
		must(t, err)
		raw, err := wire.PackValues([][]byte{record, root})
		must(t, err)
		return raw
	}
	size, recorded, root := f.receipt.Size, f.receipt.Recorded, f.receipt.Root[:]
	for name, lie := range map[string]func(s *story){
		"city alone":          func(s *story) { s.endorsers = s.endorsers[:1] },
		"member alone":        func(s *story) { s.endorsers = s.endorsers[1:] },
		"nobody":              func(s *story) { s.endorsers = nil },
		"another county":      func(s *story) { s.endorsers[1] = f.yudu.peer(t) },
		"city twice":          func(s *story) { s.endorsers[1] = f.city.peer(t) },
		"two counties":        func(s *story) { s.endorsers[0] = f.yudu.peer(t) },
		"a stranger besides":  func(s *story) { s.endorsers = append(s.endorsers, newAuthority(t, "x", "StrangerMSP").peer(t)) },
		"another's authority": func(s *story) { s.endorsers[1] = newAuthority(t, "xingguo", "XingguoMSP").peer(t) },
		"a client's certificate": func(s *story) {
			s.endorsers[1] = f.xingguo.issue(t, "client", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
		},
		"an expired certificate": func(s *story) {
			s.endorsers[1] = f.xingguo.issue(t, "peer", now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1))
		},
		"a certificate of tomorrow": func(s *story) {
			s.endorsers[1] = f.xingguo.issue(t, "peer", now.AddDate(0, 0, 1), now.AddDate(1, 0, 0))
		},
		"a policy that asks more":    func(s *story) { s.policy = "AND('CityMSP.peer','XingguoMSP.peer','YuduMSP.peer')" },
		"a policy that asks less":    func(s *story) { s.policy, s.endorsers = "OR('CityMSP.peer')", s.endorsers[:1] },
		"no policy":                  func(s *story) { s.policy = "" },
		"another channel":            func(s *story) { s.channel.ChannelId = "test" },
		"another kind of message":    func(s *story) { s.channel.Type = 1 },
		"another contract's header":  func(s *story) { s.extension.ChaincodeId.Name = "yudu" },
		"another contract called":    func(s *story) { s.spec.ChaincodeId.Name = "yudu" },
		"another contract answered":  func(s *story) { s.contract.Name = "yudu" },
		"another function":           func(s *story) { s.spec.Input.Args[0] = []byte(wire.Submit) },
		"other keys":                 func(s *story) { s.spec.Input.Args[1] = []byte{1, 0x80} },
		"more arguments":             func(s *story) { s.spec.Input.Args = append(s.spec.Input.Args, []byte{1}) },
		"an answer to something":     func(s *story) { s.proposalHash = make([]byte, 32) },
		"a refusal":                  func(s *story) { s.response.Status = 500 },
		"no value":                   func(s *story) { s.response.Payload = nil },
		"an absent root":             func(s *story) { raw, _ := wire.PackValues([][]byte{nil, root}); s.response.Payload = raw },
		"another size":               func(s *story) { s.response.Payload = values(size+1, recorded, root) },
		"another time":               func(s *story) { s.response.Payload = values(size, recorded+1, root) },
		"another transaction's root": func(s *story) { s.response.Payload = values(size, recorded, make([]byte, 32)) },
		"another height":             func(s *story) { s.reads.Reads[0].Version.BlockNum++ },
		"written apart":              func(s *story) { s.reads.Reads[1].Version = &kvrwset.Version{BlockNum: f.receipt.Height, TxNum: 3} },
		"not written":                func(s *story) { s.reads.Reads[0].Version = nil },
		"no reads":                   func(s *story) { s.reads.Reads = nil },
		"one read":                   func(s *story) { s.reads.Reads = s.reads.Reads[:1] },
		"a write":                    func(s *story) { s.reads.Writes = []*kvrwset.KVWrite{{Key: "k", Value: []byte("v")}} },
		"a range read":               func(s *story) { s.reads.RangeQueriesInfo = []*kvrwset.RangeQueryInfo{{StartKey: "a"}} },
		"metadata written":           func(s *story) { s.reads.MetadataWrites = []*kvrwset.KVMetadataWrite{{Key: "k"}} },
		"another namespace touched":  func(s *story) { s.namespaces = append(s.namespaces, &rwset.NsReadWriteSet{Namespace: "yudu"}) },
		"two answers in one":         func(s *story) { s.namespaces = append(s.namespaces, &rwset.NsReadWriteSet{Namespace: "xingguo"}) },
	} {
		s := f.story(t)
		lie(s)
		if _, err := evidence.VerifyEvidence(f.receiptWith(t, f.tell(t, s)), f.trust, now); registry.CodeOf(err) != registry.CodeReceipt {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAltered: after the signatures, nothing may change.
func TestAltered(t *testing.T) {
	f := newFabric(t)
	for name, alter := range map[string]func(e *evidence.Evidence, r *registry.Receipt){
		"height in words":   func(e *evidence.Evidence, _ *registry.Receipt) { e.Height++ },
		"number in words":   func(e *evidence.Evidence, _ *registry.Receipt) { e.Number++ },
		"contract in words": func(e *evidence.Evidence, _ *registry.Receipt) { e.Contract = "2" },
		"ledger":            func(e *evidence.Evidence, _ *registry.Receipt) { e.Ledger = "jian" },
		"channel header":    func(e *evidence.Evidence, _ *registry.Receipt) { e.ChannelHeader = append(e.ChannelHeader, 0x30, 1) },
		"signature header":  func(e *evidence.Evidence, _ *registry.Receipt) { e.SignatureHeader[0] ^= 1 },
		"proposal":          func(e *evidence.Evidence, _ *registry.Receipt) { e.Proposal = append(e.Proposal, 0x30, 1) },
		"response":          func(e *evidence.Evidence, _ *registry.Receipt) { e.Response = append(e.Response, 0x30, 1) },
		"high S": func(e *evidence.Evidence, _ *registry.Receipt) {
			e.Endorsements[0].Signature = highS(t, e.Endorsements[0].Signature)
		},
		"more after the signature": func(e *evidence.Evidence, _ *registry.Receipt) {
			e.Endorsements[0].Signature = append(e.Endorsements[0].Signature, 0)
		},
		"signature":     func(e *evidence.Evidence, _ *registry.Receipt) { e.Endorsements[0].Signature[8] ^= 1 },
		"membership":    func(e *evidence.Evidence, _ *registry.Receipt) { e.Endorsements[1].MSP = "YuduMSP" },
		"root of trust": func(e *evidence.Evidence, _ *registry.Receipt) { e.Endorsements[1].Root = make([]byte, 32) },
		"swapped": func(e *evidence.Evidence, _ *registry.Receipt) {
			n := e.Endorsements
			n[0].Signature, n[1].Signature = n[1].Signature, n[0].Signature
		},
		"receipt's ledger": func(_ *evidence.Evidence, r *registry.Receipt) { r.Ledger = "jian" },
		"receipt's root":   func(_ *evidence.Evidence, r *registry.Receipt) { r.Root[0] ^= 1 },
		"receipt's entry":  func(_ *evidence.Evidence, r *registry.Receipt) { r.Index = 0 },
		"receipt's id":     func(_ *evidence.Evidence, r *registry.Receipt) { r.Transaction = "c0ffef" },
		"receipt's time":   func(_ *evidence.Evidence, r *registry.Receipt) { r.Recorded-- },
		"receipt's height": func(_ *evidence.Evidence, r *registry.Receipt) { r.Height-- },
		"receipt's member": func(_ *evidence.Evidence, r *registry.Receipt) { r.Namespace = "yudu" },
	} {
		e := f.tell(t, f.story(t))
		probe := *f.receipt
		alter(e, &probe)
		raw, err := registry.Encode(e)
		must(t, err)
		probe.Evidence = raw
		if _, err := evidence.VerifyEvidence(&probe, f.trust, now); registry.CodeOf(err) != registry.CodeReceipt {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTimes: certificates are judged at the time at which the evidence is known
// to have existed.
func TestTimes(t *testing.T) {
	f := newFabric(t)
	s := f.story(t)
	r := f.receiptWith(t, f.tell(t, s))
	after, revoked := now.AddDate(2, 0, 0), now.Add(48*time.Hour)
	if _, err := evidence.VerifyEvidence(r, f.trust, after); err == nil {
		t.Error("two years later without a time stamp the certificates have expired")
	}
	trust := *f.trust
	trust.Members = append([]evidence.Member{}, f.trust.Members...)
	trust.Members[1].Revocations = [][]byte{f.xingguo.revoke(t, s.endorsers[1], revoked)}
	if _, err := evidence.VerifyEvidence(r, &trust, now); err != nil {
		t.Errorf("revoked later: %v", err)
	}
	if _, err := evidence.VerifyEvidence(r, &trust, revoked.Add(time.Hour)); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("revoked before: %v", err)
	}
	trust.Members[1].Revocations = [][]byte{{1, 2, 3}}
	if _, err := evidence.VerifyEvidence(r, &trust, now); err == nil {
		t.Error("a revocation list that cannot be read passed for none")
	}
	// A list that somebody else signed in the authority's name proves nothing.
	forged := newAuthority(t, "xingguo", "XingguoMSP")
	trust.Members[1].Revocations = [][]byte{forged.revoke(t, s.endorsers[1], now)}
	if _, err := evidence.VerifyEvidence(r, &trust, now); err == nil || strings.Contains(err.Error(), "revoked at") {
		t.Errorf("a forged revocation list: %v", err)
	}
}

// TestFormerMember: what a member endorsed before it left stays good, and nothing
// after.
func TestFormerMember(t *testing.T) {
	f := newFabric(t)
	r := f.receiptWith(t, f.tell(t, f.story(t)))
	trust := *f.trust
	trust.Members = append([]evidence.Member{}, f.trust.Members...)
	trust.Members[1].Left = now.Add(time.Hour)
	if _, err := evidence.VerifyEvidence(r, &trust, now); err != nil {
		t.Errorf("before it left: %v", err)
	}
	for _, at := range []time.Time{now.Add(time.Hour), now.Add(48 * time.Hour)} {
		if _, err := evidence.VerifyEvidence(r, &trust, at); err == nil || !strings.Contains(err.Error(), "left") {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// TestFrozen: a receipt of a real network, kept for ever.
func TestFrozen(t *testing.T) {
	raw, err := os.ReadFile("testdata/receipt.json")
	must(t, err)
	var frozen struct {
		Trust   evidence.Trust   `json:"trust"`
		Receipt registry.Receipt `json:"receipt"`
		At      time.Time        `json:"at"`
	}
	must(t, json.Unmarshal(raw, &frozen))
	if _, err := evidence.VerifyEvidence(&frozen.Receipt, &frozen.Trust, frozen.At); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of evidence", len(frozen.Receipt.Evidence))
	for i := range frozen.Receipt.Evidence {
		bad := frozen.Receipt
		bad.Evidence = append([]byte{}, frozen.Receipt.Evidence...)
		bad.Evidence[i] ^= 0x10
		if _, err := evidence.VerifyEvidence(&bad, &frozen.Trust, frozen.At); err == nil {
			t.Errorf("byte %d can be changed", i)
		}
	}
}

func TestPolicies(t *testing.T) {
	p, err := evidence.ParsePolicy("AND('CityMSP.peer', OR('XingguoMSP.peer','YuduMSP.peer'))")
	must(t, err)
	if sets := p.Members(); len(sets) != 2 || strings.Join(sets[0], " ") != "CityMSP XingguoMSP" || strings.Join(sets[1], " ") != "CityMSP YuduMSP" {
		t.Errorf("%v", sets)
	}
	two, err := evidence.ParsePolicy("OutOf(2,'A.peer','B.peer','C.peer')")
	must(t, err)
	if sets := two.Members(); len(sets) != 3 || !two.Satisfied(func(p string) bool { return p != "A.peer" }) || two.Satisfied(func(p string) bool { return p == "A.peer" }) {
		t.Errorf("%v", sets)
	}
	for _, bad := range []string{"", "AND", "AND(", "AND('a'", "AND('a')x", "XOR('a','b')", "OutOf('a')", "OutOf(3,'a','b')", "AND('a';'b')", "''",
		strings.Repeat("AND(", 99) + "'a'" + strings.Repeat(")", 99)} {
		if _, err := evidence.ParsePolicy(bad); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}

func BenchmarkVerifyEvidence(b *testing.B) {
	t := new(testing.T)
	f := newFabric(t)
	r := f.receiptWith(t, f.tell(t, f.story(t)))
	for b.Loop() {
		if _, err := evidence.VerifyEvidence(r, f.trust, now); err != nil {
			b.Fatal(err)
		}
	}
}
