package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// consoleRoutes are the pages for staff. All but the sign-in need a session.
func (s *Server) consoleRoutes(r chi.Router) {
	r.Use(limitBody(MaxBody))
	r.Get("/", s.consoleHome)
	r.Get("/sign-in", s.signInPage)
	r.Post("/sign-in", s.signInForm)
	r.Group(func(r chi.Router) {
		r.Use(s.signedInPage)
		r.Post("/sign-out", s.signOut)
		r.Get("/licenses", s.listPage)
		r.Post("/licenses/search", s.listPage) // names are searched for: they stay out of addresses
		r.Get("/licenses/{identifier}", s.licensePage)
		r.Get("/licenses/{identifier}/acts/{act}", s.actPage)
		r.Post("/licenses/{identifier}/acts/{act}", s.actForm)
		r.Get("/new", s.typesPage)
		r.Get("/new/{code}", s.newPage)
		r.Post("/new/{code}", s.newForm)
		r.Get("/proceedings/{intent}", s.proceedingPage)
		r.Post("/proceedings/{intent}/drop", s.dropForm)
		r.Post("/proceedings/{intent}/release", s.releaseForm)
		r.Post("/proceedings/{intent}/passkey", s.approveByPasskey)
		r.Get("/tasks", s.tasksPage)
		if s.Office.Sheets != nil {
			r.Get("/orders", s.ordersPage)
			r.Get("/orders/{sheet}", s.orderPage)
			r.Post("/orders/{sheet}/passkey", s.signSheetByPasskey)
			r.Post("/orders/{sheet}/drop", s.dropSheetForm)
		}
		if s.Office.Cases != nil {
			r.Get("/cases", s.casesPage)
			r.Get("/case", s.casePage)
			r.Post("/case", s.caseForm)
			r.Post("/case/passkey", s.recordCaseByPasskey)
		}
		r.Get("/account", s.accountPage)
		r.Post("/passkeys/begin", s.beginPasskey)
		r.Post("/passkeys", s.addPasskey)
	})
}

// signedInPage lets only signed-in browsers pass; others are led to the
// sign-in. A session that has been in use for an hour gets a new token when a
// page is opened.
func (s *Server) signedInPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := s.session(r)
		if registry.CodeOf(err) == registry.CodeUnauthenticated {
			if r.Method == http.MethodGet {
				http.Redirect(w, r, s.base()+"/console/sign-in", http.StatusSeeOther)
				return
			}
			s.fail(w, r, err)
			return
		}
		if err != nil {
			s.failPage(w, r, err)
			return
		}
		if r.Method == http.MethodGet && s.Office.Clock().Sub(session.Created) > sessionRotate {
			if err := s.startSession(w, r, session.Account.Login); err != nil {
				s.Log.Warn("session keeps its token", "request", requestID(r.Context()), "error", err)
			}
		}
		next.ServeHTTP(w, signedIn(r, &session.Account))
	})
}

func (s *Server) consoleHome(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, s.base()+"/console/licenses", http.StatusSeeOther)
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) {
	s.draw(w, r, http.StatusOK, "console-sign-in", web.Frame{Title: "登录", TitleEnglish: "Sign in", Data: web.SignIn{}})
}

func (s *Server) signInForm(w http.ResponseWriter, r *http.Request) {
	values, err := readValues(w, r)
	if err == nil {
		err = s.signIn(w, r, values.Get("login"), values.Get("password"))
	}
	if err == nil {
		http.Redirect(w, r, s.base()+"/console/licenses", http.StatusSeeOther)
		return
	}
	p := problemOf(err, requestID(r.Context()))
	s.logFailure(r, p, err)
	problemHeaders(w, p)
	w.Header().Del("WWW-Authenticate") // no browser dialog
	s.draw(w, r, p.Status, "console-sign-in", web.Frame{Title: "登录", TitleEnglish: "Sign in", Data: web.SignIn{Problem: pageProblem(p)}})
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.endSession(r); err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.audit(r, accountOf(r).Actor(), "sign-out", accountOf(r).Login, "")
	s.clearCookie(w)
	http.Redirect(w, r, s.base()+"/console/sign-in", http.StatusSeeOther)
}

// page draws a console page for the signed-in account.
func (s *Server) page(w http.ResponseWriter, r *http.Request, status int, name, here string, title web.Pair, data any) {
	a := accountOf(r)
	who := &web.Who{Login: a.Login, Name: a.Name, Organization: s.organizationName(a.Organization), Admin: a.Admin, Governs: mayGovern(a)}
	if who.Name == "" {
		who.Name = a.Login
	}
	s.draw(w, r, status, name, web.Frame{Title: title.Chinese, TitleEnglish: title.English, Account: who, Here: here, Data: data})
}

// failConsole says an error inside the console.
func (s *Server) failConsole(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err, requestID(r.Context()))
	s.logFailure(r, p, err)
	problemHeaders(w, p)
	s.page(w, r, p.Status, "console-message", "", web.Pair{Chinese: p.Title, English: p.TitleEnglish}, web.Message{Problem: *pageProblem(p)})
}

// organizationName is the name the ledger has for a credit code.
func (s *Server) organizationName(code string) string {
	record, _, err := s.Office.View.Record(registry.KindOrganization, code)
	if o, ok := record.(*registry.Organization); err == nil && ok && o != nil {
		return o.FullName
	}
	return code
}

func (s *Server) listPage(w http.ResponseWriter, r *http.Request) {
	var query office.SearchQuery
	if r.Method == http.MethodPost {
		q, err := readValues(w, r)
		if err != nil {
			s.failConsole(w, r, err)
			return
		}
		query = office.SearchQuery{Text: q.Get("q"), Step: office.Step(q.Get("step")), Cursor: q.Get("cursor")}
	}
	if err := s.fillSearch(accountOf(r), &query, ""); err != nil {
		s.failConsole(w, r, err)
		return
	}
	found, err := s.Office.Store.Search(r.Context(), query)
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	list := web.Listing{Query: query, Steps: office.Steps(), Next: found.Next}
	for _, item := range found.Items {
		word, err := s.Office.WordOf(item.Identifier.Base())
		if err != nil {
			s.failConsole(w, r, err)
			return
		}
		list.Rows = append(list.Rows, web.ListRow{SearchItem: item, Word: word})
	}
	s.page(w, r, http.StatusOK, "console-licenses", "licenses", web.Pair{Chinese: "证照", English: "Licenses"}, list)
}

func (s *Server) tasksPage(w http.ResponseWriter, r *http.Request) {
	organization, err := ownOrganization(accountOf(r))
	var list []office.Task
	if err == nil {
		list, err = s.Office.Store.Tasks(r.Context(), organization)
	}
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	rows := make([]web.TaskRow, 0, len(list))
	for _, task := range list {
		row := web.TaskRow{Task: task}
		found, err := s.Office.Store.Search(r.Context(), office.SearchQuery{Text: task.Identifier.Base(), Limit: 1})
		if err != nil {
			s.failConsole(w, r, err)
			return
		}
		if len(found.Items) == 1 {
			row.License = found.Items[0]
		}
		rows = append(rows, row)
	}
	s.page(w, r, http.StatusOK, "console-tasks", "tasks", web.Pair{Chinese: "待办", English: "Tasks"}, rows)
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request) {
	account := accountOf(r)
	keys, err := s.Accounts.Passkeys(r.Context(), account.Login)
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	data := web.Account{Roles: account.Roles, MayEnroll: s.Config.Enroll != nil && s.passkeys.err == nil && account.Person != ""}
	for _, k := range keys {
		data.Keys = append(data.Keys, web.AccountKey{ID: k.KeyID, Created: k.Created, Enrolled: s.approver(k.KeyID) != nil})
	}
	s.page(w, r, http.StatusOK, "console-account", "account", web.Pair{Chinese: "账号", English: "Account"}, data)
}

// licensePage shows one license with the acts that its state allows. Whether
// an act is allowed is judged when it is applied for; the links only spare a
// walk to a form that would be refused.
func (s *Server) licensePage(w http.ResponseWriter, r *http.Request) {
	view, id, err := s.visible(r)
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	page := web.License{Identifier: id, Verdict: view.Verdict, Lines: view.Proceedings, Versions: view.Versions}
	if n := len(view.Versions); n > 0 {
		page.Present, page.Identifier = view.Versions[n-1], view.Versions[n-1].Identifier
		page.Fields = fieldsOf(view.Type, page.Present.Facts, nil)
	}
	page.TypeName = s.typeName(view.Type, id)
	if view.Standing != nil {
		page.Ledger = view.Standing.License
	}
	if view.Record.InFlight != nil {
		page.InFlight = &view.Record.InFlight.Digest
	}
	if page.Ledger != nil {
		page.Acts = s.actLinks(view, registry.PrintingNone, registry.Printing{})
	}
	page.Sheets = s.sheets(view)
	s.page(w, r, http.StatusOK, "console-license", "licenses", web.Pair{Chinese: page.TypeName, English: "License"}, page)
}

func (s *Server) typeName(t *registry.LicenseType, id registry.Identifier) string {
	if t == nil {
		return id.Type
	}
	return t.Name
}

// actLinks lists the acts with a ground in the catalog that the license's
// state allows: those on a sheet when one is given, else all others.
func (s *Server) actLinks(view *office.LicenseView, sheet registry.PrintingState, printing registry.Printing) []web.ActLink {
	var links []web.ActLink
	l := view.Standing.License
	if view.Type == nil || l == nil || view.Record.InFlight != nil {
		return nil
	}
	for _, rule := range registry.Acts() {
		if _, err := l.State.Next(rule.Act); err != nil || len(view.Type.Acts[rule.Name]) == 0 || rule.Act == registry.Issue {
			continue
		}
		onSheet := rule.Class == registry.ClassPaper && rule.Act != registry.Print
		id := view.Versions[len(view.Versions)-1].Identifier.WithVersion(l.Version)
		address := s.base() + "/console/licenses/" + id.String() + "/acts/" + rule.Name
		switch {
		case printing.Number == 0 && !onSheet:
			links = append(links, web.ActLink{Act: rule.Act, URL: address})
		case printing.Number != 0 && onSheet:
			if _, err := sheet.Next(rule.Act); err == nil {
				links = append(links, web.ActLink{Act: rule.Act, URL: sheetAct(s.base(), view, printing, rule.Name)})
			}
		}
	}
	return links
}

// sheetAct is the form of an act on one sheet; a sheet of an older version is
// named by that version.
func sheetAct(base string, view *office.LicenseView, printing registry.Printing, act string) string {
	for _, p := range view.Printings {
		if p.Printing.Number == printing.Number {
			return base + "/console/licenses/" + p.Identifier.String() + "/acts/" + act + "?printing=" + itoa(printing.Number)
		}
	}
	return ""
}

func (s *Server) sheets(view *office.LicenseView) []web.Sheet {
	var list []web.Sheet
	for _, p := range view.Printings {
		sheet := web.Sheet{Number: p.Printing.Number, Version: p.Identifier.Version, Copy: p.Printing.Copy,
			Blank: p.Printing.Blank.Number, Scan: s.base() + "/v/" + p.Token.String()}
		api := s.base() + "/api/v1/licenses/" + p.Identifier.String()
		if view.Standing != nil && view.Standing.License != nil {
			if known, ok := view.Standing.License.Sheet(p.Printing.Number); ok {
				sheet.State = known.State
				if p.Printing.Copy != registry.Electronic {
					sheet.Acts = s.actLinks(view, known.State, p.Printing)
				}
			}
		}
		switch {
		case p.Printing.Copy == registry.Electronic && sheet.State.Good():
			sheet.Download = api + "/document"
		case p.Printing.Copy != registry.Electronic && sheet.State.Good():
			sheet.Download = api + "/printings/" + itoa(p.Printing.Number) + "/paper"
		}
		list = append(list, sheet)
	}
	return list
}

// fieldsOf lists a version's fields as the type orders them, compared with the
// version before when there is one.
func fieldsOf(t *registry.LicenseType, facts registry.Facts, before *registry.Facts) []web.Field {
	var list []web.Field
	if t == nil {
		return nil
	}
	for _, rule := range t.Fields {
		f := web.Field{Label: rule.Label, English: rule.English, Value: facts.Fields[rule.Name]}
		if before != nil {
			f.Before = before.Fields[rule.Name]
			f.Changed = f.Before != f.Value
		}
		if f.Value != "" || f.Changed {
			list = append(list, f)
		}
	}
	return list
}

func (s *Server) typesPage(w http.ResponseWriter, r *http.Request) {
	list, err := s.Office.Store.Types(r.Context())
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	var may []*registry.LicenseType
	for _, t := range list {
		if grants, err := s.grantsFor(accountOf(r), t); err == nil && len(grants) > 0 && t.Source == registry.MadeHere {
			may = append(may, t)
		}
	}
	s.page(w, r, http.StatusOK, "console-types", "new", web.Pair{Chinese: "新办证照", English: "New license"}, may)
}

func trimmed(values url.Values, name string) string { return strings.TrimSpace(values.Get(name)) }
