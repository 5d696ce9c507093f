package lawtest

import (
	"fmt"
	"slices"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// place is a town of Xingguo's county that nothing has happened in yet.
func (w *walk) place() string { w.places++; return fmt.Sprintf("360732%03d", 102+w.places%890) }

// at is a license of Xingguo's that belongs to a place.
func (w *walk) at(place string) *ledgertest.License {
	w.Helper()
	l := w.NewLicense()
	l.Place = place
	w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
	return l
}

// later tries an act on an issued license under another grant.
func otherwise(act registry.Act, typeCode func(w *walk) string, change func(w *walk, l *ledgertest.License, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.NewLicense()
		if typeCode != nil {
			l.Identifier.Type, l.Numbered = typeCode(w), false
		}
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
		in := l.Intent(act)
		change(w, l, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// handed hands the licenses of a place over to an organization and returns the
// grant under which it holds them.
func (w *walk) handed(place string, from, to *ledgertest.Organization, succeeds ...string) string {
	w.Helper()
	id, h := w.offer(place, from, to, succeeds...)
	h.Start = w.Now
	w.accept(registry.Governance, w.Order(w.Governing, h))
	return id
}

// offer records the grant, and the handover that begins it by its date.
func (w *walk) offer(place string, from, to *ledgertest.Organization, succeeds ...string) (string, *registry.Handover) {
	w.Helper()
	g := w.grant(ledgertest.GrantDirect)
	g.ID, g.Source, g.Decider, g.Acceptor, g.Territory = w.id("g"), from.Code, to.Code, to.Code, place
	w.set(w.Governing, &g)
	h := w.handover(w.id("h"))
	h.From, h.To, h.Begins = []string{from.Code}, to.Code, []string{g.ID}
	h.Succeeds = append([]string{registry.SuccessionName(from.Code, ledgertest.Matter, place)}, succeeds...)
	slices.Sort(h.Succeeds)
	h.Signatures = nil
	ledgertest.SignHandover(h, from.Code, registry.SideFrom, nil)
	ledgertest.SignHandover(h, to.Code, registry.SideTo, nil)
	ledgertest.SignHandover(h, w.County.Code, registry.SideWitness, nil)
	w.set(w.Governing, h)
	return g.ID, h
}

// starts tries to start a handover from Xingguo to a bureau with one thing changed.
func starts(change func(w *walk, place string, h *registry.Handover)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		place := w.place()
		_, h := w.offer(place, w.Xingguo, w.bureau)
		again := *h
		again.ID, again.Signatures = w.id("h"), nil
		change(w, place, &again)
		ledgertest.SignHandover(&again, w.Xingguo.Code, registry.SideFrom, nil)
		ledgertest.SignHandover(&again, w.bureau.Code, registry.SideTo, nil)
		ledgertest.SignHandover(&again, w.County.Code, registry.SideWitness, nil)
		w.set(w.Governing, &again)
		again.Start = w.Now
		return w.codes(registry.Governance, w.Order(w.Governing, &again))
	}
}

// governed tries an act through governance with one thing changed.
func governed(act registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		grant := w.handed(place, w.Xingguo, w.Yudu)
		in := l.GovernedIntent(w.Yudu, grant, act)
		change(w, &in)
		return w.codes(registry.Governance, w.Entry(in))
	}
}

var relationTemptations = []temptation{
	{"an act that names no origin", registry.CodeEntryForm, next(registry.Annotate, func(_ *walk, in *registry.Intent) { in.Origin = nil })},
	{"an issue that names no origin", registry.CodeEntryForm, issue(func(_ *walk, in *registry.Intent) { in.Origin = nil })},
	{"an issue outside the territory", registry.CodeGrantTerritory, issue(func(_ *walk, in *registry.Intent) { in.Origin.Place = "360731" })},
	{"an origin at another place", registry.CodeStale, next(registry.Annotate, func(_ *walk, in *registry.Intent) { in.Origin.Place = "360732101" })},
	{"an origin under another grant", registry.CodeStale, next(registry.Annotate, func(_ *walk, in *registry.Intent) { in.Origin.Grant = "g-watched" })},
	{"an origin of another matter", registry.CodeStale, next(registry.Annotate, func(_ *walk, in *registry.Intent) { in.Origin.Matter = ledgertest.OtherMatter })},
	{"the same authority's power over another matter", registry.CodeGrantMatter, otherwise(registry.Revoke, typeBoth, func(_ *walk, l *ledgertest.License, in *registry.Intent) {
		in.Grant, in.Origin.Grant = ledgertest.GrantOther, l.Grant
	})},
	{"another power of the issuer's over the matter", "", otherwise(registry.Annotate, nil, func(_ *walk, l *ledgertest.License, in *registry.Intent) {
		in.Grant, in.Origin.Grant = "g-watched", l.Grant
	})},
	{"a wider power of somebody else while the issuer's lives", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Entry(w.issued().GovernedIntent(w.Governing, ledgertest.GrantOwn, registry.Revoke)))
	}},
	{"and when it has ended, and nobody succeeded", "", func(w *walk) []registry.Code {
		l, in := w.orphan()
		_ = l
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"while another power of the issuer's lives", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		l, in := w.orphan()
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.Decider, g.Acceptor = w.id("g"), l.By.Code, l.By.Code
		w.set(w.Governing, &g)
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"a wider power while the successor's lives", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		_, in := w.bereft(false)
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"and when it was recalled", "", func(w *walk) []registry.Code {
		_, in := w.bereft(true)
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"of a successor who is none", registry.CodeStale, func(w *walk) []registry.Code {
		_, in := w.bereft(true)
		in.Origin.Successor = w.bureau.Code
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"a successor who is not named", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		_, in := w.bereft(true)
		in.Origin.Successor = ""
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"powers that somebody orders", no, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Order(w.Governing, &registry.Tenure{Decider: w.Xingguo.Code, Matter: w.id("m")}))
	}},
	{"a power there that does not reach the place", registry.CodeGrantTerritory, func(w *walk) []registry.Code {
		l, in := w.orphan()
		in.Grant, in.Organization = ledgertest.GrantYudu, w.Yudu.Code
		_ = l
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"a successor of another member in the member's namespace", registry.CodeNamespace, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		in := l.Intent(registry.Revoke)
		in.Organization, in.Origin.Grant = w.Yudu.Code, in.Grant
		in.Grant = w.handed(place, w.Xingguo, w.Yudu)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"and through governance", "", governed(registry.Revoke, asItIs)},
	{"through governance, naming another member", registry.CodeStale, governed(registry.Revoke, func(_ *walk, in *registry.Intent) { in.Origin.Member = ledgertest.MemberYudu })},
	{"through governance, and no act on the state", registry.CodeNamespace, governed(registry.Annotate, asItIs)},
	{"through governance by who has the license's own node", registry.CodeNamespace, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Entry(w.issued().GovernedIntent(w.Xingguo, ledgertest.GrantDirect, registry.Revoke)))
	}},
	{"a superior in a member's namespace", registry.CodeNamespace, func(w *walk) []registry.Code {
		return w.codes(ledgertest.MemberXingguo, w.Entry(w.issued().OversightIntent(w.County, registry.Revoke)))
	}},
	{"a superior who names another member", registry.CodeStale, over(nil, registry.Revoke, func(_ *walk, in *registry.Intent) { in.Origin.Member = ledgertest.MemberYudu })},
	{"a superior who suspends where no statute says so", registry.CodeActNotAllowed, strictly(registry.Suspend)},
	{"and revokes", "", strictly(registry.Revoke)},
	{"a superior with an act that the type leaves to it, and the act table does not", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		l := w.ofType(typeWorking(w))
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Annotate)))
	}},
	{"the predecessor after the handover", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		w.handed(place, w.Xingguo, w.bureau)
		in := l.Intent(registry.Revoke)
		in.Grant, in.Origin.Grant = "g-watched", in.Grant
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"and under the power that the license rests on", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		w.handed(place, w.Xingguo, w.bureau)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Revoke)))
	}},
	{"and dated back", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		in := l.Intent(registry.Revoke)
		w.Advance(time.Hour)
		w.handed(place, w.Xingguo, w.bureau)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"who took over a place that came back", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		other := w.newcomer()
		grant := w.handed(place, w.Xingguo, other)
		w.handed(place, other, w.Xingguo, registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, place))
		in := l.Intent(registry.Revoke)
		in.Organization, in.Grant, in.Origin.Grant = other.Code, grant, in.Grant
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a handover of what a party handed over before", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		w.handed(place, w.Xingguo, w.newcomer())
		second := w.newcomer()
		in := l.Intent(registry.Revoke)
		in.Organization, in.Origin.Grant = second.Code, in.Grant
		in.Grant = w.handed(place, w.Xingguo, second)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a handover to who is dissolved by then", registry.CodeHandover, func(w *walk) []registry.Code {
		to := w.newcomer()
		_, h := w.offer(w.place(), w.Xingguo, to)
		gone := to.Organization
		gone.Dissolved, gone.Successor = w.Now, w.bureau.Code
		w.set(w.Governing, &gone)
		h.Start = w.Now
		return w.codes(registry.Governance, w.Order(w.Governing, h))
	}},
	{"a start before its grants are there", registry.CodeHandover, starts(func(w *walk, _ string, h *registry.Handover) { h.Begins = append(h.Begins, w.id("g")) })},
	{"a superior's suspension returned by who took over", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		grant := w.handed(place, w.Xingguo, w.Yudu)
		w.accept(registry.Governance, l.NextOversight(w.Governing, registry.Suspend))
		return w.codes(registry.Governance, w.Entry(l.GovernedIntent(w.Yudu, grant, registry.Return)))
	}},
	{"and by a nearer superior", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(registry.Governance, l.NextOversight(w.Governing, registry.Suspend))
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Return)))
	}},
	{"a superior under an older version of the type", registry.CodeStale, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Entry(w.newerType().OversightIntent(w.County, registry.Revoke)))
	}},
	{"the issuer under an older version of the type", registry.CodeStale, func(w *walk) []registry.Code {
		return w.codes(ledgertest.MemberXingguo, w.Entry(w.newerType().Intent(registry.Revoke)))
	}},
	{"a third party's power among those that end", registry.CodeHandover, starts(func(w *walk, place string, h *registry.Handover) {
		g := w.grant(ledgertest.GrantYudu)
		g.ID, g.Territory = w.id("g"), place
		w.set(w.Governing, &g)
		h.Ends, h.Succeeds = []string{g.ID}, append(h.Succeeds, registry.SuccessionName(w.Yudu.Code, ledgertest.Matter, place))
		slices.Sort(h.Succeeds)
	})},
	{"and the successor", "", func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		in := l.Intent(registry.Revoke)
		in.Organization, in.Origin.Grant = w.bureau.Code, in.Grant
		in.Grant = w.handed(place, w.Xingguo, w.bureau)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"the successor's predecessor by one", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		second := w.newcomer()
		first := w.handed(place, w.Xingguo, second)
		w.handed(place, second, w.newcomer(), registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, place))
		in := l.Intent(registry.Revoke)
		in.Organization, in.Grant, in.Origin.Grant = second.Code, first, in.Grant
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"what came back is the issuer's again", "", func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		other := w.newcomer()
		w.handed(place, w.Xingguo, other)
		w.handed(place, other, w.Xingguo, registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, place))
		in := l.Intent(registry.Revoke)
		in.Grant, in.Origin.Grant = "g-watched", in.Grant
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a dissolved issuer's licenses are its successor's", "", func(w *walk) []registry.Code {
		l, heir := w.inherited()
		in := l.Intent(registry.Revoke)
		in.Organization, in.Origin.Grant = heir.Code, in.Grant
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.Decider, g.Acceptor = w.id("g"), heir.Code, heir.Code
		w.set(w.Governing, &g)
		in.Grant = g.ID
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a dissolution that leaves out a predecessor", registry.CodeHandover, func(w *walk) []registry.Code {
		place := w.place()
		old := w.newcomer()
		w.handed(place, w.Xingguo, old)
		gone := old.Organization
		gone.Dissolved, gone.Successor = w.Now, w.bureau.Code
		return w.codes(registry.Governance, w.Order(w.Governing, &gone))
	}},
	{"and names it", "", func(w *walk) []registry.Code {
		place := w.place()
		old := w.newcomer()
		w.handed(place, w.Xingguo, old)
		gone := old.Organization
		gone.Dissolved, gone.Successor, gone.Succeeds = w.Now, w.bureau.Code, []string{registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, place)}
		return w.codes(registry.Governance, w.Order(w.Governing, &gone))
	}},
	{"an issue through governance", registry.CodeEntryForm, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Entry(w.NewLicense().Intent(registry.Issue)))
	}},
	{"successions by no name", registry.CodeEntryForm, func(w *walk) []registry.Code {
		h := w.handover(w.id("h"))
		h.Succeeds = []string{"everything"}
		w.sign(h)
		return w.codes(registry.Governance, w.Order(w.Xingguo, h))
	}},
	{"a dissolved organization that comes back", no, func(w *walk) []registry.Code {
		gone := w.newcomer().Organization
		gone.Dissolved, gone.Successor = w.Now, w.bureau.Code
		w.set(w.Governing, &gone)
		gone.Dissolved, gone.Successor = 0, ""
		return w.codes(registry.Governance, w.Order(w.Governing, &gone))
	}},
	{"and one whose successor changes", no, func(w *walk) []registry.Code {
		gone := w.newcomer().Organization
		gone.Dissolved, gone.Successor = w.Now, w.bureau.Code
		w.set(w.Governing, &gone)
		gone.Successor = w.town.Code
		return w.codes(registry.Governance, w.Order(w.Governing, &gone))
	}},
	{"a handover that leaves out who hands over", registry.CodeHandover, starts(func(_ *walk, _ string, h *registry.Handover) { h.Succeeds = nil })},
	{"a handover that names more", registry.CodeHandover, starts(func(w *walk, place string, h *registry.Handover) {
		h.Succeeds = append([]string{registry.SuccessionName(w.Yudu.Code, ledgertest.Matter, place)}, h.Succeeds...)
		slices.Sort(h.Succeeds)
	})},
	{"a succession that somebody orders", no, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Order(w.Governing, &registry.Succession{Issuer: w.Xingguo.Code, Matter: ledgertest.Matter, Region: w.place(), Successor: w.Yudu.Code}))
	}},
	{"a correction that prolongs", registry.CodeCorrection, next(registry.Correct, func(_ *walk, in *registry.Intent) { in.Expires++ })},
	{"a penalty of the issuer's, although its grant lists a regulator", registry.CodeGrantMode, supervised(func(w *walk, l *ledgertest.License, _ *registry.Grant, _ *ledgertest.Organization) registry.Intent {
		return l.Intent(registry.Penalize)
	})},
	{"and its revocation", "", supervised(func(w *walk, l *ledgertest.License, _ *registry.Grant, _ *ledgertest.Organization) registry.Intent {
		return l.Intent(registry.Revoke)
	})},
	{"a regulator whom another grant lists", registry.CodeNotResponsible, supervised(func(w *walk, l *ledgertest.License, g *registry.Grant, _ *ledgertest.Organization) registry.Intent {
		other, theirs := w.newcomer(), *g
		theirs.ID, theirs.Regulators = w.id("g"), []string{other.Code}
		w.set(w.Governing, &theirs)
		return measure(l, other, theirs.ID)
	})},
	{"and the one of its own", "", supervised(func(w *walk, l *ledgertest.License, g *registry.Grant, own *ledgertest.Organization) registry.Intent {
		return measure(l, own, g.ID)
	})},
	{"a reissue that prolongs", registry.CodeCorrection, next(registry.Reissue, func(_ *walk, in *registry.Intent) { in.Expires++ })},
	{"a downgrade that begins later", registry.CodeCorrection, next(registry.Downgrade, func(_ *walk, in *registry.Intent) { in.Effective++ })},
	{"a change that begins earlier", registry.CodeDateOrder, next(registry.Change, func(_ *walk, in *registry.Intent) { in.Effective-- })},
	{"and a slip in it", "", next(registry.Change, func(_ *walk, in *registry.Intent) { in.Effective, in.Ground = in.Effective-1, registry.GroundSlip })},
	{"a correction that begins earlier", registry.CodeCorrection, next(registry.Correct, func(_ *walk, in *registry.Intent) { in.Effective-- })},
}

// newerType is a license of the second version of its type.
func (w *walk) newerType() *ledgertest.License { return w.newerTypeAt("360732") }

func (w *walk) newerTypeAt(place string) *ledgertest.License {
	w.Helper()
	l := w.ofType(typeStrict(w))
	l.Place = place
	w.serial++
	t := *find[*registry.TypeRecord](w, registry.TypeName(w.Type, 1))
	t.Code, t.Version, t.Doers, t.Forms = l.Identifier.Type, 1000+w.serial, nil, map[registry.CopyKind]string{registry.Original: ""}
	w.set(w.Governing, &t)
	in := l.Intent(registry.Issue)
	in.TypeVersion = t.Version
	w.moves(l, in)
	return l
}

// house is an authority of its own, with a seal, serials and a status list, that
// has no power yet.
func (w *walk) house() *house {
	w.Helper()
	h := &house{Organization: w.newcomer()}
	seal := w.seal(ledgertest.SealXingguo)
	seal.ID, seal.Owner, seal.History = w.id("q"), h.Code, []registry.SealEvent{{State: registry.SealInUse, At: w.Now}}
	w.serial++
	h.seal, h.list = seal.ID, uint32(1000+w.serial)
	w.set(w.Governing, &seal, &registry.Instance{Issuer: h.Code, Prefix: "OL", Lists: []uint32{h.list}})
	return h
}

type house struct {
	*ledgertest.Organization
	seal string
	list uint32
}

// power gives the house a grant over the matter in Xingguo.
func (w *walk) power(h *house) *registry.Grant {
	w.Helper()
	g := w.grant(ledgertest.GrantDirect)
	g.ID, g.Decider, g.Acceptor = w.id("g"), h.Code, h.Code
	w.set(w.Governing, &g)
	return &g
}

// license is one that the house issues under a grant.
func (w *walk) license(h *house, grant string) *ledgertest.License {
	w.Helper()
	l := w.unissued(h, grant)
	w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
	return l
}

// unissued is the same before its issue.
func (w *walk) unissued(h *house, grant string) *ledgertest.License {
	l := w.NewLicense()
	l.Identifier.Issuer, l.Identifier.Serial = h.Code, "OL"+l.Identifier.Serial[2:]
	l.By, l.Grant, l.Seal, l.List, l.Numbered = h.Organization, grant, h.seal, h.list, false
	return l
}

// orphan is a license whose issuer's power ended and went to nobody, and the
// act of the city, which holds the matter there.
func (w *walk) orphan() (*ledgertest.License, registry.Intent) {
	w.Helper()
	h := w.house()
	g := w.power(h)
	l := w.license(h, g.ID)
	g.End, g.EndBasis = w.Now, "收回"
	w.set(w.Governing, g)
	return l, l.GovernedIntent(w.Governing, ledgertest.GrantOwn, registry.Revoke)
}

// bereft is a license that went to a successor, whose power was taken back or
// not, and the act of the city, which holds the matter there.
func (w *walk) bereft(recalled bool) (*ledgertest.License, registry.Intent) {
	w.Helper()
	h, heir := w.house(), w.newcomer()
	g := w.power(h)
	l := w.license(h, g.ID)
	id := w.handed("360732", h.Organization, heir)
	g.End, g.EndBasis = w.Now, "交接"
	w.set(w.Governing, g)
	if recalled {
		taken := w.grant(ledgertest.GrantDirect)
		taken.ID, taken.Source, taken.Decider, taken.Acceptor = id, h.Code, heir.Code, heir.Code
		taken.End, taken.EndBasis = w.Now, "收回"
		w.set(w.Governing, &taken)
	}
	in := l.GovernedIntent(w.Governing, ledgertest.GrantOwn, registry.Revoke)
	in.Origin.Successor = heir.Code
	return l, in
}

// strictly tries a superior's act on a license of a type that cites no statute.
func strictly(act registry.Act) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.ofType(typeStrict(w))
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, act)))
	}
}

// newcomer is an organization of Xingguo's that was just registered.
func (w *walk) newcomer() *ledgertest.Organization {
	w.Helper()
	w.serial++
	o := w.AddOrganization(fmt.Sprintf("11360732%08d", 20000000+w.serial), "新设机关（测试）", "360732", ledgertest.MemberXingguo, w.County, w.Governing)
	record := o.Organization
	w.set(w.Governing, &record)
	return o
}

// inherited is a license of an issuer that was dissolved, and who took it over.
func (w *walk) inherited() (*ledgertest.License, *ledgertest.Organization) {
	w.Helper()
	old := w.house()
	l := w.license(old, w.power(old).ID)
	gone := old.Organization.Organization
	gone.Dissolved, gone.Successor = w.Now, w.bureau.Code
	w.set(w.Governing, &gone)
	return l, w.bureau
}

// supervised tries an act on a license whose grant lists a regulator of its own.
func supervised(act func(w *walk, l *ledgertest.License, g *registry.Grant, regulator *ledgertest.Organization) registry.Intent) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		regulator, g := w.newcomer(), w.grant(ledgertest.GrantDirect)
		g.ID, g.Regulators = w.id("g"), []string{regulator.Code}
		w.set(w.Governing, &g)
		l := w.ofType(typeStrict(w)) // which cites no statute
		l.Grant = g.ID
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
		return w.codes(ledgertest.MemberXingguo, w.Entry(act(w, l, &g, regulator)))
	}
}

// measure is a regulator's suspension under a grant.
func measure(l *ledgertest.License, by *ledgertest.Organization, grant string) registry.Intent {
	in := l.Intent(registry.Suspend)
	in.Organization, in.Grant, in.Decision = by.Code, grant, in.Decision+by.Code
	if in.Origin.Grant = l.State.Grant; in.Origin.Grant == grant {
		in.Origin.Grant = ""
	}
	return in
}
