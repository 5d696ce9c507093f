package ledgertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// caseReviewed is the case that the review test examines.
const caseReviewed = "受〔2026〕实质性审核1号"

// SignHandover lets organizations sign a handover: with a key of theirs, or on
// paper when it is nil.
func SignHandover(h *registry.Handover, organization string, side registry.Side, key *Key) {
	s := registry.HandoverSignature{Organization: organization, Side: side, Paper: sm.Sum([]byte("signed page of " + organization))}
	if key != nil {
		s.Key, s.Signature, s.Paper = key.ID, key.Sign(registry.ApprovalMessage(h.Terms())), sm.Digest{}
	}
	h.Signatures = append(h.Signatures, s)
}

// testTakeover: a grant that awaits its handover begins with the signed record and
// the start of operation, and with neither alone.
func testTakeover(t *testing.T, s *suite) {
	started := grantOf(s.City, GrantHandover)
	started.Operating = s.Now
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Xingguo, started)}, registry.CodeHandover)
	h := &registry.Handover{ID: Takeover, From: []string{s.Governing.Code}, To: s.Xingguo.Code, Document: "交接书〔2026〕1号", Begins: []string{GrantHandover},
		Open: 3, Access: []string{"许可系统"}, Archives: registry.ArchivesMove, Signed: s.Now, AdviseUntil: s.Now + 30*24*3600,
		Items: []registry.HandoverItem{{Kind: registry.ItemTraining, What: "培训一期"}}, Group: []registry.HandoverSigner{{Organization: s.County.Code, Role: registry.SignerStaffing}},
		// What the city took back goes with its own.
		Succeeds: []string{registry.SuccessionName(s.Governing.Code, Matter, "360732"), registry.SuccessionName(s.Xingguo.Code, Matter, "360732")}}
	testLeftOut(t, s, *h)
	SignHandover(h, s.Governing.Code, registry.SideFrom, s.Decider)
	SignHandover(h, s.County.Code, registry.SideWitness, nil)
	unsigned := *h
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Xingguo, &unsigned)}, registry.CodeEntryForm)
	SignHandover(h, s.Xingguo.Code, registry.SideTo, s.Approver)
	forged, stranger, early, fewer, longer := *h, *h, *h, *h, *h
	forged.Open = 4   // not what they signed
	fewer.Group = nil // nor without the handover group
	longer.AdviseUntil++
	stranger.Signatures = append([]registry.HandoverSignature{}, h.Signatures...)
	stranger.Signatures[0].Key = s.Approver.ID // a key of another organization
	early.Start = s.Now
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Xingguo, &forged), s.Order(s.Xingguo, &stranger), s.Order(s.Xingguo, &early), s.Order(s.Yudu, h),
		s.Order(s.Xingguo, &fewer), s.Order(s.Xingguo, &longer)},
		registry.CodeApprovalSignature, registry.CodeApprovalUnknown, registry.CodeOrderNotAllowed, registry.CodeOrderNotAllowed,
		registry.CodeApprovalSignature, registry.CodeApprovalSignature)
	s.set(t, s.Xingguo, h)
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Xingguo, started)}, registry.CodeHandover) // signed, not started
	begun, altered := *h, *h
	begun.Start, altered.Open = s.Now, 9
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, &altered), s.Order(s.Xingguo, &begun), s.Order(s.Xingguo, started)},
		registry.CodeOrderNotAllowed, "", "")
}

// testLeftOut: a handover that leaves out a predecessor, or names one who is
// none, does not start.
func testLeftOut(t *testing.T, s *suite, h registry.Handover) {
	for i, succeeds := range [][]string{h.Succeeds[:1], h.Succeeds[1:], append([]string{registry.SuccessionName(s.Yudu.Code, Matter, "360732")}, h.Succeeds...)} {
		left := h
		left.ID, left.Succeeds, left.Signatures = fmt.Sprintf("h-left-%d", i), slices.Sorted(slices.Values(succeeds)), nil
		SignHandover(&left, s.Governing.Code, registry.SideFrom, nil)
		SignHandover(&left, s.Xingguo.Code, registry.SideTo, nil)
		SignHandover(&left, s.County.Code, registry.SideWitness, nil)
		s.set(t, s.Governing, &left)
		left.Start = s.Now
		s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, &left)}, registry.CodeHandover)
	}
}

const takenBack = "h-back"

// takenBack is the handover by which GrantEnding ends.
func (s *suite) takenBack(t *testing.T, cases []string) {
	h := &registry.Handover{ID: takenBack, From: []string{s.Xingguo.Code}, To: s.Governing.Code, Document: "收回〔2026〕1号", Ends: []string{GrantEnding},
		Begins: []string{GrantOwn}, Cases: cases, Archives: registry.ArchivesStay, Signed: s.Now,
		Succeeds: []string{registry.SuccessionName(s.Xingguo.Code, Matter, "360732")}}
	SignHandover(h, s.Xingguo.Code, registry.SideFrom, s.Approver)
	SignHandover(h, s.Governing.Code, registry.SideTo, s.Decider)
	SignHandover(h, s.County.Code, registry.SideWitness, nil)
	s.set(t, s.Governing, h)
	h.Start = s.Now
	s.set(t, s.Governing, h)
}

// testExamination: a review grant decides on what the county examined, forwarded
// and asked a seal for, and the city confirmed.
func testExamination(t *testing.T, s *suite, l *License) {
	x := &registry.Examination{Grant: GrantReview, Case: caseReviewed, Organization: s.Xingguo.Code, Accepted: s.Now - 3600, Due: registry.DateOf(s.Time()) + 20,
		Result: registry.Forward, Examined: s.Now - 60, Key: s.Acceptor.ID}
	in := l.Intent(registry.Issue)
	in.Case = caseReviewed
	stranger := *x
	stranger.Key = s.Decider.ID
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, x), s.Order(s.Xingguo, &stranger)}, registry.CodeOrderNotAllowed, registry.CodeOrderNotAllowed)
	s.set(t, s.Xingguo, x)
	s.codes(t, MemberCity, []*registry.Entry{s.Entry(in)}, registry.CodeExamination)
	asked := *x
	asked.SealAsked = s.Now
	changed, self := asked, asked
	changed.Examined++
	self.Confirmed, self.ConfirmedBy = s.Now, s.Acceptor.ID
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Xingguo, &changed), s.Order(s.Xingguo, &asked)}, registry.CodeOrderNotAllowed, "")
	confirmed := asked
	confirmed.Confirmed, confirmed.ConfirmedBy = s.Now, s.Decider.ID
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Xingguo, &self), s.Order(s.Governing, &self), s.Order(s.Governing, &confirmed)},
		registry.CodeOrderNotAllowed, registry.CodeOrderNotAllowed, "")
	none := l.Intent(registry.Issue)
	s.codes(t, MemberCity, []*registry.Entry{s.Entry(none)}, registry.CodeExamination)
}

// testClaims: a blank number lies in one stock and one namespace, a status list
// belongs to one instance, an organization to a member that exists.
func testClaims(t *testing.T, s *suite) {
	stock := func(o *Organization, member, from, to string) *registry.Stock {
		return &registry.Stock{Type: s.Type, Form: FormOriginal, Run: "2026B", Organization: o.Code, Member: member, Ranges: []registry.BlankRange{{From: from, To: to}}}
	}
	nowhere := s.Yudu.Organization
	nowhere.Member = "nowhere"
	s.codes(t, registry.Governance, []*registry.Entry{
		s.Order(s.Governing, stock(s.Xingguo, "", "0001", "0100")),
		s.Order(s.Governing, stock(s.Yudu, "", "0100", "0200")), // 0100 is Xingguo's
		s.Order(s.Governing, &registry.Instance{Issuer: s.Yudu.Code, Prefix: "YE", Lists: []uint32{1}}),
		s.Order(s.Governing, &registry.Instance{Issuer: s.Yudu.Code, Prefix: "YE", Lists: []uint32{77}}),
		s.Order(s.Governing, &nowhere),
	}, "", registry.CodeBlankStock, registry.CodeListRange, "", registry.CodeOrderNotAllowed)
	// Counted over to another organization of the same member; never to one
	// whose licenses lie in another namespace, even when nobody holds it.
	s.set(t, s.Governing, stock(s.Xingguo, "", "0001", "0050"))
	s.codes(t, registry.Governance, []*registry.Entry{
		s.Order(s.Governing, stock(s.Yudu, "", "0051", "0100")),
		s.Order(s.Governing, stock(s.County, "", "0051", "0100")),
		s.Order(s.Governing, stock(s.County, MemberYudu, "0051", "0100")),
	}, registry.CodeBlankStock, "", registry.CodeSequenceTaken)
	// Entrusted, and with stock of its own: each number in one namespace only.
	in := s.NewCityLicense(s.Xingguo, GrantEntrust).Intent(registry.Issue)
	in.Printings = append(in.Printings, registry.Printing{Number: 2, Copy: registry.Original, List: 2, Index: 99999, Blank: s.Blank(FormOriginal)})
	twice := s.NewLicense().Intent(registry.Issue)
	twice.Printings[1].Index = twice.Printings[0].Index
	s.codes(t, MemberCity, []*registry.Entry{s.Entry(in)}, registry.CodeBlankStock)
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(twice)}, registry.CodeListRange)
}

// testLaw: what the statutes say of single acts.
func testLaw(t *testing.T, s *suite) {
	l := s.NewLicense()
	s.accept(t, MemberXingguo, l.Next(registry.Issue), l.Next(registry.Cancel))
	// Cancelled first: a superior's revocation still reaches back to the start.
	over := l.NextOversight(s.County, registry.Revoke)
	s.accept(t, registry.Governance, over)
	s.holds(t, l)
	again, older, newer := l.OversightIntent(s.County, registry.Revoke), l.OversightIntent(s.County, registry.Revoke), l.OversightIntent(s.County, registry.Suspend)
	s.codes(t, registry.Governance, []*registry.Entry{s.Entry(again)}, registry.CodeActState)
	older.Decided--
	newer.Identifier.Version = 5
	s.codes(t, registry.Governance, []*registry.Entry{s.Entry(older), s.Entry(newer)}, registry.CodeDateOrder, registry.CodeStale)
	// A dissolved superior acts no more.
	m := s.issued(t, 1)[0]
	gone := s.County.Organization
	gone.Dissolved = s.Now
	s.set(t, s.Governing, &gone)
	s.codes(t, registry.Governance, []*registry.Entry{s.Entry(m.OversightIntent(s.County, registry.Suspend))}, registry.CodeOrganization)
	s.set(t, s.Governing, &s.County.Organization)
	testEntrustment(t, s)
}

// testEntrustment: lapses with what it rests on, and is not entrusted on.
func testEntrustment(t *testing.T, s *suite) {
	wrong := s.NewCityLicense(s.Xingguo, GrantEntrust).Intent(registry.Issue)
	wrong.Under = GrantWindow
	bare := wrong
	bare.Under = ""
	s.codes(t, MemberCity, []*registry.Entry{s.Entry(wrong), s.Entry(bare)}, registry.CodeGrantMode, registry.CodeGrantMode)
	on := grantOf(s.City, GrantEntrust)
	on.ID, on.Rests = "g-entrust-on", GrantEntrust
	silent := grantOf(s.City, GrantEntrust)
	silent.ID, silent.Publication, silent.Published = "g-entrust-silent", "", 0
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, on), s.Order(s.Governing, silent)}, registry.CodeOrderNotAllowed, "")
	unpublished := s.NewCityLicense(s.Xingguo, GrantEntrust).Intent(registry.Issue)
	unpublished.Grant = silent.ID
	s.codes(t, MemberCity, []*registry.Entry{s.Entry(unpublished)}, registry.CodeGrantPeriod)
	s.Advance(time.Hour)
	own := grantOf(s.City, GrantOwn)
	own.End, own.EndBasis = s.Now, "划转〔2026〕1号"
	before := s.Entry(s.NewCityLicense(s.Xingguo, GrantEntrust).Intent(registry.Issue))
	s.accept(t, MemberCity, s.Entry(s.NewCityLicense(s.Xingguo, GrantEntrust).Intent(registry.Issue)))
	s.set(t, s.Governing, own)
	s.codes(t, MemberCity, []*registry.Entry{before}, registry.CodeGrantPeriod)
}
