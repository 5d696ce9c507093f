package check

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Member is another member of the ledger as its papers are verified here.
type Member struct {
	registry.Elsewhere
	Roots *Roots // its anchors, with its key list learned; nil while none are held that fit
	Why   string // where Roots is nil: registry.KeysElsewhere or KeysOlder
}

// keyed are the uses of keys that verifiers take from a member's key list, not from
// its anchors.
var keyed = []Use{UseQR, UseStatus, UseCheckpoint}

// Authorities are the roots without the keys that are pinned one by one: those change
// with every rotation, and stand in the key list.
func (r *Roots) Authorities() *Roots {
	out := &Roots{}
	if r == nil {
		return out
	}
	for _, e := range r.entries {
		if len(e.uses) != 1 || !slices.Contains(keyed, e.uses[0]) {
			out.entries = append(out.entries, e)
		}
	}
	return out
}

// Digest names a set of anchors, in whatever order they are written: SM3 over the
// sorted certificates with their uses, those that are pinned one by one left out.
func (r *Roots) Digest() sm.Digest {
	var lines []string
	for _, e := range r.Authorities().entries {
		var uses []string
		for _, use := range e.uses {
			uses = append(uses, string(use))
		}
		slices.Sort(uses)
		lines = append(lines, sm.Sum(e.cert.Raw).String()+" "+strings.Join(uses, " "))
	}
	slices.Sort(lines)
	return sm.Tagged("tongzheng anchors v1", []byte(strings.Join(slices.Compact(lines), "\n")))
}

// Lasting names what stays the same however often a list is published anew: the keys
// that others verify by, and what became of them; of keys of seals and organizations,
// which the ledger has, the stolen ones alone. A list that takes a theft back, or
// leaves out a key, has another digest.
func (l *KeyList) Lasting() sm.Digest {
	var keys []ListedKey
	for _, k := range l.Keys {
		if k.CompromisedAt != 0 || k.Use != KeyUseSeal && k.Use != KeyUseAct {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b ListedKey) int { return strings.Compare(string(a.ID), string(b.ID)) })
	raw, err := registry.Encode(keys)
	if err != nil {
		panic(err) // keys that were read, or made here
	}
	return sm.Tagged("tongzheng key list lasting v1", raw)
}

// FitKeys reads a member's published keys and holds them against the digests on the
// ledger: the anchors are the ones named, one of them signed the list, and it is the
// list named or a later publication of the same. CodeStale for what does not fit,
// CodeMalformed for what cannot be read. A list past its next update fits: the ledger
// says that there is no other.
func FitKeys(service *registry.Service, keys registry.MemberKeys) (*Roots, *KeyList, error) {
	all, err := ParseRoots(keys.Anchors)
	if err != nil {
		return nil, nil, err
	}
	roots := all.Authorities()
	if roots.Digest() != service.Anchors {
		return nil, nil, registry.Errorf(registry.CodeStale, "anchors", "not the anchors that the ledger names for %s", service.Member)
	}
	list, err := parseMemberList(keys.List, roots)
	if err != nil {
		return nil, nil, err
	}
	if list.Lasting() != service.KeyList || list.Number < service.KeyNumber {
		return nil, nil, registry.Errorf(registry.CodeStale, "key_list", "list %d is not the one that the ledger names for %s", list.Number, service.Member)
	}
	roots.Learn(list)
	return roots, list, nil
}

// parseMemberList verifies the list as of its own issue: an archive outlives anchors.
func parseMemberList(text []byte, roots *Roots) (*KeyList, error) {
	var signed SignedKeyList
	if err := json.Unmarshal(text, &signed); err != nil {
		return nil, keyListError("not a signed key list").WithCause(err)
	}
	said := new(KeyList)
	if err := registry.Decode(signed.List, said); err != nil {
		return nil, err
	}
	list, err := ParseKeyList(text, roots, time.Unix(said.Issued, 0), 0)
	if list == nil {
		return nil, err
	}
	return list, nil
}

// OpenMember is a member with the keys that are held of it, as far as they fit what
// the ledger names now.
func OpenMember(service *registry.Service, name string, held registry.MemberKeys) *Member {
	m := &Member{Elsewhere: registry.Elsewhere{Member: service.Member, Name: name, Public: service.Public}, Why: registry.KeysElsewhere}
	if !service.HasKeys() || len(held.Anchors) == 0 {
		return m
	}
	roots, _, err := FitKeys(service, held)
	if err != nil {
		m.Why = registry.KeysOlder
		return m
	}
	m.Roots, m.Why = roots, ""
	return m
}

// CheckQR checks a code that names a license of the member's.
func (m *Member) CheckQR(code QR, at time.Time) (registry.Check, error) {
	if m.Roots == nil {
		return m.Keys(registry.CheckQRSignature, m.Why), nil
	}
	if code.Payload != nil && m.Roots.qrStolen(code.Payload.Key) {
		return registry.CannotTell(registry.CheckQRSignature, "qr-key-stolen", "二维码签名密钥已失窃，以账本登记为准", "the key of this code was stolen: what the ledger has of the sheet counts"), nil
	}
	keys, err := m.Roots.QRKeys(at)
	return VerifyQR(code, keys), err
}

// CheckDocument checks a sealed package that says it is a license of the member's.
func (m *Member) CheckDocument(sealed []byte, at time.Time, opts Options) (*registry.DocumentReport, error) {
	report, err := (&Checker{Roots: m.Roots, Options: opts}).Document(sealed, at)
	if err != nil || m.Roots != nil {
		return report, err
	}
	// Without its keys nobody can say who signed; that the bytes are whole stands.
	var checks []registry.Check
	open := false
	for _, c := range report.Checks {
		if c.Result == registry.Failed && c.Name.Trust() {
			open = true
			continue
		}
		checks = append(checks, c)
	}
	if open {
		checks = append(checks, m.Keys(registry.CheckTrust, m.Why))
	}
	report.Checks = checks
	return report, nil
}
