package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// desk is two people with keys of their own, one a key file, one a passkey, as
// a bundle's orders name them.
type desk struct {
	file    *sm2.PrivateKey
	passkey *ecdsa.PrivateKey
	b       *bundle
	intent  *registry.Intent
}

const deskOrganization = "11360732DEM20018XP"

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{intent: &registry.Intent{Act: registry.Cancel, Organization: deskOrganization, Sequence: 2, Ground: "applied", Decided: 100}}
	var err error
	if d.file, err = sm2.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if d.passkey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	enrolled := func(algorithm registry.Algorithm, spki []byte, person string, role registry.Role) order {
		return at(&registry.Approver{KeyID: sm.KeyIDOf(spki), Algorithm: algorithm, Public: spki, Person: person, Organization: deskOrganization, Roles: []registry.Role{role}, From: 1})
	}
	d.b = &bundle{signatures: map[registry.Algorithm]int{}, orders: []order{
		at(&registry.Rules{Version: 1, RelyingParty: "localhost", Origins: []string{"http://localhost"}}),
		at(&registry.Policy{Type: registry.DefaultPolicy, State: []registry.Role{registry.RoleAcceptor, registry.RoleApprover}}),
		enrolled(registry.SM2SM3, spkiOf(t, &d.file.PublicKey), "p1", registry.RoleAcceptor),
		enrolled(registry.WebAuthn, spkiOf(t, &d.passkey.PublicKey), "p2", registry.RoleApprover),
	}}
	return d
}

func at(record registry.GovernanceRecord) order {
	return order{&registry.Receipt{Height: 1}, nil, record}
}

func spkiOf(t *testing.T, pub *ecdsa.PublicKey) []byte {
	t.Helper()
	if sm.IsSM2(pub) {
		spki, err := sm.MarshalPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		return spki
	}
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return spki
}

func (d *desk) byFile(t *testing.T) registry.Approval {
	t.Helper()
	signature, err := d.file.SignWithSM2(rand.Reader, nil, registry.ApprovalMessage(d.intent.Digest()))
	if err != nil {
		t.Fatal(err)
	}
	return registry.Approval{Algorithm: registry.SM2SM3, KeyID: sm.KeyIDOf(spkiOf(t, &d.file.PublicKey)), Signature: signature}
}

// byPasskey signs as a device does: flags 5 says present and verified.
func (d *desk) byPasskey(t *testing.T, origin string, flags byte) registry.Approval {
	t.Helper()
	return d.byPasskeyOver(t, d.intent.Digest(), origin, flags)
}

func (d *desk) byPasskeyOver(t *testing.T, digest sm.Digest, origin string, flags byte) registry.Approval {
	t.Helper()
	rp := sha256.Sum256([]byte("localhost"))
	client := fmt.Sprintf(`{"type":"webauthn.get","challenge":%q,"origin":%q}`, base64.RawURLEncoding.EncodeToString(digest[:]), origin)
	as := registry.Assertion{AuthenticatorData: append(append(rp[:], flags), 0, 0, 0, 1), ClientData: []byte(client)}
	signed, err := registry.Encode(&as)
	if err != nil {
		t.Fatal(err)
	}
	clientHash := sha256.Sum256(as.ClientData)
	sum := sha256.Sum256(append(append([]byte{}, as.AuthenticatorData...), clientHash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.passkey, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return registry.Approval{Algorithm: registry.WebAuthn, KeyID: sm.KeyIDOf(spkiOf(t, &d.passkey.PublicKey)), Signed: signed, Signature: signature}
}

// Every approval in a bundle is verified by itself, of key files and of
// passkeys: by whoever sealed the bundle with whatever digest of approvals.
func TestBundleApprovals(t *testing.T) {
	d := newDesk(t)
	file, passkey := d.byFile(t), d.byPasskey(t, "http://localhost", 5)
	damaged := func(a registry.Approval) registry.Approval {
		a.Signature = append([]byte{}, a.Signature...)
		a.Signature[len(a.Signature)-1] ^= 1
		return a
	}
	other := newDesk(t)
	for _, c := range []struct {
		name      string
		approvals []registry.Approval
		want      registry.Code
	}{
		{"both", []registry.Approval{file, passkey}, ""},
		{"the passkey's signature damaged", []registry.Approval{file, damaged(passkey)}, registry.CodeApprovalSignature},
		{"the key file's signature damaged", []registry.Approval{damaged(file), passkey}, registry.CodeApprovalSignature},
		{"the passkey used at another site", []registry.Approval{file, d.byPasskey(t, "http://look-alike", 5)}, registry.CodeApprovalSignature},
		{"the passkey's user not verified", []registry.Approval{file, d.byPasskey(t, "http://localhost", 1)}, registry.CodeApprovalSignature},
		{"a passkey that nobody enrolled", []registry.Approval{file, other.byPasskey(t, "http://localhost", 5)}, registry.CodeApprovalUnknown},
		{"one of two", []registry.Approval{file}, registry.CodeApprovalMissing},
		{"none", nil, registry.CodeApprovalMissing},
	} {
		a := &act{BundleAct: registry.BundleAct{Receipt: registry.Receipt{Height: 2, Recorded: 200}, Approvals: c.approvals},
			entry: &registry.Entry{Intent: d.intent, Approvals: registry.ApprovalsDigest(c.approvals)}}
		if err := d.b.checkApprovals(a, nil); registry.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	left := &act{BundleAct: registry.BundleAct{Receipt: registry.Receipt{Height: 2, Recorded: 200}},
		entry: &registry.Entry{Intent: d.intent, Approvals: registry.ApprovalsDigest([]registry.Approval{file, passkey})}}
	if err := d.b.checkApprovals(left, nil); registry.CodeOf(err) != registry.CodeApprovalSignature {
		t.Error("approvals left out of the bundle:", err)
	}
}

// batched signs the desk's intent among others with one signature, as the second of
// three.
func (d *desk) batched(t *testing.T, sign func(digest sm.Digest) registry.Approval) registry.Approval {
	t.Helper()
	intents := []sm.Digest{sm.Sum([]byte("first")), d.intent.Digest(), sm.Sum([]byte("third"))}
	approvals, err := registry.SplitBatch(sign(registry.BatchDigest(intents)), intents)
	if err != nil {
		t.Fatal(err)
	}
	return approvals[1]
}

// TestBundleBatches: one signature over several intents approves each of them, of key
// files and of passkeys, by its path alone.
func TestBundleBatches(t *testing.T) {
	d := newDesk(t)
	file := d.batched(t, func(digest sm.Digest) registry.Approval {
		signature, err := d.file.SignWithSM2(rand.Reader, nil, registry.ApprovalMessage(digest))
		if err != nil {
			t.Fatal(err)
		}
		return registry.Approval{Algorithm: registry.SM2SM3, KeyID: sm.KeyIDOf(spkiOf(t, &d.file.PublicKey)), Signature: signature}
	})
	passkey := d.batched(t, func(digest sm.Digest) registry.Approval { return d.byPasskeyOver(t, digest, "http://localhost", 5) })
	changed := func(change func(b *registry.Batched)) registry.Approval {
		a, b := passkey, *passkey.Batch
		b.Path = append([]sm.Digest{}, b.Path...)
		change(&b)
		a.Batch = &b
		return a
	}
	alone := passkey
	alone.Batch = nil
	elsewhere := d.batched(t, func(digest sm.Digest) registry.Approval { return d.byPasskeyOver(t, digest, "http://look-alike", 5) })
	for name, test := range map[string]struct {
		second registry.Approval
		want   registry.Code
	}{
		"both in batches":         {passkey, ""},
		"another place":           {changed(func(b *registry.Batched) { b.Index = 0 }), registry.CodeApprovalSignature},
		"another count":           {changed(func(b *registry.Batched) { b.Count = 4 }), registry.CodeApprovalSignature},
		"another path":            {changed(func(b *registry.Batched) { b.Path[0][0] ^= 1 }), registry.CodeApprovalSignature},
		"a longer path":           {changed(func(b *registry.Batched) { b.Path = append(b.Path, sm.Digest{}) }), registry.CodeApprovalSignature},
		"too many":                {changed(func(b *registry.Batched) { b.Count = registry.BatchMost + 1 }), registry.CodeApprovalSignature},
		"without its path":        {alone, registry.CodeApprovalSignature},
		"signed at another site":  {elsewhere, registry.CodeApprovalSignature},
		"a batch of one, as such": {d.byPasskeyOver(t, registry.BatchDigest([]sm.Digest{d.intent.Digest()}), "http://localhost", 5), registry.CodeApprovalSignature},
	} {
		approvals := []registry.Approval{file, test.second}
		a := &act{BundleAct: registry.BundleAct{Receipt: registry.Receipt{Height: 2, Recorded: 200}, Approvals: approvals},
			entry: &registry.Entry{Intent: d.intent, Approvals: registry.ApprovalsDigest(approvals)}}
		if err := d.b.checkApprovals(a, nil); registry.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestBundleSigningOrigin: once a member says where its people sign, passkeys of its
// people count there alone; before that, and for other members, where the rules say.
func TestBundleSigningOrigin(t *testing.T) {
	d := newDesk(t)
	own := &registry.Organization{Code: deskOrganization, Member: "xingguo"}
	service := func(member string, height uint64) order {
		return order{&registry.Receipt{Height: height}, nil, &registry.Service{Member: member, Sign: "http://localhost:8090", RelyingParty: "localhost"}}
	}
	console, page := d.byPasskey(t, "http://localhost", 5), d.byPasskey(t, "http://localhost:8090", 5)
	for name, test := range map[string]struct {
		more []order
		good registry.Approval
		bad  registry.Approval
	}{
		"no member says":             {[]order{at(own)}, console, page},
		"its member says":            {[]order{at(own), service("xingguo", 1)}, page, console},
		"another member says":        {[]order{at(own), service("yudu", 1)}, console, page},
		"its member said later than": {[]order{at(own), service("xingguo", 3)}, console, page},
	} {
		b := *d.b
		b.orders = append(append([]order{}, d.b.orders...), test.more...)
		for approval, want := range map[*registry.Approval]registry.Code{&test.good: "", &test.bad: registry.CodeApprovalSignature} {
			approvals := []registry.Approval{d.byFile(t), *approval}
			a := &act{BundleAct: registry.BundleAct{Receipt: registry.Receipt{Height: 2, Recorded: 200}, Approvals: approvals},
				entry: &registry.Entry{Intent: d.intent, Approvals: registry.ApprovalsDigest(approvals)}}
			if err := b.checkApprovals(a, nil); registry.CodeOf(err) != want {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}
