package api

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// formSource is what a form is built from: the catalog entry, the ledger's
// records for the organization, and the version to change.
type formSource struct {
	act      registry.Act
	kind     *registry.LicenseType
	grants   []*registry.Grant
	seals    []*registry.SealRecord
	stock    []*registry.Stock
	present  *registry.Facts
	id       registry.Identifier
	printing uint32
}

// grantsFor lists the grants under which the account's organization decides
// matters that lead to the type.
func (s *Server) grantsFor(a *Account, t *registry.LicenseType) ([]*registry.Grant, error) {
	records, err := s.Office.View.Records(registry.KindGrant)
	if err != nil {
		return nil, err
	}
	now := s.Office.Clock().Unix()
	var list []*registry.Grant
	for _, record := range records {
		g, ok := record.(*registry.Grant)
		if ok && (a.Admin || g.Decider == a.Organization) && slices.Contains(t.Matters, g.Matter) && (g.End == 0 || now < g.End) && g.Effective <= now {
			list = append(list, g)
		}
	}
	return list, nil
}

// source reads what the form of an act needs.
func (s *Server) source(a *Account, act registry.Act, t *registry.LicenseType) (*formSource, error) {
	src := &formSource{act: act, kind: t}
	var err error
	if src.grants, err = s.grantsFor(a, t); err != nil {
		return nil, err
	}
	deciders := map[string]bool{}
	for _, g := range src.grants {
		deciders[g.Decider] = true
	}
	seals, err := s.Office.View.Records(registry.KindSeal)
	if err != nil {
		return nil, err
	}
	for _, record := range seals {
		if seal, ok := record.(*registry.SealRecord); ok && deciders[seal.Owner] && seal.SealKind == t.Seal &&
			seal.StateAt(s.Office.Clock().Unix()) == registry.SealInUse {
			src.seals = append(src.seals, seal)
		}
	}
	stock, err := s.Office.View.Records(registry.KindStock)
	if err != nil {
		return nil, err
	}
	for _, record := range stock {
		if st, ok := record.(*registry.Stock); ok && deciders[st.Organization] && st.Type == t.Code {
			src.stock = append(src.stock, st)
		}
	}
	return src, nil
}

// newSource is the source of the issue form.
func (s *Server) newSource(r *http.Request) (*formSource, error) {
	code := chi.URLParam(r, "code")
	if len(code) != 21 || !plainName(code) {
		return nil, registry.Errorf(registry.CodeNotFound, "", "")
	}
	t, err := s.Office.Store.Type(r.Context(), code, 0)
	if err != nil {
		return nil, err
	}
	return s.source(accountOf(r), registry.Issue, t)
}

// actSource is the source of the form of an act on a license.
func (s *Server) actSource(r *http.Request) (*formSource, error) {
	act, err := registry.ParseAct(chi.URLParam(r, "act"))
	if err != nil || act == registry.Issue {
		return nil, registry.Errorf(registry.CodeNotFound, "act", "")
	}
	view, id, err := s.visible(r)
	if err != nil {
		return nil, err
	}
	if view.Type == nil || len(view.Versions) == 0 {
		return nil, registry.Errorf(registry.CodeActState, "act", "the license is not on the ledger")
	}
	src, err := s.source(accountOf(r), act, view.Type)
	if err != nil {
		return nil, err
	}
	src.id, src.present = id, &view.Versions[len(view.Versions)-1].Facts
	if n, err := strconv.ParseUint(r.URL.Query().Get("printing"), 10, 32); err == nil {
		src.printing = uint32(n)
	}
	return src, nil
}

func (s *Server) newPage(w http.ResponseWriter, r *http.Request) {
	src, err := s.newSource(r)
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.drawForm(w, r, http.StatusOK, src, url.Values{}, nil)
}

func (s *Server) newForm(w http.ResponseWriter, r *http.Request) {
	src, err := s.newSource(r)
	s.submit(w, r, src, err)
}

func (s *Server) actPage(w http.ResponseWriter, r *http.Request) {
	src, err := s.actSource(r)
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.drawForm(w, r, http.StatusOK, src, url.Values{}, nil)
}

func (s *Server) actForm(w http.ResponseWriter, r *http.Request) {
	src, err := s.actSource(r)
	s.submit(w, r, src, err)
}

// submit hands a filled form to the office. What is refused comes back filled,
// with the field at fault.
func (s *Server) submit(w http.ResponseWriter, r *http.Request, src *formSource, err error) {
	var values url.Values
	if err == nil {
		values, err = readValues(w, r)
	}
	if err != nil {
		s.auditRefusal(r, "form", "", err)
		s.failConsole(w, r, err)
		return
	}
	actor := accountOf(r).Actor()
	app, err := src.application(values)
	var p *office.Proceeding
	if err != nil {
		s.auditRefusal(r, "form "+src.act.String(), "", err)
	} else {
		var said []byte
		if said, err = marshal(app); err == nil {
			key := office.Idempotency{Client: actor.Account, Operation: "console", Key: values.Get("key"), Body: sm.Sum(said)}
			p, err = s.Office.Propose(r.Context(), actor, *app, key)
		}
	}
	if err == nil {
		http.Redirect(w, r, s.base()+"/console/proceedings/"+p.Digest.String(), http.StatusSeeOther)
		return
	}
	problem := problemOf(err, requestID(r.Context()))
	s.logFailure(r, problem, err)
	problemHeaders(w, problem)
	s.drawForm(w, r, problem.Status, src, values, pageProblem(problem))
}

func (s *Server) drawForm(w http.ResponseWriter, r *http.Request, status int, src *formSource, values url.Values, problem *web.Problem) {
	form := src.form(values, problem, s.ledgerNames)
	form.Action = s.base() + r.URL.Path
	if src.printing != 0 {
		form.Action += "?printing=" + itoa(src.printing)
	}
	form.Back = s.base() + "/console/new"
	if !src.id.IsZero() {
		form.Back = s.base() + "/console/licenses/" + src.id.String()
		form.Intro = src.present.Holder.Name + " · " + src.present.Number
	}
	if form.Key == "" {
		form.Key = rand.Text()
	}
	s.page(w, r, status, "console-form", "new", web.Pair{Chinese: src.act.Chinese() + " · " + src.kind.Name, English: src.kind.English}, form)
}

// ledgerNames says matter and organization of a grant in words.
func (s *Server) ledgerNames(g *registry.Grant) string {
	matter := g.Matter
	if record, _, err := s.Office.View.Record(registry.KindMatter, g.Matter); err == nil {
		if m, ok := record.(*registry.Matter); ok && m != nil {
			matter = m.FullName
		}
	}
	return matter + " · " + web.ModeName(g.Mode).Chinese + " · " + s.organizationName(g.Decider) + " · " + g.Document
}

// application reads the form back.
func (src *formSource) application(values url.Values) (*registry.Application, error) {
	if key := values.Get("key"); len(key) < 16 || len(key) > 64 || !plainName(key) {
		return nil, registry.Errorf(registry.CodeIdempotencyMissing, "key", "open the form again")
	}
	app := &registry.Application{Act: src.act, Identifier: src.id, Grant: trimmed(values, "grant"), Ground: trimmed(values, "ground"),
		Decision: trimmed(values, "decision"), Case: trimmed(values, "case"), Remark: trimmed(values, "remark"), Printing: src.printing}
	for _, g := range src.grants {
		if g.ID == app.Grant {
			app.Organization = g.Decider
		}
	}
	if app.Organization == "" {
		return nil, registry.Errorf(registry.CodeGrant, "grant", "choose a grant")
	}
	if err := checkRemark(app.Remark); err != nil {
		return nil, err
	}
	var err error
	if app.Decided, err = formDay(values, "decided"); err != nil {
		return nil, err
	}
	if app.Copies, err = src.copiesOf(values); err != nil {
		return nil, err
	}
	if src.act.MakesVersion() {
		return app, src.readVersion(values, app)
	}
	return app, nil
}

// readVersion reads what only a version has. A later version sends only what
// differs from the present one.
func (src *formSource) readVersion(values url.Values, app *registry.Application) error {
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
	var err error
	if app.Effective, err = registry.ParseDate(trimmed(values, "effective")); err != nil {
		return registry.Errorf(registry.CodeDateForm, "effective", "want YYYY-MM-DD")
	}
	if app.Expires, err = registry.ParseDate(trimmed(values, "expires")); err != nil {
		return registry.Errorf(registry.CodeDateForm, "expires", "want YYYY-MM-DD")
	}
	if src.act == registry.Issue {
		app.Type = src.kind.Code
		return nil
	}
	if app.Holder == src.present.Holder {
		app.Holder = registry.Holder{}
	}
	if app.Number == src.present.Number {
		app.Number = ""
	}
	return nil
}

// formDay reads a day of the past as its first instant; today and no day mean
// now.
func formDay(values url.Values, name string) (time.Time, error) {
	day, err := registry.ParseDate(trimmed(values, name))
	if err != nil {
		return time.Time{}, registry.Errorf(registry.CodeDateForm, name, "want YYYY-MM-DD")
	}
	if day == 0 || day == registry.DateOf(time.Now()) {
		return time.Time{}, nil
	}
	return day.Start(), nil
}

func (src *formSource) copiesOf(values url.Values) ([]registry.CopyRequest, error) {
	var list []registry.CopyRequest
	for _, row := range src.rows(values) {
		number := trimmed(values, row.Name+".number")
		if !row.Checked && number == "" {
			continue
		}
		ask := registry.CopyRequest{Copy: row.Kind}
		if row.Form != "" {
			if number == "" {
				return nil, registry.Errorf(registry.CodeBlankForm, row.Name, "the blank's number is missing")
			}
			ask.Blank = registry.Blank{Form: row.Form, Run: trimmed(values, row.Name+".run"), Number: number}
		}
		list = append(list, ask)
	}
	return list, nil
}

// rows are the sheets that the type allows, one line for each.
func (src *formSource) rows(values url.Values) []web.CopyRow {
	var rows []web.CopyRow
	if !src.act.MakesVersion() && src.act != registry.Print && src.act != registry.Reprint {
		return nil
	}
	for _, rule := range src.kind.Copies {
		for i := range min(rule.Max, 3) {
			if rule.Kind == registry.Electronic || i > 0 && !src.act.MakesVersion() {
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
