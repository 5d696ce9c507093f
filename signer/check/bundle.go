package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Anchoring verifies a receipt's evidence of one kind of ledger, as of an
// instant at which the evidence is known to have existed, and returns the entry
// that it proves.
type Anchoring func(r *registry.Receipt, at time.Time) (*registry.Entry, error)

// BundleOptions are what a verifier of bundles may be told.
type BundleOptions struct {
	Options
	AsOf registry.Date // answer as of this day; of the bundle's own knowledge when 0
	// Networks verifies receipts by ledger name; where there are none, a
	// single-node ledger is known by the checkpoint keys among the roots.
	Networks map[string]Anchoring
}

// Bundle verifies a bundle with pinned roots and nothing else. It answers as
// of a day: the verdict's Knowledge is the bundle's, and a day after it is
// unknown. The error is for input that cannot be read at all.
func Bundle(raw []byte, roots *Roots, now time.Time, opts BundleOptions) (registry.Verdict, error) {
	b := &bundle{roots: roots, opts: opts, now: now, rec: recorder{checks: new([]registry.Check)}, signatures: map[registry.Algorithm]int{}}
	m, seal, files, err := registry.DecodeBundle(raw)
	switch registry.CodeOf(err) {
	case registry.CodeMalformed, registry.CodeTooLarge:
		return registry.Verdict{}, err
	}
	q := registry.Question{Now: now}
	if err != nil {
		b.fail(registry.CheckPackage, "bundle-altered", "证据包被改动", "the bundle was altered", err)
		q.Checks = *b.rec.checks
		return registry.Judge(q), nil
	}
	b.manifest, b.files = m, files
	b.all, b.roots = roots, roots.forPapers(m.Identifier.Issuer)
	b.pass(registry.CheckPackage, fmt.Sprintf("证据包完整，共%d个文件", len(files)), fmt.Sprintf("the bundle is whole: %d files", len(files)))
	if own := roots.memberOf(m.Identifier.Issuer); own != nil && own.Roots == nil {
		q.Identifier, q.Checks = m.Identifier, append(*b.rec.checks, own.Keys(registry.CheckTrust, own.Why))
		return registry.Judge(q), nil
	}
	b.checkSeal(seal)
	b.checkOrders()
	b.checkActs()
	b.checkDocuments()
	b.answer(&q)
	v := registry.Judge(q)
	v.At = now // the verdict is of the day asked for, its age counts from today
	for i, c := range v.Checks {
		if c.Name == registry.CheckStatus && c.Result == registry.Passed {
			v.Checks[i] = registry.Pass(c.Name, "证照于"+day(q.Now)+"有效", "in force on "+day(q.Now))
		}
	}
	return v, nil
}

// bundle is one verification.
type bundle struct {
	roots    *Roots // of the member whose license it is, where the roots name members
	all      *Roots
	opts     BundleOptions
	now      time.Time
	rec      recorder
	manifest *registry.Manifest
	files    map[string][]byte
	at       time.Time // the bundle existed then: its first stamp
	orders   []order   // by height
	acts     []act     // as the ledger took them

	signatures map[registry.Algorithm]int // approvals that hold

	distrusted bool // said that the ledger is not among the roots
}

type order struct {
	receipt *registry.Receipt
	entry   *registry.Entry
	record  registry.GovernanceRecord
}

type act struct {
	registry.BundleAct
	entry *registry.Entry
}

func (b *bundle) fail(name registry.CheckName, code, zh, en string, err error) {
	if err != nil {
		zh, en = zh+"："+err.Error(), en+": "+err.Error()
	}
	*b.rec.checks = append(*b.rec.checks, registry.Fail(name, code, zh, en))
}

func (b *bundle) pass(name registry.CheckName, zh, en string) {
	*b.rec.checks = append(*b.rec.checks, registry.Pass(name, zh, en))
}

// checkSeal verifies stamps, oldest first, then the signature over all of them.
func (b *bundle) checkSeal(seal *registry.BundleSeal) {
	b.at = time.Unix(b.manifest.Made, 0)
	var last time.Time
	for i := range seal.Stamps {
		ts, err := b.stamp(seal, i)
		if err == nil && ts.At.Before(last) {
			err = registry.Errorf(registry.CodeReceipt, "time_stamp", "earlier than the one it renews")
		}
		if err != nil {
			b.fail(registry.CheckTimeStamp, "bundle-stamp", "证据包时间戳不成立", "a time stamp of the bundle does not hold", err)
			return
		}
		if last = ts.At; i == 0 {
			b.at = ts.At
		}
		if i == len(seal.Stamps)-1 && b.now.After(ts.Certificate.NotAfter) {
			*b.rec.checks = append(*b.rec.checks, registry.Note(registry.CheckTimeStamp, "stamp-renewal-due",
				"最后一个时间戳的证书已到期，归档件应及时续加时间戳", "the certificate of the last time stamp has expired: archives renew in time"))
		}
	}
	if len(seal.Stamps) == 0 {
		b.fail(registry.CheckTimeStamp, "bundle-stamp", "证据包没有时间戳", "the bundle has no time stamp", nil)
		return
	}
	if time.Unix(b.manifest.AsOf, 0).After(b.at.Add(clockSlack)) {
		b.fail(registry.CheckTimeStamp, "bundle-knowledge", "证据包所称的知悉时间晚于其时间戳", "the bundle claims to know what came after its time stamp", nil)
		return
	}
	b.pass(registry.CheckTimeStamp, "证据包时间戳："+day(b.at), "time-stamped "+day(b.at))
	pub, _, err := b.roots.pinnedFor(UseStatus, seal.Key, last, last)
	_, of, _ := b.all.statusKey(seal.Key, last, last)
	own := b.all.memberOf(b.manifest.Identifier.Issuer)
	switch {
	case own != nil && len(of) > 0 && !slices.Contains(of, own) && !slices.Contains(of, nil):
		b.fail(registry.CheckTrust, "bundle-other-member", "证据包由成员"+of[0].Elsewhere.Member+"的密钥签名，证照属于"+own.Elsewhere.Member, "signed by a key of member "+of[0].Elsewhere.Member+", the license is of "+own.Elsewhere.Member, nil)
	case err != nil:
		b.fail(registry.CheckTrust, "bundle-signer", "证据包签名者不在受信任之列", "the bundle's signer is not among the roots", err)
	case !sm.VerifyRaw(pub, StatusMessage(b.manifest.SealMessage(seal.Stamps)), seal.Signature):
		b.fail(registry.CheckSignature, "bundle-signature", "证据包签名不成立", "the bundle's signature does not hold", nil)
	default:
		b.pass(registry.CheckSignature, "证据包签名有效", "the bundle's signature holds")
	}
}

// stamp verifies the i-th stamp and that its authority is trusted.
func (b *bundle) stamp(seal *registry.BundleSeal, i int) (*TimeStamp, error) {
	ts, err := VerifyTimeStampDigest(seal.Stamps[i], b.manifest.StampDigest(seal.Stamps[:i]))
	if err == nil {
		_, err = b.roots.Chain(ts.Certificate, UseTimeStamp, ts.At)
	}
	if err == nil && b.roots.stampStolen(ts) {
		err = registry.Errorf(registry.CodeForbidden, "time_stamp", "its key was stolen: whoever has it can write any time")
	}
	return ts, err
}

// anchored verifies a receipt. That nobody trusted vouches for it is said once;
// the other checks go on with the entry.
func (b *bundle) anchored(r *registry.Receipt) (*registry.Entry, error) {
	e, err := b.vouched(r)
	if registry.CodeOf(err) != registry.CodeForbidden {
		if err != nil {
			b.fail(registry.CheckAnchor, "receipt", "账本回执不成立", "a receipt does not hold", err)
		}
		return e, err
	}
	if !b.distrusted {
		b.distrusted = true
		b.fail(registry.CheckTrust, "ledger-untrusted", "账本不在受信任之列", "the ledger is not among the roots", err)
	}
	return r.VerifyEntry()
}

// vouched verifies who vouches for a receipt: a single node's checkpoint, or
// the network named.
func (b *bundle) vouched(r *registry.Receipt) (*registry.Entry, error) {
	at := b.at
	if len(r.TimeStamp) > 0 {
		ts, err := VerifyTimeStamp(r.TimeStamp, r.Evidence)
		if err != nil {
			return nil, registry.Errorf(registry.CodeReceipt, "time_stamp", "does not hold").WithCause(err)
		}
		if _, err := b.roots.Chain(ts.Certificate, UseTimeStamp, ts.At); err != nil {
			return nil, registry.Errorf(registry.CodeForbidden, "time_stamp", "its authority is not trusted").WithCause(err)
		}
		if !b.roots.stampStolen(ts) { // else it says nothing of when: the bundle's own stamps do
			at = ts.At
		}
	}
	if r.Ledger != b.manifest.Ledger {
		return nil, registry.Errorf(registry.CodeReceipt, "ledger", "of ledger %s", r.Ledger)
	}
	if verify := b.opts.Networks[r.Ledger]; verify != nil {
		return verify(r, at)
	}
	if r.Ledger != registry.SingleNode {
		return nil, registry.Errorf(registry.CodeForbidden, "ledger", "the roots do not name the members of ledger %s", r.Ledger)
	}
	if len(b.opts.Networks) > 0 {
		// Every key folder has a checkpoint key, that of a network's member, too:
		// whoever holds it must not vouch alone for what all members vouch for.
		return nil, registry.Errorf(registry.CodeForbidden, "ledger", "the roots name a network: no single node vouches beside it")
	}
	s, err := registry.DecodeCheckpoint(r.Evidence)
	if err != nil {
		return nil, err
	}
	public, err := b.all.checkpointKey(s.Key, time.Unix(s.Checkpoint.Time, 0), at)
	if err != nil {
		return nil, err
	}
	return registry.VerifyCheckpoint(r, public)
}

// checkOrders verifies the governance orders in the ledger's order: each is
// anchored, follows the last one for its record, and is signed by the act key
// that its organization had then; the founder's key opens the ledger.
func (b *bundle) checkOrders() {
	var receipts []registry.Receipt
	if err := json.Unmarshal(b.files[registry.BundleOrders], &receipts); err != nil {
		b.fail(registry.CheckPackage, "bundle-orders", "治理记录无法读取", "the governance orders cannot be read", err)
		return
	}
	heads := map[string]*registry.Entry{}
	for i := range receipts {
		r := &receipts[i]
		e, err := b.anchored(r)
		if err != nil {
			return // said
		}
		if e.Order == nil || r.Namespace != registry.Governance {
			b.fail(registry.CheckAnchor, "receipt", "不是治理记录", "not a governance order", nil)
			return
		}
		record, err := e.Order.Decode()
		if err != nil {
			b.fail(registry.CheckAnchor, "receipt", "治理记录无法读取", "a governance order cannot be read", err)
			return
		}
		key := registry.RecordKey(record.Kind(), record.Name())
		if last := heads[key]; last == nil && e.Order.Sequence != 1 ||
			last != nil && (e.Order.Sequence != last.Order.Sequence+1 || e.Order.Previous != last.Digest()) {
			b.fail(registry.CheckPower, "order-missing", "治理记录链不完整", "an order of "+key+" is missing", nil)
			return
		}
		heads[key] = e
		b.orders = append(b.orders, order{r, e, record})
	}
	for _, o := range b.orders {
		if err := b.checkAuthor(o.receipt, o.entry.Author()); err != nil {
			b.fail(registry.CheckPower, "order-author", "治理记录签署不成立", "an order's act-key signature does not hold", err)
			return
		}
	}
	b.pass(registry.CheckPower, fmt.Sprintf("%d项治理记录均已登记并签署", len(b.orders)), fmt.Sprintf("%d governance orders, each anchored and signed", len(b.orders)))
}

// checkAuthor finds the act key among the organization's at that time.
func (b *bundle) checkAuthor(r *registry.Receipt, organization string) error {
	for _, o := range b.orders {
		if o.receipt.Height > r.Height {
			break
		}
		switch record := o.record.(type) {
		case *registry.Organization:
			if key, ok := record.Key(r.Author.Key, r.Recorded); ok && record.Code == organization {
				return r.VerifyAuthor(key.Public)
			}
		case *registry.Rules:
			if record.Founder.ID == r.Author.Key && record.City == organization {
				return r.VerifyAuthor(record.Founder.Public)
			}
		}
	}
	return registry.Errorf(registry.CodeReceipt, "author", "%s had no act key %s then", organization, r.Author.Key)
}

// recordAt returns the newest record of a kind and name below a height.
func recordAt[T registry.GovernanceRecord](b *bundle, name string, height uint64) (T, bool) {
	var found T
	ok := false
	for _, o := range b.orders {
		if record, is := o.record.(T); is && record.Name() == name && o.receipt.Height < height {
			found, ok = record, true
		}
	}
	return found, ok
}

// checkActs verifies every entry: anchored, signed for, approved, decided with
// a grant and a seal in force; and that the chain ends where the manifest says.
func (b *bundle) checkActs() {
	var acts []registry.BundleAct
	if err := json.Unmarshal(b.files[registry.BundleActs], &acts); err != nil {
		b.fail(registry.CheckPackage, "bundle-acts", "条目无法读取", "the entries cannot be read", err)
		return
	}
	for i := range acts {
		e, err := b.anchored(&acts[i].Receipt)
		if err != nil {
			return // said
		}
		if e.Intent == nil || e.Intent.Identifier.Base() != b.manifest.Identifier.Base() {
			b.fail(registry.CheckAnchor, "receipt", "条目不属于此证照", "an entry is of another license", nil)
			return
		}
		b.acts = append(b.acts, act{acts[i], e})
		if err := b.checkAct(&b.acts[i]); err != nil {
			b.fail(registry.CheckPower, string(registry.CodeOf(err)), "办理权力或签署不成立", "an act's power or signatures do not hold", err)
			return
		}
	}
	people, passkeys := b.signatures[registry.SM2SM3]+b.signatures[registry.WebAuthn], b.signatures[registry.WebAuthn]
	b.pass(registry.CheckPower, fmt.Sprintf("%d个审批签名逐一验证，其中通行密钥%d个", people, passkeys), fmt.Sprintf("%d approvals verified one by one, %d of them by passkey", people, passkeys))
	s, err := b.standing(0)
	m := b.manifest
	switch {
	case err != nil:
		b.fail(registry.CheckAnchor, "chain", "条目链不完整", "the chain of entries does not follow", err)
	case s.License == nil || s.License.Sequence != m.Sequence || s.License.Head != m.Head ||
		(s.Oversight == nil) != (m.OversightSequence == 0) || s.Oversight != nil && (s.Oversight.Sequence != m.OversightSequence || s.Oversight.Head != m.OversightHead):
		b.fail(registry.CheckAnchor, "chain", "条目链与清单所载末端不符", "the chain does not end where the manifest says", nil)
	default:
		b.pass(registry.CheckAnchor, fmt.Sprintf("%d个条目均已上链，首尾相接", len(b.acts)), fmt.Sprintf("%d entries, each anchored, none missing", len(b.acts)))
	}
}

func (b *bundle) checkAct(a *act) error {
	r, in := &a.Receipt, a.entry.Intent
	if err := b.checkAuthor(r, a.entry.Author()); err != nil {
		return err
	}
	if in.Grant == "" {
		return b.checkApprovals(a, nil) // oversight rests on rank
	}
	grant, ok := recordAt[*registry.Grant](b, in.Grant, r.Height)
	if ok {
		if err := b.checkApprovals(a, grant); err != nil {
			return err
		}
	}
	if err := b.inForce(in, r.Height); err != nil {
		return err
	}
	if !in.Seals() {
		return nil
	}
	seal, ok := recordAt[*registry.SealRecord](b, in.Seal, r.Height)
	if !ok || seal.StateAt(a.entry.Sealed) != registry.SealInUse {
		return registry.Errorf(registry.CodeSealState, "seal", "seal %q was not in use", in.Seal)
	}
	return nil
}

// inForce tells whether the grant named was in force when the act was decided. A
// ruling binds whose act it was, also after the power ended.
func (b *bundle) inForce(in *registry.Intent, height uint64) error {
	grant, ok := recordAt[*registry.Grant](b, in.Grant, height)
	switch {
	case !ok:
		return registry.Errorf(registry.CodeGrant, "grant", "no grant %q at that time", in.Grant)
	case in.Ruling != nil:
		return nil
	case grant.Effective > in.Decided || grant.End != 0 && in.Decided >= grant.End && !slices.Contains(grant.Cases, in.Case) && !grant.Excepts(in.Seal, in.Decided):
		return registry.Errorf(registry.CodeGrantPeriod, "grant", "not in force when it was decided")
	}
	return nil
}

// checkApprovals judges the approvals as the signer did, by the keys, people,
// roles and policy of that time: every signature, of key files and of passkeys.
func (b *bundle) checkApprovals(a *act, grant *registry.Grant) error {
	r := &a.Receipt
	in, sealed, err := b.approved(a)
	if err != nil {
		return err
	}
	if registry.ApprovalsDigest(a.Approvals) != a.entry.Approvals {
		return registry.Errorf(registry.CodeApprovalSignature, "approvals", "not those that the entry names")
	}
	policy, ok := recordAt[*registry.Policy](b, in.Identifier.Type, r.Height)
	if !ok {
		policy, ok = recordAt[*registry.Policy](b, registry.DefaultPolicy, r.Height)
	}
	rules, known := recordAt[*registry.Rules](b, "current", r.Height)
	if !ok || !known {
		return registry.Errorf(registry.CodeApprovalMissing, "approvals", "no control policy, or no rules, at that time")
	}
	control := &registry.Control{Policy: *policy, Approvers: map[sm.KeyID]registry.Approver{}, Sites: map[string]registry.Site{}}
	for _, approval := range a.Approvals {
		if key, ok := recordAt[*registry.Approver](b, string(approval.KeyID), r.Height); ok {
			control.Approvers[approval.KeyID] = *key
			control.Sites[key.Organization] = b.site(rules, key.Organization, r.Height)
		}
		b.signatures[approval.Algorithm]++
	}
	at := sealed
	if at == 0 {
		at = r.Recorded
	}
	return control.Check(in, grant, at, a.Approvals)
}

// site is where passkeys of an organization's people counted at that time.
func (b *bundle) site(rules *registry.Rules, organization string, height uint64) registry.Site {
	var service *registry.Service
	if own, ok := recordAt[*registry.Organization](b, organization, height); ok {
		service, _ = recordAt[*registry.Service](b, own.Member, height)
	}
	return service.Site(rules)
}

// approved is the intent that the approvals are for, and when it was sealed, zero
// for never: the act's own, of a closing that of the issue which it follows from.
func (b *bundle) approved(a *act) (in *registry.Intent, sealed int64, err error) {
	closing := a.entry.Intent
	if closing.Act != registry.Replace {
		return closing, a.entry.Sealed, nil
	}
	if a.Issue == nil {
		return nil, 0, registry.Errorf(registry.CodeReceipt, "issue", "the issue that the closing follows from is missing")
	}
	e, err := b.anchored(a.Issue)
	if err != nil {
		return nil, 0, err
	}
	if in = e.Intent; in == nil || !in.Replaces() {
		return nil, 0, registry.Errorf(registry.CodeReceipt, "issue", "it replaces no license")
	}
	if follows := in.ClosedBy(closing.Sequence, closing.Previous); follows.Digest() != closing.Digest() || e.Approvals != a.entry.Approvals {
		return nil, 0, registry.Errorf(registry.CodeApprovalSignature, "issue", "the closing does not follow from the issue")
	}
	return in, e.Sealed, nil
}

// standing replays the entries that worked by the end of a day; of all
// when the day is 0.
func (b *bundle) standing(asOf registry.Date) (*registry.Standing, error) {
	s := &registry.Standing{}
	for _, a := range b.acts {
		r := a.Receipt
		anchored := registry.Anchored{Entry: a.entry, Namespace: r.Namespace, Transaction: r.Transaction, Height: r.Height, Recorded: r.Recorded}
		if asOf != 0 && registry.DateOfUnix(anchored.Works()) > asOf {
			continue
		}
		s.Entries = append(s.Entries, anchored)
		var err error
		if r.Namespace == registry.Governance {
			if s.License == nil {
				return nil, registry.Errorf(registry.CodeSequenceGap, "", "oversight of a license not yet issued")
			}
			if err = follows(s.Oversight == nil, func() (uint64, sm.Digest) { return s.Oversight.Sequence, s.Oversight.Head }, a.entry); err == nil {
				s.Oversight, err = registry.ApplyOversight(s.Oversight, s.License, a.entry)
			}
		} else if err = follows(s.License == nil, func() (uint64, sm.Digest) { return s.License.Sequence, s.License.Head }, a.entry); err == nil {
			s.License, err = registry.Apply(s.License.Under(s.Oversight), a.entry)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func follows(first bool, at func() (uint64, sm.Digest), e *registry.Entry) error {
	sequence, head := uint64(0), sm.Digest{}
	if !first {
		sequence, head = at()
	}
	repeat, err := registry.Follows(sequence, head, e)
	if err == nil && repeat {
		err = registry.Errorf(registry.CodeSequenceTaken, "", "an entry stands twice")
	}
	return err
}

// checkDocuments verifies every version's sealed document, and that it is the
// one whose seal the entry names.
func (b *bundle) checkDocuments() {
	versions := 0
	for _, a := range b.acts {
		in := a.entry.Intent
		if !in.Act.MakesVersion() {
			continue
		}
		versions++
		name := fmt.Sprintf("documents/%03d.ofd", in.Identifier.Version)
		if in.Collected != nil {
			if registry.CollectedDigest(b.files[name]) != in.Content {
				b.fail(registry.CheckDocument, "document-replaced", name+"不是账本登记的那一份", name+" is not the one on the ledger", nil)
				return
			}
			continue // made and sealed elsewhere: anchored as it came
		}
		opts := b.opts.Options
		opts.Seen = time.Unix(a.Receipt.Recorded, 0) // the ledger saw it then
		report, err := OFD(b.files[name], b.roots, b.at, opts)
		if err != nil || len(report.Seals) == 0 || report.Seals[0].Digest != a.entry.Seal {
			b.fail(registry.CheckDocument, "document-replaced", name+"不是账本登记的那一份", name+" is not the one on the ledger", err)
			return
		}
		for _, c := range append(report.Checks, ofLicense(&report)...) {
			if c.Result == registry.Failed || c.Unverifiable() {
				c.Chinese, c.English = name+"："+c.Chinese, name+": "+c.English
				*b.rec.checks = append(*b.rec.checks, c)
			}
		}
	}
	if versions == 0 {
		b.fail(registry.CheckDocument, "document-missing", "没有任何版本", "no version", nil)
		return
	}
	b.pass(registry.CheckDocument, fmt.Sprintf("%d个版本的电子证照均为账本登记的原件", versions), fmt.Sprintf("%d sealed documents, each the one on the ledger", versions))
}

// answer fills the question as of the day asked for.
func (b *bundle) answer(q *registry.Question) {
	m := b.manifest
	known := time.Unix(m.AsOf, 0)
	q.Checks, q.Knowledge = *b.rec.checks, registry.Knowledge{AsOf: known, Height: m.Height}
	asOf := b.opts.AsOf
	if asOf == 0 {
		q.Now = known
	} else {
		q.Now = asOf.Start().Add(12 * time.Hour)
	}
	if asOf > registry.DateOf(known) {
		q.Knowledge.Stale = true
		q.Knowledge.Reason = "证据包只记载到" + day(known) + " the bundle's knowledge ends there"
	}
	q.Identifier = m.Identifier
	full, err := b.standing(0)
	if err != nil {
		return // said above
	}
	s, err := b.standing(asOf)
	if err != nil {
		// Entries were recorded in another order than decided: the whole chain holds.
		s = full
	}
	if s.License != nil {
		q.Identifier.Version = s.License.Version
		s = full.On(registry.DateOf(q.Now), s)
	}
	q.Standing = s
}
