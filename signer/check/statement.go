package check

import (
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Statement verifies a kept verification. When it holds, the verdict is the
// one that was said then, with the age of what was known; a statement that was
// changed is "altered", one by an unknown key "untrusted".
func Statement(text []byte, roots *Roots, now time.Time) (registry.Verdict, error) {
	signed, err := registry.ParseStatement(text)
	if err != nil {
		return registry.Verdict{}, err
	}
	s := &signed.Statement
	v := registry.Verdict{Word: s.Word, Identifier: s.Identifier, Cause: s.Cause, Version: s.Version, At: now,
		Knowledge: registry.Knowledge{AsOf: time.Unix(s.AsOf, 0), Height: s.Height}}
	at := time.Unix(s.At, 0)
	pub, of, err := roots.statusKey(signed.Key, at, time.Time{})
	switch {
	case err == nil && !slices.ContainsFunc(of, func(m *listedMember) bool { return m == nil || m.leadsTo(s.By) }):
		v.Word = registry.Untrusted
		v.Checks = []registry.Check{registry.Fail(registry.CheckTrust, "statement-other-member", "回执以"+s.By+"的名义，却由成员"+of[0].Elsewhere.Member+"的密钥签名", "in the name of "+s.By+", signed by a key of member "+of[0].Elsewhere.Member)}
		return v, nil
	case err != nil && roots.lacking(s.By) != nil:
		m := roots.lacking(s.By)
		v.Word, v.Checks = registry.UnknownNow, []registry.Check{m.Keys(registry.CheckTrust, m.Why)}
		return v, nil
	case err != nil:
		v.Word = registry.Untrusted
		v.Checks = []registry.Check{registry.Fail(registry.CheckTrust, "statement-signer", "回执签名者不在受信任之列", "the statement's signer is not among the roots")}
		return v, nil
	case !sm.VerifyRaw(pub, StatusMessage(s.Message()), signed.Signature):
		return registry.Verdict{Word: registry.Altered, At: now, Checks: []registry.Check{
			registry.Fail(registry.CheckSignature, "statement-signature", "回执签名不成立，内容被改动", "the statement's signature does not hold: it was altered")}}, nil
	}
	when := at.In(registry.China).Format("2006-01-02 15:04:05")
	v.Checks = []registry.Check{registry.Pass(registry.CheckSignature, "核验回执有效："+when+"由"+s.By+"核验", "a statement of "+when+" by "+s.By)}
	if own := roots.memberOf(s.Identifier.Issuer); own != nil && !slices.Contains(of, own) && !slices.Contains(of, nil) {
		v.Checks = append(v.Checks, registry.Note(registry.CheckTrust, "statement-on-other-member", "证照属于成员"+own.Elsewhere.Member+"，回执只是"+s.By+"的说法，可向"+own.Elsewhere.Public+"核实", "the license is of member "+own.Elsewhere.Member+": this is the word of "+s.By+" alone, ask "+own.Elsewhere.Public))
	}
	if !s.File.IsZero() {
		v.Checks = append(v.Checks, registry.Note(registry.CheckDocument, "statement-file", "所核验文件的SM3摘要："+s.File.String(), "the file that was checked has this SM3 digest"))
	}
	v.Checks = append(v.Checks, freshness(s.Ledger)...)
	for _, c := range s.Checks {
		v.Checks = append(v.Checks, registry.Check{Name: c.Name, Result: c.Result, Code: c.Code})
	}
	return v, nil
}

// VerifyDisclosure verifies disclosed fields of a license against its anchored
// entry and returns the entry. networks verifies receipts of named ledgers;
// where there are none, a single-node ledger is known by the roots' checkpoint
// keys.
func VerifyDisclosure(d *registry.Disclosure, roots *Roots, now time.Time, networks map[string]Anchoring) (*registry.Entry, error) {
	b := &bundle{roots: roots.ofEntry(&d.Receipt), all: roots, opts: BundleOptions{Networks: networks}, now: now, at: now,
		manifest: &registry.Manifest{Ledger: d.Receipt.Ledger}}
	e, err := b.vouched(&d.Receipt)
	if err != nil {
		return nil, err
	}
	return e, d.Verify(e)
}
