package console

import (
	"net/http"
	"slices"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// licenses are the pages to look licenses up.
type licenses struct {
	frame
	office  *office.Office
	desk    desk.Licenses
	catalog desk.Catalog
}

func (l *licenses) list(w http.ResponseWriter, r *http.Request) {
	var query office.SearchQuery
	if r.Method == http.MethodPost {
		q, err := httpx.Values(w, r)
		if err != nil {
			l.fail(w, r, err)
			return
		}
		query = office.SearchQuery{Text: q.Get("q"), Step: office.Step(q.Get("step")), Relation: registry.Relation(q.Get("relation")), Cursor: q.Get("cursor")}
	}
	found, err := l.desk.Search(r, &query, "")
	if err != nil {
		l.fail(w, r, err)
		return
	}
	list := web.Listing{Query: query, Steps: office.Steps(), Relations: registry.Relations(), Next: found.Next,
		Names: signin.AccountOf(r).Actor().Sees(registry.MaySearchNames)}
	for _, item := range found.Items {
		word, err := l.office.Reading.Word(r.Context(), signin.AccountOf(r).Actor(), item.Identifier.Base())
		if err != nil {
			l.fail(w, r, err)
			return
		}
		list.Rows = append(list.Rows, web.ListRow{SearchItem: item, Word: word})
	}
	l.show(w, r, http.StatusOK, "console-licenses", "licenses", web.Pair{Chinese: "证照", English: "Licenses"}, list)
}

func (l *licenses) tasks(w http.ResponseWriter, r *http.Request) {
	list, err := l.desk.Tasks(r)
	if err != nil {
		l.fail(w, r, err)
		return
	}
	l.show(w, r, http.StatusOK, "console-tasks", "tasks", web.Pair{Chinese: "待办", English: "Tasks"}, list)
}

// page shows one license with the acts that the account may do on it now.
func (l *licenses) page(w http.ResponseWriter, r *http.Request) {
	view, id, err := l.desk.Named(r)
	if err != nil {
		l.fail(w, r, err)
		return
	}
	page := web.License{Identifier: id, Whole: view.Sight == registry.MaySeeContent, Verdict: view.Verdict, Lines: view.Proceedings, Versions: view.Versions}
	page.Identifier, page.InFlight = view.Identifier, view.InFlight
	if page.Present = view.Present; page.Present != nil {
		page.Keyed = view.NotRecomputed(page.Present.Intent)
		if page.Withheld = withheld(view); page.Withheld == nil {
			page.Fields = fieldsOf(view.Type, page.Present.Facts, nil)
		}
	}
	if page.Files = view.Document && page.Withheld == nil; page.Files && view.Present != nil && view.Present.Released {
		page.Drawn = l.base + "/console/licenses/" + view.Identifier.String() + "/document.svg"
	}
	page.TypeName = typeName(view.Type, id)
	if view.Standing != nil {
		page.Ledger = view.Standing.License
	}
	if page.Ledger != nil {
		page.Acts = l.actLinks(view, 0)
	}
	page.Sheets, page.Relations = l.sheets(view), view.Relations
	l.show(w, r, http.StatusOK, "console-license", "licenses", web.Pair{Chinese: page.TypeName, English: "License"}, page)
}

// withheld are the labels of fields that a copy does not have.
func withheld(view *office.LicenseView) (labels []string) {
	if view.Type == nil || len(view.Present.Withheld) == 0 {
		return nil
	}
	for _, f := range registry.Compose(view.Type, registry.Facts{}).Fields {
		if slices.Contains(view.Present.Withheld, f.Name) {
			labels = append(labels, f.Label)
		}
	}
	return labels
}

func typeName(t *registry.LicenseType, id registry.Identifier) string {
	if t == nil {
		return id.Type
	}
	return t.Name
}

// actLinks leads to the forms of what the account was offered: on a sheet when
// its number is given, else of all others.
func (l *licenses) actLinks(view *office.LicenseView, sheet uint32) (links []web.ActLink) {
	if view.Present == nil {
		return nil
	}
	id := view.Identifier
	for _, offer := range view.Offers {
		if offer.Printing != sheet {
			continue
		}
		link := web.ActLink{Act: offer.Act, Replaces: offer.Replaces, URL: l.base + "/console/licenses/" + id.String() + "/acts/" + offer.Act.String()}
		if sheet != 0 {
			link.URL = sheetAct(l.base, view, sheet, offer.Act.String())
		}
		if !slices.Contains(links, link) { // one form for all grounds
			links = append(links, link)
		}
	}
	return links
}

// sheetAct is the form of an act on one sheet; a sheet of an older version is
// named by that version.
func sheetAct(base string, view *office.LicenseView, printing uint32, act string) string {
	for _, p := range view.Printings {
		if p.Printing.Number == printing {
			return base + "/console/licenses/" + p.Identifier.String() + "/acts/" + act + "?printing=" + itoa(printing)
		}
	}
	return ""
}

func (l *licenses) sheets(view *office.LicenseView) []web.Sheet {
	var list []web.Sheet
	for _, p := range view.Printings {
		sheet := web.Sheet{Number: p.Printing.Number, Version: p.Identifier.Version, Copy: p.Printing.Copy,
			Blank: p.Printing.Blank.Number}
		if view.Sight == registry.MaySeeContent {
			sheet.Scan = l.base + "/v/" + p.Token.String()
		}
		api := l.base + "/api/v1/licenses/" + p.Identifier.String()
		if view.Standing != nil && view.Standing.License != nil {
			if known, ok := view.Standing.License.Sheet(p.Printing.Number); ok {
				sheet.State = known.State
				sheet.Acts = l.actLinks(view, p.Printing.Number)
			}
		}
		switch {
		case p.Printing.Copy == registry.Electronic && sheet.State.Good() && view.Document:
			sheet.Download = api + "/document"
		case p.Printing.Copy != registry.Electronic && sheet.State.Good() && view.Paper:
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

// types lists what the account's organization can issue, in its own name or its
// entruster's.
func (l *licenses) types(w http.ResponseWriter, r *http.Request) {
	list, err := l.catalog.All(r)
	if err != nil {
		l.fail(w, r, err)
		return
	}
	var may []*registry.LicenseType
	for _, t := range list {
		if c, err := l.catalog.Choices(r, t); err == nil && len(c.Grants) > 0 && t.Source == registry.MadeHere {
			may = append(may, t)
		}
	}
	l.show(w, r, http.StatusOK, "console-types", "new", web.Pair{Chinese: "新办证照", English: "New license"}, may)
}
