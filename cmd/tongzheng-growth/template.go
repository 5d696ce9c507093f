package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
)

// template is a power under which licenses of one type are filled.
type template struct {
	grant  *registry.Grant
	kind   *registry.LicenseType
	issuer plan.Organization
	seal   string
	fields map[string]string
	weight int // 0: a few, at the very beginning
	made   int // licenses
}

// weights say how much of the city's licenses an authority has. The street offices
// have a few from long ago and none since: what they look for lies far back.
var weights = map[string]int{"xg-approval": 60, "yd-approval": 25, "xg-lianjiang": 5, "xg-east": 0, "xg-west": 0}

// makeTemplates finds what the ledger takes: every direct or own power with every
// type that its matter leads to.
func (w *world) makeTemplates(ctx context.Context) error {
	for _, g := range w.plan.Grants {
		if g.Mode != registry.ModeDirect && g.Mode != registry.ModeOwn {
			continue
		}
		for i := range w.plan.Types {
			kind := &w.plan.Types[i]
			if !slices.Contains(kind.Type.Matters, g.Matter) || kind.Type.Source == registry.Collected || len(kind.Type.Acts["issue"]) == 0 {
				continue
			}
			seal, ok := w.plan.SealFor(g, kind.Type.Seal)
			if !ok {
				continue
			}
			issuer, _ := w.plan.Organization(g.Decider)
			weight, known := weights[g.Decider]
			if !known {
				weight = 3
			}
			t := &template{grant: w.plan.GrantRecord(g), kind: &kind.Type, issuer: issuer, seal: seal.ID, fields: kind.Sample, weight: weight}
			if err := w.tried(ctx, t); err != nil {
				if os.Getenv("GROWTH_DEBUG") != "" {
					fmt.Fprintln(os.Stderr, "not filled:", g.ID, kind.Key, err)
				}
				continue
			}
			w.templates = append(w.templates, t)
		}
	}
	if len(w.templates) == 0 {
		return fmt.Errorf("the plan has no power to fill licenses under")
	}
	return w.findLists()
}

// tried asks the ledger whether it would take an issue.
func (w *world) tried(ctx context.Context, t *template) error {
	f := w.license(t, 999_999, registry.Printing{Number: 1, Copy: registry.Electronic, List: 999, Index: 0})
	batch := registry.Batch{Namespace: t.issuer.Member, Rules: registry.NewestRules, Time: w.now(), Entries: []*registry.Entry{f.entry}}
	outcome, err := w.app.Ports.Ledger.DryRun(ctx, batch)
	if err != nil {
		return err
	}
	if r := outcome.Results[0]; !r.Accepted() && !(r.Code == registry.CodeListRange) {
		return fmt.Errorf("%+v", r)
	}
	return nil
}

func (w *world) now() int64 { return w.app.Config.Clock().Unix() }

// growthRun begins the print runs of what is filled.
const growthRun = "2026-G"

// run is the print run that is filled: a number lies in one stock.
func (t *template) run() string { return growthRun + "-" + t.issuer.Code[len(t.issuer.Code)-4:] }

// form is the numbered stock of the type's original; empty for plain paper.
func (t *template) form() string {
	rule, _ := t.kind.Copy(registry.Original)
	return rule.Form
}

// print adds an original on the next blank to an issue.
func (w *world) print(a *act, n int) {
	in := *a.entry.Intent
	original := w.place(a.template.issuer.Code)
	original.Number, original.Copy = 2, registry.Original
	original.Blank = registry.Blank{Form: a.template.form(), Run: a.template.run(), Number: fmt.Sprintf("%08d", n+1)}
	in.Printings = append(in.Printings, original)
	b := w.act(a.template, in)
	a.reservation.Proceeding, a.entry.Intent, a.entry.Approvals = b.reservation.Proceeding, b.entry.Intent, b.entry.Approvals
	a.reservation.Version.Intent = in.Digest()
}

// act is one act that is filled, with what the stores keep of it.
type act struct {
	template    *template
	reservation office.Reservation
	entry       *registry.Entry
	sealed      []byte
	before      *registry.License
	after       *registry.License
	receipt     *registry.Receipt
	first       *act // the issue of a later act
	nth         int  // of an issue: how many its template has made before
}

// issued is the intent by which the license was issued.
func (a *act) issued() *registry.Intent {
	if a.first != nil {
		return a.first.entry.Intent
	}
	return a.entry.Intent
}

var (
	surnames = strings.Split("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗", "")
	trades   = []string{"食品店", "餐饮店", "便利店", "贸易有限公司", "建筑有限公司", "运输有限公司", "药房", "茶庄", "酒店", "加工坊"}
)

// license is the issue of the n-th license: a small document, a holder who has three
// licenses, a term that depends on n.
func (w *world) license(t *template, n int, file registry.Printing) *act {
	id := registry.Identifier{Type: t.kind.Code, Issuer: t.issuer.Code, Serial: fmt.Sprintf("A1%08d", n+1000), Version: 1}
	now := w.now()
	today := registry.DateOfUnix(now)
	h := n / 3
	holder := registry.Holder{Name: "赣州" + surnames[h%len(surnames)] + surnames[h/20%len(surnames)] + fmt.Sprintf("记%d", h) + trades[h%len(trades)],
		CodeType: "001", Code: fmt.Sprintf("92360732G%08d", h)}
	holder.Code += string(registry.USCCCheck(holder.Code))
	number := fmt.Sprintf("%s%s%08d", "ZZ", t.issuer.Region[:6], n)
	in := registry.Intent{Act: registry.Issue, Identifier: id, Sequence: 1, TypeVersion: t.kind.Version, Grant: t.grant.ID, Organization: t.issuer.Code,
		Ground: t.kind.Acts["issue"][0].Code, Decision: fmt.Sprintf("长准〔2026〕%d号", n), Case: fmt.Sprintf("长%d", n), Seal: t.seal,
		Decided: now, Effective: today, Expires: today.AddYears(1+n%5) - 1, Printings: []registry.Printing{file},
		Number: registry.NumberTag(t.kind.Code, number), Holder: sm.Tagged("growth holder", []byte(holder.Code))}
	if t.grant.AsksPlace() {
		in.Origin = &registry.Origin{Place: "360732"}
	} else {
		in.Origin = &registry.Origin{Place: t.grant.Territory}
	}
	facts := registry.Facts{Identifier: id, Number: number, IssuerName: t.issuer.Name, Holder: holder, Issued: today, Effective: in.Effective, Expires: in.Expires, Fields: t.fields}
	secret := sm.Tagged("growth secret", []byte(id.Serial))
	unsealed := []byte("a small document of " + id.String())
	in.Content = registry.Compose(t.kind, facts).Digest(secret[:], unsealed)
	a := w.act(t, in)
	a.reservation.Version = &office.Version{Identifier: id, Facts: facts, TypeVersion: t.kind.Version, Secret: secret[:], Unsealed: unsealed, Intent: in.Digest()}
	a.sealed = []byte("sealed " + id.String())
	a.entry.Sealed, a.entry.Seal = now, sm.Sum(a.sealed)
	return a
}

// act prepares what the stores take of an intent.
func (w *world) act(t *template, in registry.Intent) *act {
	digest := in.Digest()
	r := office.Reservation{Matter: t.grant.Matter, By: registry.Actor{Account: "growth", Organization: t.issuer.Code}, Issuers: []string{t.issuer.Code},
		Proceeding: &office.Proceeding{Digest: digest, Intent: in, Step: office.StepReserved}}
	return &act{template: t, reservation: r, entry: &registry.Entry{Intent: &in, Approvals: sm.Tagged("growth approvals", digest[:])}}
}

// next is a later act on a license that was issued here.
func (w *world) next(before *act, kind registry.Act, ground string) *act {
	issued := before.issued()
	in := registry.Intent{Act: kind, Identifier: issued.Identifier, Sequence: before.after.Sequence + 1, Previous: before.after.Head, TypeVersion: issued.TypeVersion,
		Grant: issued.Grant, Organization: issued.Organization, Ground: ground, Decided: w.now(),
		Origin: &registry.Origin{Matter: before.template.grant.Matter, Place: issued.Origin.Place}}
	if kind.Class() == registry.ClassPaper {
		in.Refers = issued.Printings[0].Number
		if before.first != nil { // the file is delivered
			in.Refers = issued.Printings[1].Number
		}
	} else {
		in.Decision = fmt.Sprintf("%s%s", issued.Decision, kind)
	}
	a := w.act(before.template, in)
	a.before, a.first = before.after, before
	if before.first != nil {
		a.first = before.first
	}
	return a
}
