package console

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// formSource is what a form is built from: the catalog entry, the ledger's
// records for the organization, and the version to change.
type formSource struct {
	act      registry.Act
	kind     *registry.LicenseType
	grants   []*registry.Grant
	seals    []*registry.SealRecord
	stock    []*registry.Stock
	places   []office.Place
	present  *registry.Facts
	id       registry.Identifier
	printing uint32
	sheet    *registry.Printing  // that printing; nil for an act on none
	grounds  []string            // codes that are offered
	copies   []registry.CopyKind // kinds that can be printed; of a new version any
	rank     bool                // a superior's act, which rests on no grant
	replaces bool                // made by issuing a license of one's own in this one's place
	undoable []undoable

	organization string // who fills it, and acts
}

// applications are the forms of acts.
type applications struct {
	frame
	office  *office.Office
	desk    desk.Licenses
	catalog desk.Catalog
}

// newSource is the source of the issue form.
func (a *applications) newSource(r *http.Request) (*formSource, error) {
	t, err := a.catalog.Named(r)
	if err != nil {
		return nil, err
	}
	c, err := a.catalog.Choices(r, t)
	if err != nil {
		return nil, err
	}
	src := &formSource{act: registry.Issue, kind: t, grants: c.Grants, seals: c.Seals, stock: c.Stock, places: c.Places, organization: signin.AccountOf(r).Organization}
	for _, g := range t.Acts[registry.Issue.String()] {
		src.grounds = append(src.grounds, g.Code)
	}
	return src, nil
}

// actSource is the source of the form of an act on a license.
func (a *applications) actSource(r *http.Request) (*formSource, error) {
	act, err := registry.ParseAct(chi.URLParam(r, "act"))
	if err != nil || act == registry.Issue {
		return nil, registry.Errorf(registry.CodeNotFound, "act", "")
	}
	view, id, err := a.desk.Named(r)
	if err != nil {
		return nil, err
	}
	if view.Type == nil || view.Present == nil {
		return nil, registry.Errorf(registry.CodeActState, "act", "the license is not on the ledger")
	}
	if act.MakesVersion() && view.Sight != registry.MaySeeContent {
		return nil, registry.Errorf(registry.CodeForbidden, "act", "a version is made by those who may see what the license says")
	}
	src := &formSource{act: act, kind: view.Type, id: id, present: &view.Present.Facts, organization: signin.AccountOf(r).Organization}
	if n, err := strconv.ParseUint(r.URL.Query().Get("printing"), 10, 32); err == nil {
		src.printing = uint32(n)
		for i := range view.Printings {
			if view.Printings[i].Printing.Number == src.printing {
				src.sheet = &view.Printings[i].Printing
			}
		}
	}
	return src, a.offered(r, src, view)
}

// offered fills in what the account may choose from, as the act was offered to it.
func (a *applications) offered(r *http.Request, src *formSource, view *office.LicenseView) error {
	var offers []registry.Offer
	for _, offer := range view.Offers {
		if offer.Act == src.act && offer.Printing == src.printing {
			offers = append(offers, offer)
		}
	}
	if len(offers) == 0 {
		return registry.Errorf(registry.CodeActNotAllowed, "act", "not now: see on the license's page what this account may do on it")
	}
	for _, offer := range offers {
		src.rank, src.replaces = src.rank || len(offer.Grants) == 0, src.replaces || offer.Replaces
		for _, ground := range offer.Grounds {
			if !slices.Contains(src.grounds, ground) {
				src.grounds = append(src.grounds, ground)
			}
		}
		src.copies = append(src.copies, offer.Copies...)
		src.undoable = append(src.undoable, undoableOf(view.Standing, offer)...)
	}
	c, err := a.office.Reading.ChoicesFor(r.Context(), signin.AccountOf(r).Actor(), src.kind, offers)
	if err != nil {
		return err
	}
	src.grants, src.seals, src.stock = c.Grants, c.Seals, c.Stock
	return nil
}

func (a *applications) newPage(w http.ResponseWriter, r *http.Request) {
	src, err := a.newSource(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.draw(w, r, http.StatusOK, src, url.Values{})
}

func (a *applications) newForm(w http.ResponseWriter, r *http.Request) {
	src, err := a.newSource(r)
	a.submit(w, r, src, err)
}

func (a *applications) actPage(w http.ResponseWriter, r *http.Request) {
	src, err := a.actSource(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.draw(w, r, http.StatusOK, src, url.Values{})
}

func (a *applications) actForm(w http.ResponseWriter, r *http.Request) {
	src, err := a.actSource(r)
	a.submit(w, r, src, err)
}

// submit hands a filled form to the office. What is refused comes back filled,
// with the field at fault.
func (a *applications) submit(w http.ResponseWriter, r *http.Request, src *formSource, err error) {
	actor := signin.AccountOf(r).Actor()
	values, unread := httpx.Values(w, r)
	key := office.Idempotency{Client: actor.Account, Operation: "console", Key: values.Get("key")}
	if unread == nil && err != nil { // handed in twice: what the first one made is why nothing is offered any more
		if p, _ := a.office.Issuing.Made(r.Context(), actor, key); p != nil {
			http.Redirect(w, r, a.base+"/console/proceedings/"+p.Digest.String(), http.StatusSeeOther)
			return
		}
	}
	if err = cmp.Or(err, unread); err != nil {
		a.trail.Refused(r, "form", "", err)
		a.fail(w, r, err)
		return
	}
	app, faults := src.application(values)
	if len(faults) > 0 {
		a.trail.Refused(r, "form "+src.act.String(), "", faults[0])
		a.draw(w, r, httpx.Report(w, r, faults[0]).Status, src, values, faults...)
		return
	}
	var p *office.Proceeding
	said, err := httpx.Marshal(app)
	if err == nil {
		key.Body = sm.Sum(said)
		p, err = a.office.Issuing.Propose(r.Context(), actor, *app, key)
	}
	if err == nil {
		http.Redirect(w, r, a.base+"/console/proceedings/"+p.Digest.String(), http.StatusSeeOther)
		return
	}
	report := httpx.Report(w, r, err)
	a.draw(w, r, report.Status, src, values, registry.Errorf(report.Code, report.Field, "%s", report.Detail))
}

// draw shows the form. What is wrong with what was filled in stands at its top,
// all of it, and beside each field.
func (a *applications) draw(w http.ResponseWriter, r *http.Request, status int, src *formSource, values url.Values, faults ...*registry.Error) {
	form := src.form(values, func(g *registry.Grant) string { return a.grant(r, g) })
	markFaults(&form, faults)
	form.Action = a.base + r.URL.Path
	if src.printing != 0 {
		form.Action += "?printing=" + itoa(src.printing)
	}
	form.Back = a.base + "/console/new"
	if !src.id.IsZero() {
		form.Back = a.base + "/console/licenses/" + src.id.String()
		form.Intro = strings.Trim(src.present.Holder.Name+" · "+src.present.Number+" · "+src.sheetName(), " ·")
		if src.replaces {
			form.Intro += "：以本机关的新证照换发，登记完成后原证照即被取代 · a license of your own replaces this one once that is recorded"
		}
	}
	if form.Key == "" {
		form.Key = rand.Text()
	}
	here := "licenses"
	if src.id.IsZero() {
		here = "new"
	}
	a.show(w, r, status, "console-form", here, web.Pair{Chinese: src.act.Chinese() + " · " + src.kind.Name, English: src.kind.English}, form)
}

// application reads the form back, and lists all that can be told to be wrong with it
// before anything is asked of the office, each with its input.
func (src *formSource) application(values url.Values) (*registry.Application, []*registry.Error) {
	if key := values.Get("key"); len(key) < 16 || len(key) > 64 || !httpx.PlainName(key) {
		return nil, []*registry.Error{registry.Errorf(registry.CodeIdempotencyMissing, "key", "open the form again")}
	}
	app := &registry.Application{Act: src.act, Identifier: src.id, Organization: src.organization, Grant: trimmed(values, "grant"), Ground: trimmed(values, "ground"),
		Decision: trimmed(values, "decision"), Case: trimmed(values, "case"), Remark: trimmed(values, "remark"), Printing: src.printing}
	if src.act == registry.Deliver {
		app.Remark, app.Delivery = "", readDelivery(values)
	}
	faults := src.faults(values)
	wrong := func(all ...*registry.Error) {
		for _, fault := range all {
			told := func(before *registry.Error) bool { return before.Field == fault.Field }
			if !slices.ContainsFunc(faults, told) {
				faults = append(faults, fault)
			}
		}
	}
	if fault, ok := desk.CheckRemark(app.Remark).(*registry.Error); ok {
		wrong(fault)
	}
	var more []*registry.Error
	app.Decided, more = formDay(values, "decided")
	wrong(more...)
	app.Copies, more = src.copiesOf(values)
	wrong(more...)
	if src.act.Rules() {
		app.Ruling, more = src.readRuling(values)
		wrong(more...)
	} else if src.act.MakesVersion() {
		wrong(src.readVersion(values, app)...)
	}
	if src.replaces {
		app.Act, app.Type, app.Identifier = registry.Issue, src.kind.Code, registry.Identifier{}
		app.Closes = &registry.Closes{License: src.id, As: src.act}
	}
	return app, faults
}

// readVersion reads what only a version has. A later version sends only what
// differs from the present one.
func (src *formSource) readVersion(values url.Values, app *registry.Application) (faults []*registry.Error) {
	app.Seal, app.Number = trimmed(values, "seal"), trimmed(values, "number")
	app.Holder = registry.Holder{Name: trimmed(values, "holder.name"), Code: trimmed(values, "holder.code"),
		CodeType: registry.HolderCodeType(trimmed(values, "holder.code_type"))}
	app.Fields = map[string]string{}
	for _, rule := range src.kind.Fields {
		value := trimmed(values, "fields."+rule.Name)
		if src.present == nil && value != "" || src.present != nil && value != src.present.Fields[rule.Name] {
			app.Fields[rule.Name] = value
		}
	}
	for _, day := range []struct {
		name string
		into *registry.Date
	}{{"effective", &app.Effective}, {"expires", &app.Expires}} {
		var fault *registry.Error
		if *day.into, fault = dayOf(values, day.name); fault != nil {
			faults = append(faults, fault)
		}
	}
	if src.act == registry.Issue {
		app.Type, app.Place = src.kind.Code, trimmed(values, "place")
		return faults
	}
	if app.Holder == src.present.Holder {
		app.Holder = registry.Holder{}
	}
	if app.Number == src.present.Number {
		app.Number = ""
	}
	return faults
}

// dayOf reads a day; none is no fault.
func dayOf(values url.Values, name string) (registry.Date, *registry.Error) {
	day, err := registry.ParseDate(trimmed(values, name))
	if err != nil {
		return 0, registry.Errorf(registry.CodeDateForm, name, "want YYYY-MM-DD")
	}
	return day, nil
}

// formDay reads a day of the past as its first instant; today and no day mean
// now.
func formDay(values url.Values, name string) (time.Time, []*registry.Error) {
	day, fault := dayOf(values, name)
	switch {
	case fault != nil:
		return time.Time{}, []*registry.Error{fault}
	case day == 0 || day == registry.DateOf(time.Now()):
		return time.Time{}, nil
	}
	return day.Start(), nil
}

func (src *formSource) copiesOf(values url.Values) (list []registry.CopyRequest, faults []*registry.Error) {
	for _, row := range src.rows(values) {
		number := trimmed(values, row.Name+".number")
		if !row.Checked && number == "" {
			continue
		}
		ask := registry.CopyRequest{Copy: row.Kind}
		if row.Form != "" {
			if number == "" {
				faults = append(faults, registry.Errorf(registry.CodeBlankForm, row.Name, "the blank's number is missing"))
			}
			ask.Blank = registry.Blank{Form: row.Form, Run: trimmed(values, row.Name+".run"), Number: number}
		}
		list = append(list, ask)
	}
	return list, faults
}

// prints tells whether a sheet of the kind can be made: of a kind with room, or of the
// kind of the sheet that it is in place of.
func (src *formSource) prints(kind registry.CopyKind) bool {
	switch src.act {
	case registry.Print:
		return slices.Contains(src.copies, kind)
	case registry.Reprint:
		return src.sheet == nil || src.sheet.Copy == kind
	}
	return true
}

// rows are the sheets that the type allows, one line for each.
func (src *formSource) rows(values url.Values) []web.CopyRow {
	var rows []web.CopyRow
	if !src.act.MakesVersion() && src.act != registry.Print && src.act != registry.Reprint {
		return nil
	}
	for _, rule := range src.kind.Copies {
		for i := range min(rule.Max, 3) {
			if rule.Kind == registry.Electronic || i > 0 && !src.act.MakesVersion() || !src.prints(rule.Kind) {
				continue
			}
			name := "copies." + rule.Kind.String() + strconv.Itoa(i+1)
			row := web.CopyRow{Name: name, Kind: rule.Kind, Form: rule.Form, Run: values.Get(name + ".run"),
				Number: values.Get(name + ".number"), Checked: values.Get(name+".print") != ""}
			for _, st := range src.stock {
				if st.Form != rule.Form {
					continue
				}
				row.Runs = append(row.Runs, st.Run)
				for _, r := range st.Ranges {
					row.Help += r.From + "–" + r.To + " "
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}
