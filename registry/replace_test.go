package registry_test

import (
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// pair is a license of Xingguo's, as its papers tell of it, and one of Yudu's that
// is to replace it.
type pair struct {
	*story
	made *ledgertest.License
}

func newPair(t *testing.T) *pair {
	s := newStory(t)
	made := s.City.NewYuduLicense()
	made.Identifier.Type, made.Place = s.Identifier.Type, s.Place
	return &pair{s, made}
}

// issue issues the new license; the view then knows of it.
func (p *pair) issue(as registry.Act) *registry.Entry {
	p.Helper()
	e := p.City.Entry(p.made.ReplacingIntent(p.License, as))
	if err := p.made.Accept(e); err != nil {
		p.Fatal(err)
	}
	p.standing.Replacing = &p.made.Identifier
	return e
}

// closes closes the old one, as what follows from the issue.
func (p *pair) closes(issue *registry.Entry) *registry.Entry {
	p.Helper()
	closing := p.Closing(issue)
	if err := closing.Check(); err != nil {
		p.Fatal(err)
	}
	if err := p.Close(closing); err != nil {
		p.Fatal(err)
	}
	p.standing.Oversight = p.Oversight
	p.standing.Entries = append(p.standing.Entries, registry.Anchored{Entry: closing, Namespace: registry.Governance, Recorded: p.City.Now})
	return closing
}

func (p *pair) verdict() registry.Verdict {
	return registry.Judge(registry.Question{Identifier: p.Identifier, Printing: 2, Standing: &p.standing, Now: p.City.Time()})
}

func (p *pair) ofNew() registry.Verdict {
	made := &registry.Standing{License: p.made.State}
	return registry.Judge(registry.Question{Identifier: p.made.Identifier, Standing: made, Replaces: &p.standing, Now: p.City.Time()})
}

func tells(v registry.Verdict, code string) bool {
	for _, c := range v.Checks {
		if c.Code == code {
			return true
		}
	}
	return false
}

// Until the closing the old license is in force and says that a new one was
// issued; after it its papers are superseded, and name the one in its place. That
// day is the day of the closing, whenever the issue was decided.
func TestReplacedLicense(t *testing.T) {
	p := newPair(t)
	p.days(3)
	issue := p.issue(registry.Change)
	decided := p.today()
	if v := p.verdict(); v.Word != registry.Valid || v.ReplacedBy != nil || !tells(v, "being-replaced") {
		t.Errorf("before the closing: %s %v %+v", v.Word, v.ReplacedBy, v.Checks)
	}
	p.days(2)
	p.closes(issue)
	v := p.verdict()
	if v.Word != registry.Superseded || v.ReplacedBy == nil || *v.ReplacedBy != p.made.Identifier || v.Cause.Act != registry.Replace || tells(v, "being-replaced") {
		t.Errorf("after it: %s %v %+v", v.Word, v.ReplacedBy, v.Checks)
	}
	if got := p.standing.ListCodeOf(p.Identifier, 2); got != registry.ListSuperseded {
		t.Errorf("in the status list: %d", got)
	}
	if row := p.standing.National(p.today()); row.Operation != "05" || row.State != "99" {
		t.Errorf("national codes of the old one: %+v", row)
	}
	made := &registry.Standing{License: p.made.State, Entries: []registry.Anchored{{Entry: issue, Namespace: ledgertest.MemberYudu, Recorded: p.City.Now}}}
	if row := made.National(p.today()); row.Operation != "08" || row.Replaces != p.Identifier {
		t.Errorf("national codes of the new one: %+v", row)
	}
	if v := p.ofNew(); v.Word != registry.Valid || !tells(v, "replaces") || tells(v, "replaced-void") {
		t.Errorf("the new one: %s %+v", v.Word, v.Checks)
	}
	p.on(decided, registry.Effective, registry.Effective)
	p.on(p.today(), registry.Replaced, registry.Replaced)
	if due := p.State.PaperDue(registry.Replaced, p.today()); len(due) != 1 || due[0].Act != registry.Recover {
		t.Errorf("its paper waits for %+v", due)
	}
	// Nothing is done on it any more but with its paper, and 撤销.
	for act, allowed := range map[registry.Act]bool{registry.Cancel: false, registry.Change: false, registry.Recover: true, registry.Spoil: true} {
		if err := p.Oversight.Allows(p.State, &registry.Intent{Act: act, Origin: &registry.Origin{}}); (err == nil) != allowed {
			t.Errorf("%s on a license that was replaced: %v", act, err)
		}
	}
	p.governs(p.OversightIntent(p.City.County, registry.Revoke))
	if v := p.verdict(); v.Word != registry.IsRevoked || v.ReplacedBy != nil {
		t.Errorf("revoked after it was replaced: %s %v", v.Word, v.ReplacedBy)
	}
	if v := p.ofNew(); v.Word != registry.Valid || !tells(v, "replaced-void") {
		t.Errorf("the new one: %s %+v", v.Word, v.Checks)
	}
}

// What ended the license before its closing goes before the replacement, in
// governance and in its own chain; once a ruling undoes it, it is replaced.
func TestEndedBeforeItsClosing(t *testing.T) {
	for _, above := range []bool{true, false} {
		p := newPair(t)
		issue := p.issue(registry.Renew)
		if above {
			p.governs(p.OversightIntent(p.City.County, registry.Revoke))
		} else {
			p.do(p.Intent(registry.Penalize), registry.Timely, "")
		}
		p.closes(issue)
		want := map[bool]registry.State{true: registry.Revoked, false: registry.Penalized}[above]
		if state, _ := p.standing.State(); state != want || p.Oversight.Replaced.Standing != want || p.verdict().ReplacedBy != nil {
			t.Errorf("%s, replaced from %s", state, p.Oversight.Replaced.Standing)
		}
		if above {
			in := p.OversightIntent(p.City.County, registry.Reinstate)
			in.Ruling.Author = ""
			p.governs(in)
		} else {
			in := p.OversightIntent(p.City.County, registry.Reinstate)
			in.Ruling.Undoes, in.Ruling.MemberAct, in.Ruling.Author = 0, p.State.Sequence, p.City.Xingguo.Code
			p.governs(in)
		}
		if v := p.verdict(); v.Word != registry.Superseded || v.ReplacedBy == nil {
			t.Errorf("and once a ruling undid that: %s", v.Word)
		}
	}
}

// A ruling undoes a replacement; the license is not closed a second time.
func TestReplacementUndone(t *testing.T) {
	p := newPair(t)
	issue := p.issue(registry.Change)
	p.closes(issue)
	in := p.OversightIntent(p.City.County, registry.Reinstate)
	in.Ruling.Author = p.made.By.Code
	p.governs(in)
	if v := p.verdict(); v.Word != registry.Valid || v.ReplacedBy != nil {
		t.Errorf("undone: %s %v", v.Word, v.ReplacedBy)
	}
	if err := p.Close(p.Closing(issue)); registry.CodeOf(err) != registry.CodeReplaced {
		t.Errorf("closed again: %v", err)
	}
}

// A closing is what its issue says, and an issue that replaces says all that the
// closing needs.
func TestFormOfPairs(t *testing.T) {
	p := newPair(t)
	issue := *p.issue(registry.Change).Intent
	closing := issue.ClosedBy(1, sm.Digest{})
	if err := closing.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(in *registry.Intent, c *registry.Closing){
		"a change":                      func(in *registry.Intent, _ *registry.Closing) { in.Act = registry.Change },
		"no grant":                      func(in *registry.Intent, _ *registry.Closing) { in.Grant = "" },
		"no origin":                     func(in *registry.Intent, _ *registry.Closing) { in.Origin = nil },
		"another type":                  func(_ *registry.Intent, c *registry.Closing) { c.Identifier.Type = c.Identifier.Type[:20] + "9" },
		"its own issuer":                func(in *registry.Intent, c *registry.Closing) { c.Identifier.Issuer = in.Identifier.Issuer },
		"no act":                        func(_ *registry.Intent, c *registry.Closing) { c.As = 0 },
		"an act that makes no version":  func(_ *registry.Intent, c *registry.Closing) { c.As = registry.Revoke },
		"an issue of an issue":          func(_ *registry.Intent, c *registry.Closing) { c.As = registry.Issue },
		"no sequence":                   func(_ *registry.Intent, c *registry.Closing) { c.Sequence = 0 },
		"no head":                       func(_ *registry.Intent, c *registry.Closing) { c.Head = sm.Digest{} },
		"no origin of the one replaced": func(_ *registry.Intent, c *registry.Closing) { c.Origin = nil },
		"no member":                     func(_ *registry.Intent, c *registry.Closing) { c.Origin.Member = "" },
		"no matter":                     func(_ *registry.Intent, c *registry.Closing) { c.Origin.Matter = "" },
		"another place":                 func(in *registry.Intent, _ *registry.Closing) { in.Origin.Place = "360732101" },
		"a grant named twice":           func(in *registry.Intent, c *registry.Closing) { c.Origin.Grant = in.Grant },
		"a digest of an issue":          func(_ *registry.Intent, c *registry.Closing) { c.Issue = sm.Sum(nil) },
	} {
		in, c := issue, *issue.Closes
		origin, own := *c.Origin, *in.Origin
		c.Origin, in.Origin, in.Closes = &origin, &own, &c
		if change(&in, &c); in.Check() == nil {
			t.Errorf("an issue that replaces, with %s, is well formed", name)
		}
	}
	for name, change := range map[string]func(in *registry.Intent, c *registry.Closing){
		"nothing in its place": func(in *registry.Intent, _ *registry.Closing) { in.Closes = nil },
		"no issue":             func(_ *registry.Intent, c *registry.Closing) { c.Issue = sm.Digest{} },
		"a later version":      func(_ *registry.Intent, c *registry.Closing) { c.Identifier.Version = 2 },
		"an act":               func(_ *registry.Intent, c *registry.Closing) { c.As = registry.Change },
		"no member":            func(in *registry.Intent, _ *registry.Closing) { in.Origin.Member = "" },
		"a holder":             func(in *registry.Intent, _ *registry.Closing) { in.Holder = sm.Sum(nil) },
		"an origin":            func(_ *registry.Intent, c *registry.Closing) { c.Origin = &registry.Origin{} },
	} {
		in, c, own := closing, *closing.Closes, *closing.Origin
		in.Closes, in.Origin = &c, &own
		if change(&in, &c); in.Check() == nil {
			t.Errorf("a closing with %s is well formed", name)
		}
	}
}

// TestGoldenReplaced freezes what a pair says, and what the ledger keeps of it.
func TestGoldenReplaced(t *testing.T) {
	in := fullIntent()
	in.Act, in.Sequence, in.Previous, in.Refers = registry.Issue, 1, sm.Digest{}, 0
	in.Origin = &registry.Origin{Place: "360732"}
	in.Closes = &registry.Closing{Identifier: registry.Identifier{Type: goldenID.Type, Issuer: "11360731MB0X12345Y", Serial: "YD1000001", Version: 2}, As: registry.Change,
		Sequence: 9, Head: fill32(7), Origin: &registry.Origin{Matter: "000131008000", Grant: "g-0", Place: "360732", Member: "yudu"}}
	closing := in.ClosedBy(4, fill32(8))
	for name, i := range map[string]*registry.Intent{"intent-replaces": &in, "intent-closing": &closing} {
		raw, err := registry.Encode(i)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw, i.Digest())
	}
	golden(t, "closing-digest", []byte(registry.ReplacingKey(goldenID.Base())), registry.ClosingDigest(closing, fill32(9)))
	for name, value := range map[string]any{
		"license-replaces":   registry.License{Sequence: 1, Head: fill32(1), State: registry.Effective, Version: 1, Replaces: &registry.Replacing{License: in.Closes.Identifier, Closing: fill32(2)}},
		"oversight-replaced": registry.Oversight{Sequence: 1, Head: fill32(1), State: registry.Revoked, Decided: 6, Replaced: &registry.Replacement{By: goldenID, Standing: registry.Revoked}},
		"claim-replacing":    registry.ReplacingClaim{By: goldenID},
	} {
		raw, err := registry.Encode(value)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw, sm.Digest{})
	}
}
