package evidence_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode"
	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

// now is when the test network's peers endorsed.
var now = time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)

// authority is a member's certificate authority with its peer.
type authority struct {
	member evidence.Member
	key    *ecdsa.PrivateKey
	root   *x509.Certificate
	serial int64
}

func newAuthority(t *testing.T, id, mspID string) *authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: id + " authority"}, NotBefore: now.AddDate(-1, 0, 0),
		NotAfter: now.AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SubjectKeyId: []byte(id)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	root, err := x509.ParseCertificate(raw)
	must(t, err)
	return &authority{member: evidence.Member{ID: id, MSP: mspID, Roots: [][]byte{raw}}, key: key, root: root, serial: 1}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// identity is a node or person that an authority certified.
type identity struct {
	mspID       string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	root        []byte // digest of the authority's certificate
}

// issue certifies a new key for a unit ("peer", "client").
func (a *authority) issue(t *testing.T, unit string, from, until time.Time) *identity {
	t.Helper()
	a.serial++
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(a.serial), NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		Subject: pkix.Name{CommonName: unit + "." + a.member.ID, OrganizationalUnit: []string{unit}}}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.root, &key.PublicKey, a.key)
	must(t, err)
	certificate, err := x509.ParseCertificate(raw)
	must(t, err)
	digest := sha256.Sum256(a.root.Raw)
	return &identity{a.member.MSP, certificate, key, digest[:]}
}

func (a *authority) peer(t *testing.T) *identity {
	return a.issue(t, "peer", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
}

// revoke makes a revocation list with one identity.
func (a *authority) revoke(t *testing.T, who *identity, at time.Time) []byte {
	t.Helper()
	raw, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: at, NextUpdate: at.AddDate(1, 0, 0),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: who.certificate.SerialNumber, RevocationTime: at}}}, a.root, a.key)
	must(t, err)
	return raw
}

func (i *identity) serialized(t *testing.T) []byte {
	t.Helper()
	return encode(t, &msp.SerializedIdentity{Mspid: i.mspID, IdBytes: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificate.Raw})})
}

// endorse signs a proposal response payload as a peer does.
func (i *identity) endorse(t *testing.T, response []byte) evidence.Endorsement {
	t.Helper()
	who := i.serialized(t)
	digest := sha256.Sum256(append(append([]byte{}, response...), who...))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	must(t, err)
	n, err := evidence.NewEndorsement(who, lowS(t, r, s))
	must(t, err)
	n.Root = i.root
	return n
}

// lowS encodes a signature as Fabric does, with the smaller S; highS with the
// other one, which is as valid an ECDSA signature.
func lowS(t *testing.T, r, s *big.Int) []byte {
	t.Helper()
	if other := new(big.Int).Sub(elliptic.P256().Params().N, s); other.Cmp(s) < 0 {
		s = other
	}
	raw, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	must(t, err)
	return raw
}

func highS(t *testing.T, low []byte) []byte {
	t.Helper()
	var parts struct{ R, S *big.Int }
	_, err := asn1.Unmarshal(low, &parts)
	must(t, err)
	parts.S.Sub(elliptic.P256().Params().N, parts.S)
	raw, err := asn1.Marshal(parts)
	must(t, err)
	return raw
}

// fabric is a network of three members, small enough to lie in every way.
type fabric struct {
	city, xingguo, yudu *authority
	trust               *evidence.Trust
	receipt             *registry.Receipt // without evidence
}

func newFabric(t *testing.T) *fabric {
	t.Helper()
	f := &fabric{city: newAuthority(t, "city", "CityMSP"), xingguo: newAuthority(t, "xingguo", "XingguoMSP"), yudu: newAuthority(t, "yudu", "YuduMSP")}
	f.trust = &evidence.Trust{Ledger: "ganzhou", Channel: "licenses", Lead: "city",
		Members: []evidence.Member{f.city.member, f.xingguo.member, f.yudu.member}}
	city := ledgertest.NewCity()
	var entries []*registry.Entry
	for range 3 {
		entries = append(entries, city.NewLicense().Next(registry.Issue))
	}
	b := city.Batch(ledgertest.MemberXingguo, entries...)
	c := &registry.Commit{Height: 17, Transaction: "c0ffee", Batch: b, Outcome: registry.Outcome{Results: make([]registry.EntryResult, 3), Count: 3}}
	digests, _ := c.Accepted()
	c.Outcome.Root = registry.EntriesRoot(digests)
	r, err := registry.NewReceipt(c, 1)
	must(t, err)
	r.Ledger = "ganzhou"
	f.receipt = r
	return f
}

// story is everything that a peer signs for one endorsed read.
type story struct {
	channel      *common.ChannelHeader
	extension    *peer.ChaincodeHeaderExtension
	spec         *peer.ChaincodeSpec
	namespaces   []*rwset.NsReadWriteSet
	reads        *kvrwset.KVRWSet
	response     *peer.Response
	contract     *peer.ChaincodeID
	proposalHash []byte // when not the right one
	endorsers    []*identity
	policy       string
}

// story tells the truth about the receipt's root.
func (f *fabric) story(t *testing.T) *story {
	t.Helper()
	r := f.receipt
	keys := evidence.Keys(r.Root, r.Transaction)
	packed, err := wire.PackKeys(keys)
	must(t, err)
	record, err := registry.Encode(chaincode.BatchRoot{Count: r.Size, Time: r.Recorded})
	must(t, err)
	values, err := wire.PackValues([][]byte{record, r.Root[:]})
	must(t, err)
	version := &kvrwset.Version{BlockNum: r.Height, TxNum: 2}
	id := &peer.ChaincodeID{Name: r.Namespace, Version: "1"}
	return &story{
		channel:   &common.ChannelHeader{Type: int32(common.HeaderType_ENDORSER_TRANSACTION), ChannelId: "licenses", TxId: "another"},
		extension: &peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: r.Namespace}},
		spec: &peer.ChaincodeSpec{ChaincodeId: &peer.ChaincodeID{Name: r.Namespace},
			Input: &peer.ChaincodeInput{Args: [][]byte{[]byte(wire.Read), packed}}},
		namespaces: []*rwset.NsReadWriteSet{{Namespace: "_lifecycle", Rwset: encode(t, &kvrwset.KVRWSet{
			Reads: []*kvrwset.KVRead{{Key: "namespaces/fields/xingguo/Sequence", Version: &kvrwset.Version{BlockNum: 5}}}})}},
		reads:    &kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{{Key: keys[0], Version: version}, {Key: keys[1], Version: version}}},
		response: &peer.Response{Status: 200, Payload: values}, contract: id,
		endorsers: []*identity{f.city.peer(t), f.xingguo.peer(t)},
		policy:    "AND('CityMSP.peer','XingguoMSP.peer')",
	}
}

// tell has the endorsers sign the story and lays it out as evidence.
func (f *fabric) tell(t *testing.T, s *story) *evidence.Evidence {
	t.Helper()
	s.channel.Extension = encode(t, s.extension)
	e := &evidence.Evidence{Ledger: "ganzhou", Height: f.receipt.Height, Number: 2, Contract: "1", Policy: s.policy,
		ChannelHeader:   encode(t, s.channel),
		SignatureHeader: encode(t, &common.SignatureHeader{Creator: []byte("client"), Nonce: []byte("nonce")}),
		Proposal: encode(t, &peer.ChaincodeProposalPayload{
			Input: encode(t, &peer.ChaincodeInvocationSpec{ChaincodeSpec: s.spec})})}
	hash := sha256.New()
	for _, part := range [][]byte{e.ChannelHeader, e.SignatureHeader, e.Proposal} {
		hash.Write(part)
	}
	if s.proposalHash == nil {
		s.proposalHash = hash.Sum(nil)
	}
	results := &rwset.TxReadWriteSet{NsRwset: append(s.namespaces, &rwset.NsReadWriteSet{Namespace: s.contract.GetName(), Rwset: encode(t, s.reads)})}
	e.Response = encode(t, &peer.ProposalResponsePayload{ProposalHash: s.proposalHash, Extension: encode(t, &peer.ChaincodeAction{
		Results: encode(t, results), Response: s.response, ChaincodeId: s.contract})})
	for _, who := range s.endorsers {
		e.Endorsements = append(e.Endorsements, who.endorse(t, e.Response))
	}
	return e
}

// receiptWith puts evidence into the receipt.
func (f *fabric) receiptWith(t *testing.T, e *evidence.Evidence) *registry.Receipt {
	t.Helper()
	raw, err := registry.Encode(e)
	must(t, err)
	r := *f.receipt
	r.Evidence = raw
	return &r
}

func encode(t *testing.T, m proto.Message) []byte {
	t.Helper()
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	must(t, err)
	return raw
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
