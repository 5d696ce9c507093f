package registry

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sort"

	"tongzheng/registry/sm"
)

// Algorithm of an approval.
type Algorithm string

const (
	SM2SM3   Algorithm = "sm2-sm3"        // a key file: ASN.1 SM2 signature over ApprovalMessage
	WebAuthn Algorithm = "webauthn-es256" // a passkey: the intent digest is the challenge
)

// Approval is one person's signature over an intent. Signed is what was
// signed besides the intent: empty for SM2SM3, an Assertion for WebAuthn.
type Approval struct {
	Algorithm Algorithm `cbor:"1,keyasint" json:"algorithm"`
	KeyID     sm.KeyID  `cbor:"2,keyasint" json:"key_id"`
	Signed    []byte    `cbor:"3,keyasint,omitempty" json:"signed,omitempty"`
	Signature []byte    `cbor:"4,keyasint" json:"signature"`
	Batch     *Batched  `cbor:"5,keyasint,omitempty" json:"batch,omitempty"` // one signature over several intents
}

// Assertion is what a passkey signs (WebAuthn level 2 §6.3.3): Signed holds it
// in canonical bytes.
type Assertion struct {
	AuthenticatorData []byte `cbor:"1,keyasint"`
	ClientData        []byte `cbor:"2,keyasint"` // clientDataJSON
}

// ApprovalMessage is what an SM2 key signs to approve an intent or an order.
func ApprovalMessage(digest sm.Digest) []byte {
	return append([]byte("tongzheng approval v1\x00"), digest[:]...)
}

// ApprovalsDigest is what the ledger keeps of the approvals: SM3 over them,
// ordered by key id.
func ApprovalsDigest(approvals []Approval) sm.Digest {
	ordered := slices.Clone(approvals)
	sort.Slice(ordered, func(i, j int) bool { return ordered[i].KeyID < ordered[j].KeyID })
	return sm.Tagged("tongzheng approvals v1", mustEncode(ordered))
}

// Control is what a set of approvals is judged by. All of it comes from the
// ledger's governance records.
type Control struct {
	Policy    Policy
	Approvers map[sm.KeyID]Approver
	Sites     map[string]Site // where passkeys of an organization's people count, by its code
}

// Verify tells whether the approval is this key's signature over digest: that of an
// order or a case step, which are signed one by one.
func (c *Control) Verify(a Approval, key Approver, digest sm.Digest) error {
	if a.Batch != nil {
		return Errorf(CodeApprovalSignature, "approvals", "only intents are approved in batches")
	}
	return c.verify(a, key, digest)
}

// VerifyIntent tells whether the approval is this key's signature over an intent, by
// itself or in a batch.
func (c *Control) VerifyIntent(a Approval, key Approver, intent sm.Digest) error {
	digest, ok := a.signed(intent)
	if !ok {
		return Errorf(CodeApprovalSignature, "approvals", "the path of key %s's batch does not lead to this", a.KeyID)
	}
	return c.verify(a, key, digest)
}

func (c *Control) verify(a Approval, key Approver, digest sm.Digest) error {
	pub, err := sm.ParsePublicKey(key.Public)
	if err != nil {
		return Errorf(CodeApprovalUnknown, "approvals", "key %s is damaged", a.KeyID).WithCause(err)
	}
	ok := false
	switch {
	case a.Algorithm != key.Algorithm:
	case a.Algorithm == SM2SM3:
		ok = len(a.Signed) == 0 && sm.Verify(pub, ApprovalMessage(digest), a.Signature)
	case a.Algorithm == WebAuthn:
		ok = c.Sites[key.Organization].verify(a, pub, digest)
	}
	if !ok {
		return Errorf(CodeApprovalSignature, "approvals", "the signature of key %s does not hold for this", a.KeyID)
	}
	return nil
}

// verify checks type, challenge, origin, relying party, presence and
// verification of the user, then the ES256 signature (WebAuthn §7.2).
func (s Site) verify(a Approval, pub *ecdsa.PublicKey, digest sm.Digest) bool {
	var as Assertion
	var client struct{ Type, Challenge, Origin string }
	if Decode(a.Signed, &as) != nil || json.Unmarshal(as.ClientData, &client) != nil || len(as.AuthenticatorData) < 37 {
		return false
	}
	challenge, err := base64.RawURLEncoding.DecodeString(client.Challenge)
	rp := sha256.Sum256([]byte(s.RelyingParty))
	const present, verified = 0x01, 0x04
	if err != nil || client.Type != "webauthn.get" ||
		subtle.ConstantTimeCompare(challenge, digest[:]) != 1 ||
		!slices.Contains(s.Origins, client.Origin) ||
		!bytes.Equal(as.AuthenticatorData[:32], rp[:]) ||
		as.AuthenticatorData[32]&present == 0 || as.AuthenticatorData[32]&verified == 0 {
		return false
	}
	clientHash := sha256.Sum256(as.ClientData)
	sum := sha256.Sum256(slices.Concat(as.AuthenticatorData, clientHash[:]))
	return !sm.IsSM2(pub) && ecdsa.VerifyASN1(pub, sum[:], a.Signature)
}

// Check tells whether approvals satisfy the policy for an intent at this
// instant: each role asked for by a different person, every signature good,
// every signer of an organization that the grant names, nothing superfluous.
// grant is nil for acts of oversight. While roles are still missing and all
// else is right the error has CodeApprovalMissing.
func (c *Control) Check(in *Intent, grant *Grant, at int64, approvals []Approval) error {
	digest, organizations, mode := in.Digest(), grant.signers(in), Mode("")
	if grant != nil {
		mode = grant.Mode
	}
	asked := slices.Clone(c.Policy.Asked(in, mode))
	if len(asked) == 0 {
		return Errorf(CodeApprovalMissing, "approvals", "no control policy for %s", in.Act)
	}
	people := map[string]bool{}
	var held [][]Role
	for _, a := range approvals {
		key, ok := c.Approvers[a.KeyID]
		if !ok || !key.Valid(at) || !slices.Contains(organizations, key.Organization) {
			return Errorf(CodeApprovalUnknown, "approvals", "key %s is not enrolled for this organization now", a.KeyID)
		}
		if people[key.Person] {
			return Errorf(CodeApprovalTwice, "approvals", "the person of key %s has already signed", a.KeyID)
		}
		people[key.Person] = true
		if err := c.VerifyIntent(a, key, digest); err != nil {
			return err
		}
		held = append(held, grant.rolesOf(&key, in))
	}
	if len(held) > len(asked) || !assign(held, asked) {
		return Errorf(CodeApprovalRole, "approvals", "the signers' roles do not fit those asked for: %v", asked)
	}
	if len(held) < len(asked) {
		return Errorf(CodeApprovalMissing, "approvals", "%d of %d approvals: asked for are %v", len(held), len(asked), asked)
	}
	return nil
}

// signers are the organizations whose people sign an act under the grant: who
// decides it, and the parties to the grant. A regulator's measures are its own.
func (g *Grant) signers(in *Intent) []string {
	if g == nil || in.Organization != g.Decider && slices.Contains(g.Regulators, in.Organization) {
		return []string{in.Organization}
	}
	return []string{in.Organization, g.Decider, g.Acceptor, g.Examiner, g.Handling}
}

// rolesOf are the roles in which a person signs an act under a grant. To decide
// and to seal is for the people of who decides: those of the county that accepts
// or examines for the city, and of a center that works for the issuer, handle.
func (g *Grant) rolesOf(key *Approver, in *Intent) []Role {
	if g == nil || g.decides(key.Organization, in) {
		return key.Roles
	}
	return slices.DeleteFunc(slices.Clone(key.Roles), func(r Role) bool { return r == RoleApprover || r == RoleSealKeeper })
}

// decides tells whether an act's decision is the organization's under the
// grant. Paper and record are in the hands of whoever does the act, except a
// center's.
func (g *Grant) decides(organization string, in *Intent) bool {
	switch {
	case organization == g.Decider, g.Mode == ModeEntrust && organization == g.Acceptor,
		organization == in.Organization && slices.Contains(g.Regulators, organization):
		return true
	case in.handles():
		return organization == in.Organization && organization != g.Handling
	}
	return false
}

// assign gives each signer one of the roles asked for, no role twice. The
// lists are short: two or three.
func assign(held [][]Role, asked []Role) bool {
	if len(held) == 0 {
		return true
	}
	for i, role := range asked {
		if slices.Contains(held[0], role) && assign(held[1:], slices.Delete(slices.Clone(asked), i, i+1)) {
			return true
		}
	}
	return false
}
