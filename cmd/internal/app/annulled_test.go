package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/signer/check"
)

// annulled is a penalty on its way through a review: what a scan, the status list,
// a bundle on each day and the holder's bar say after every act.
type annulled struct {
	*city
	license *office.Proceeding
	holder  registry.Holder
	roots   *check.Roots
	code    string
}

// daysAgo is the moment so many days before now, and its day.
func (a *annulled) daysAgo(days int) (time.Time, registry.Date) {
	at := a.Config.Clock().AddDate(0, 0, -days)
	return at, registry.DateOf(at)
}

// does enters an act of the regulator's, decided so many days ago.
func (a *annulled) does(t *testing.T, act registry.Act, days int, ground string, ruling *registry.Ruling) *office.Proceeding {
	t.Helper()
	app := then(a.license, act, ground)
	app.Organization, app.Ruling = a.as(t, "xg-market-acceptor").Organization, ruling
	app.Decided, _ = a.daysAgo(days)
	return a.act(t, app, "xg-market-acceptor", "xg-market-approver")
}

// says holds every way to learn of the license against the same words: today's, and
// those of the days before, the ninth day ago first.
func (a *annulled) says(t *testing.T, when string, barred bool, days ...registry.Word) {
	t.Helper()
	today := days[len(days)-1]
	if v := a.scan(t, a.license, 1); v.Word != today {
		t.Errorf("%s: a scan says %s, want %s", when, v.Word, today)
	}
	if err := a.Office.Publishing.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw, _ := a.fetch(t, a.license.Intent.Printings[0].List, "")
	list, err := check.VerifyStatusList(raw, nil, a.roots)
	if err != nil {
		t.Fatal(err)
	}
	if v := offline(t, a.roots, list, a.code, time.Now()); v.Word != today {
		t.Errorf("%s: the list says %s, want %s", when, v.Word, today)
	}
	bundle, err := a.Office.Bundles.Bundle(t.Context(), a.as(t, "xg-acceptor"), a.license.Intent.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range days {
		_, day := a.daysAgo(len(days) - 1 - i)
		if v := verdictOf(t, bundle, a.roots, check.BundleOptions{AsOf: day}); v.Word != want {
			t.Errorf("%s: the bundle says of %s %s, want %s", when, day, v.Word, want)
		}
	}
	again, i := a.fresh()
	again.Holder = a.holder
	key := fmt.Sprintf("again-%d", i)
	if barred {
		a.call(t, "xg-acceptor", http.MethodPost, "/licenses", key, again).want(t, http.StatusConflict, registry.CodeBarred)
		return
	}
	p := a.propose(t, "/licenses", key, again)
	if err := a.Office.Issuing.Drop(t.Context(), a.as(t, "xg-acceptor"), p.Digest); err != nil {
		t.Error(err)
	}
}

// TestAnnulledPenalty: 吊销, the review stays it, the stay ends, the review annuls
// it. After each act, scan, status list, bundle and bar say the same of every day.
func TestAnnulledPenalty(t *testing.T) {
	c := inCity(t)
	roots, err := check.ParseRoots(c.Keys.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	a := &annulled{city: c, roots: roots}
	app, i := c.fresh()
	app.Decided, app.Effective = a.daysAgo(8)
	app.Expires, a.holder = app.Effective.AddYears(5)-1, app.Holder
	a.license = c.propose(t, "/licenses", fmt.Sprintf("annulled-%d", i), app)
	c.sign(t, a.license, "xg-acceptor", "xg-approver")
	if a.license = c.end(t, a.license); a.license.Step != office.StepAnchored {
		t.Fatalf("%s %s %s", a.license.Step, a.license.Refusal, a.license.Detail)
	}
	a.code = c.qr(t, a.license, 1)
	const (
		none = registry.NotFound
		good = registry.Valid
		gone = registry.IsPenalized
	)
	a.says(t, "issued", false, none, good, good, good, good, good, good, good, good, good)

	penalty := a.does(t, registry.Penalize, 6, "penalty", nil)
	a.says(t, "penalized", true, none, good, good, gone, gone, gone, gone, gone, gone, gone)

	ruling := func(document string, from int, ends bool) *registry.Ruling {
		_, day := a.daysAgo(from)
		return &registry.Ruling{By: registry.RulingReview, Body: "兴国县人民政府", Document: document, From: day, Undoes: penalty.Intent.Sequence, Ends: ends}
	}
	a.does(t, registry.Stay, 4, "", ruling("兴府复停〔2026〕7号", 4, false))
	a.says(t, "stayed", false, none, good, good, gone, gone, good, good, good, good, good)
	a.does(t, registry.Stay, 2, "", ruling("兴府复停〔2026〕8号", 2, true))
	a.says(t, "stay ended", true, none, good, good, gone, gone, good, good, gone, gone, gone)
	a.does(t, registry.Reinstate, 0, "", ruling("兴府复决〔2026〕9号", 6, false))
	a.says(t, "annulled", false, none, good, good, good, good, good, good, good, good, good)
}
