package gateway

import (
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// renewalAndRevocation: Xingguo's peer gets a new certificate, and the old
// one, whose key was stolen, is revoked. What it endorsed before stays good;
// what the thief endorses counts neither on the ledger nor in a receipt.
func renewalAndRevocation(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	receipt := func() *registry.Receipt {
		return receiptOf(t, l, submit(t, l, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue))), 0)
	}
	verify := func(what string, r *registry.Receipt, at time.Time, complaint string) {
		t.Helper()
		_, err := evidence.VerifyEvidence(r, l.Trust(), at)
		if complaint == "" && err != nil || complaint != "" && (err == nil || !strings.Contains(err.Error(), complaint)) {
			t.Errorf("%s: %v, want %q", what, err, complaint)
		}
	}
	before, then := receipt(), time.Now()
	stolen := steal(t, n, ledgertest.MemberXingguo)
	began := time.Now()
	old, err := n.RenewPeer(t.Context(), ledgertest.MemberXingguo)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("renewed in %.1f s", time.Since(began).Seconds())
	after := receipt()
	if string(endorsedBy(t, before, "XingguoMSP").Certificate) == string(endorsedBy(t, after, "XingguoMSP").Certificate) {
		t.Fatal("the certificate was not renewed")
	}
	verify("old certificate, not revoked yet", before, time.Now(), "")
	verify("new certificate", after, time.Now(), "")
	verify("the other S", withSignature(t, after, otherS), time.Now(), "not in the one form")
	theft := withEndorsement(t, after, stolen.endorse)
	verify("the thief, while nobody knows", theft, time.Now(), "")

	began = time.Now()
	if err := n.Revoke(t.Context(), ledgertest.MemberXingguo, readCertificate(t, old)); err != nil {
		t.Fatal(err)
	}
	t.Logf("revoked in %.1f s", time.Since(began).Seconds())
	now := time.Now()
	verify("old certificate, endorsed before", before, then, "")
	verify("old certificate, no time stamp from before", before, now, "was revoked")
	verify("the thief", theft, now, "was revoked")
	verify("new certificate after the revocation", after, now, "")
	verify("a new receipt", receipt(), time.Now(), "")
	end := readCertificate(t, old).NotAfter
	verify("after the certificate's end", after, end.AddDate(1, 0, 0), "expired")

	// The ledger: peers count the new certificate's endorsement, and neither the
	// revoked one's nor a signature with the other S.
	c := counted{t, n, l, city}
	current := steal(t, n, ledgertest.MemberXingguo)
	if err := c.with(current.endorse); err != nil {
		t.Errorf("with the new certificate: %v", err)
	}
	if err := c.with(stolen.endorse); err == nil || !strings.Contains(err.Error(), policyFailure) {
		t.Errorf("with the revoked certificate: %v", err)
	}
	err = c.with(func(t *testing.T, response []byte, was evidence.Endorsement) evidence.Endorsement {
		made := current.endorse(t, response, was)
		made.Signature = otherS(t, made.Signature)
		return made
	})
	if err == nil || !strings.Contains(err.Error(), policyFailure) {
		t.Errorf("with the other S: %v", err)
	}
}

// counted asks the ledger which endorsements it counts.
type counted struct {
	t       *testing.T
	network *network.Network
	ledger  *Ledger
	city    *ledgertest.City
}

// with submits an issue that the city's peer endorsed, and that has a made
// endorsement in Xingguo's name.
func (c counted) with(endorse func(*testing.T, []byte, evidence.Endorsement) evidence.Endorsement) error {
	c.t.Helper()
	must := func(err error) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
	}
	b := c.city.Batch(ledgertest.MemberXingguo, c.city.NewLicense().Next(registry.Issue))
	tx, err := c.ledger.Prepare(c.t.Context(), b)
	must(err)
	proposed, err := c.ledger.proposed(tx)
	must(err)
	var prepared *client.Transaction
	networktest.Eventually(c.t, "the city's endorsement", func() (err error) {
		prepared, err = c.ledger.askFor(c.t.Context(), b.Namespace, proposed, []string{"CityMSP"})
		return err
	})
	e, err := finish(tx, prepared)
	must(err)
	var whole gateway.PreparedTransaction
	var payload common.Payload
	var transaction peer.Transaction
	var action peer.ChaincodeActionPayload
	must(proto.Unmarshal(e.raw, &whole))
	must(proto.Unmarshal(whole.Envelope.Payload, &payload))
	must(proto.Unmarshal(payload.Data, &transaction))
	must(proto.Unmarshal(transaction.Actions[0].Payload, &action))
	made := endorse(c.t, action.Action.ProposalResponsePayload, evidence.Endorsement{MSP: "XingguoMSP"})
	who, err := proto.Marshal(&msp.SerializedIdentity{Mspid: made.MSP,
		IdBytes: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate})})
	must(err)
	action.Action.Endorsements = append(action.Action.Endorsements, &peer.Endorsement{Endorser: who, Signature: made.Signature})
	transaction.Actions[0].Payload, err = proto.Marshal(&action)
	must(err)
	payload.Data, err = proto.Marshal(&transaction)
	must(err)
	whole.Envelope.Payload, err = proto.Marshal(&payload)
	must(err)
	// The client signs the transaction, as the member's registry does.
	key, err := os.ReadFile(filepath.Join(dataOf(c.network), "members", b.Namespace, "client", "key.pem"))
	must(err)
	whole.Envelope.Signature = signed(c.t, key, whole.Envelope.Payload)
	e.raw, err = proto.Marshal(&whole)
	must(err)
	_, err = c.ledger.commit(c.t.Context(), e)
	return err
}

// signed signs with an ECDSA key (PEM) as Fabric does.
func signed(t *testing.T, key []byte, message []byte) []byte {
	t.Helper()
	private, err := identity.PrivateKeyFromPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	sign, err := identity.NewPrivateKeySign(private)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(message)
	signature, err := sign(digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// dataOf is the network's data folder.
func dataOf(n *network.Network) string { return filepath.Dir(filepath.Dir(n.ProfilePath("city"))) }

// nodeKey is the identity of a peer: who has it can speak as the peer.
type nodeKey struct{ certificate, key []byte } // PEM

func steal(t *testing.T, n *network.Network, member string) nodeKey {
	t.Helper()
	folder := filepath.Join(dataOf(n), "members", member, "peer", "msp")
	certificate, err := os.ReadFile(filepath.Join(folder, "signcerts", "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(folder, "keystore", "key_sk"))
	if err != nil {
		t.Fatal(err)
	}
	return nodeKey{certificate, key}
}

// endorse signs what the member's peer signed, with this identity.
func (k nodeKey) endorse(t *testing.T, response []byte, was evidence.Endorsement) evidence.Endorsement {
	t.Helper()
	who, err := proto.Marshal(&msp.SerializedIdentity{Mspid: was.MSP, IdBytes: k.certificate})
	if err != nil {
		t.Fatal(err)
	}
	now, err := evidence.NewEndorsement(who, signed(t, k.key, append(append([]byte{}, response...), who...)))
	if err != nil {
		t.Fatal(err)
	}
	now.Root = was.Root
	return now
}

func endorsedBy(t *testing.T, r *registry.Receipt, msp string) evidence.Endorsement {
	t.Helper()
	e, err := evidence.Decode(r.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range e.Endorsements {
		if n.MSP == msp {
			return n
		}
	}
	t.Fatalf("not endorsed by %s", msp)
	return evidence.Endorsement{}
}

// withEndorsement is a receipt with Xingguo's endorsement made anew.
func withEndorsement(t *testing.T, r *registry.Receipt, change func(t *testing.T, response []byte, was evidence.Endorsement) evidence.Endorsement) *registry.Receipt {
	t.Helper()
	e, err := evidence.Decode(r.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range e.Endorsements {
		if n.MSP == "XingguoMSP" {
			e.Endorsements[i] = change(t, e.Response, n)
		}
	}
	other := *r
	if other.Evidence, err = registry.Encode(e); err != nil {
		t.Fatal(err)
	}
	return &other
}

func withSignature(t *testing.T, r *registry.Receipt, change func(t *testing.T, signature []byte) []byte) *registry.Receipt {
	t.Helper()
	return withEndorsement(t, r, func(t *testing.T, _ []byte, was evidence.Endorsement) evidence.Endorsement {
		was.Signature = change(t, was.Signature)
		return was
	})
}

// otherS makes the second valid ECDSA signature out of the first.
func otherS(t *testing.T, signature []byte) []byte {
	t.Helper()
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &parts); err != nil {
		t.Fatal(err)
	}
	parts.S.Sub(elliptic.P256().Params().N, parts.S)
	raw, err := asn1.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func readCertificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		t.Fatalf("%s holds no certificate", file)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
