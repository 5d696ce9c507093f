package ledgertest

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// ReplacingIntent is the issue with which a successor in another member replaces
// an old license by this one: by the act that it is on the old one.
func (l *License) ReplacingIntent(old *License, as registry.Act) registry.Intent {
	in := l.Intent(registry.Issue)
	origin := old.origin(registry.Intent{Act: as, Grant: in.Grant, Identifier: old.Identifier})
	origin.Member = old.Namespace
	in.Closes = &registry.Closing{Identifier: old.Identifier, As: as, Sequence: old.State.Sequence, Head: old.State.Head, Origin: origin}
	in.Effective, in.Expires = old.State.Effective, old.State.Expires
	if as == registry.Renew {
		in.Expires += 365
	}
	in.Holder = old.State.Holder
	return in
}

// Replaced is the entry of that issue and the closing that follows from it, both
// taken as accepted.
func (l *License) Replaced(old *License, as registry.Act) (issue, closing *registry.Entry) {
	issue = l.City.Entry(l.ReplacingIntent(old, as))
	must(l.Accept(issue))
	closing = old.Closing(issue)
	must(old.Close(closing))
	return issue, closing
}

// Closing is the closing entry that follows from an issue which replaces the
// license.
func (l *License) Closing(issue *registry.Entry) *registry.Entry {
	sequence, previous := uint64(1), sm.Digest{}
	if o := l.Oversight; o != nil {
		sequence, previous = o.Sequence+1, o.Head
	}
	in := issue.Intent.ClosedBy(sequence, previous)
	return &registry.Entry{Intent: &in, Approvals: issue.Approvals, Recording: issue.Recording}
}

// Close moves the license on by its closing.
func (l *License) Close(closing *registry.Entry) error {
	after, err := registry.ApplyOversight(l.Oversight, l.State, closing)
	if err == nil {
		l.Oversight = after
	}
	return err
}

// handed hands a place over to an organization and returns its grant there.
func (s *suite) handed(t *testing.T, place string, from, to *Organization) string {
	t.Helper()
	g := grantOf(s.City, GrantDirect)
	g.ID, g.Source, g.Decider, g.Acceptor, g.Territory = "g-"+to.Code+place, from.Code, to.Code, to.Code, place
	h := &registry.Handover{ID: "h-" + to.Code + place, From: []string{from.Code}, To: to.Code, Document: "交接书", Begins: []string{g.ID},
		Archives: registry.ArchivesStay, Signed: s.Now, Succeeds: []string{registry.SuccessionName(from.Code, Matter, place)}}
	SignHandover(h, from.Code, registry.SideFrom, nil)
	SignHandover(h, to.Code, registry.SideTo, nil)
	SignHandover(h, s.County.Code, registry.SideWitness, nil)
	s.set(t, s.Governing, g)
	s.set(t, s.Governing, h)
	h.Start = s.Now
	s.set(t, s.Governing, h)
	return g.ID
}

// testReplacement: a successor in another member makes a version of its own in
// two entries. The closing waits for the issue, follows from it alone, and comes
// once; the pair is a pair whatever happens in between.
func testReplacement(t *testing.T, s *suite) {
	const place = "360732118"
	var all []*License
	for range 3 {
		l := s.NewLicense()
		l.Place = place
		s.accept(t, MemberXingguo, l.Next(registry.Issue))
		all = append(all, l)
	}
	grant := s.handed(t, place, s.Xingguo, s.Yudu)
	anew := func() *License {
		l := s.NewYuduLicense()
		l.Grant, l.Place = grant, place
		return l
	}
	old, made, other := all[0], anew(), anew()
	issue := s.Entry(made.ReplacingIntent(old, registry.Change))
	closing := old.Closing(issue)
	early := *closing
	s.codes(t, registry.Governance, []*registry.Entry{&early}, registry.CodeNotFound)
	s.accept(t, MemberYudu, issue)
	must(made.Accept(issue))
	s.holds(t, made)
	s.holds(t, old) // in force until it is closed
	s.codes(t, MemberYudu, []*registry.Entry{s.Entry(other.ReplacingIntent(old, registry.Renew))}, registry.CodeReplaced)
	forged := old.Closing(issue)
	forged.Intent.Ground = "g2"
	s.codes(t, registry.Governance, []*registry.Entry{forged}, registry.CodeStale)
	s.accept(t, registry.Governance, closing)
	must(old.Close(closing))
	s.holds(t, old)
	if !s.codes(t, registry.Governance, []*registry.Entry{closing}, "").Outcome.Results[0].Repeat {
		t.Error("the closing handed in again is no repeat")
	}
	again := old.Closing(issue)
	s.codes(t, registry.Governance, []*registry.Entry{again}, registry.CodeReplaced)
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(old.Intent(registry.Cancel))}, registry.CodeActState)
	// What a superior does in between keeps neither half from the other.
	old, made = all[1], anew()
	issue = s.Entry(made.ReplacingIntent(old, registry.Renew))
	s.accept(t, MemberYudu, issue)
	must(made.Accept(issue))
	closing = old.Closing(issue)
	s.accept(t, registry.Governance, old.NextOversight(s.County, registry.Revoke))
	s.codes(t, registry.Governance, []*registry.Entry{closing}, registry.CodeSequenceTaken)
	closing = old.Closing(issue)
	s.accept(t, registry.Governance, closing)
	must(old.Close(closing))
	s.holds(t, old)
	if old.Oversight.State != registry.Revoked || old.Oversight.Replaced.By != made.Identifier || old.Oversight.Replaced.Standing != registry.Revoked {
		t.Errorf("a revoked license closed: %+v", old.Oversight)
	}
	s.accept(t, registry.Governance, made.NextOversight(s.Governing, registry.Revoke)) // and the new one after it
	s.holds(t, made)
	// No two of one license in one batch, and none while it is suspended.
	old, made, other = all[2], anew(), anew()
	s.accept(t, registry.Governance, old.NextOversight(s.County, registry.Suspend))
	s.codes(t, MemberYudu, []*registry.Entry{s.Entry(made.ReplacingIntent(old, registry.Change))}, registry.CodeActState)
	s.accept(t, registry.Governance, old.NextOversight(s.County, registry.Return))
	one, two := s.Entry(made.ReplacingIntent(old, registry.Change)), s.Entry(other.ReplacingIntent(old, registry.Change))
	s.codes(t, MemberYudu, []*registry.Entry{one, two}, "", registry.CodeReplaced)
}
