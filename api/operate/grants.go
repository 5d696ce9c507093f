package operate

import (
	"io"
	"mime"
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/list"
	"tongzheng/registry/office"
)

// grants answers for grant lists and for what grants lack before their day.
type grants struct {
	office *office.Office
	tables Tables
}

// tableOf reads the table that is a request's body.
func tableOf(r *http.Request, tables Tables) (*list.Table, error) {
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || contentType != CSV && contentType != Workbook {
		return nil, registry.Errorf(problem.MediaType, "", "want Content-Type: %s or %s", CSV, Workbook)
	}
	file, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, httpx.ReadError(err)
	}
	if len(file) == 0 {
		return nil, registry.Errorf(registry.CodeMissing, "file", "the file is empty")
	}
	return tables.Decode(contentType, file)
}

// planned judges the list in the body.
func (g *grants) planned(r *http.Request) (*office.GrantImport, error) {
	table, err := tableOf(r, g.tables)
	if err != nil {
		return nil, err
	}
	return g.office.Grants.Plan(r.Context(), by(r), table)
}

func planResource(plan *office.GrantImport) *resource.GrantPlan {
	out := &resource.GrantPlan{Worksheet: plan.Worksheet, Notes: plan.Notes, Lines: []resource.GrantLine{}}
	for _, l := range plan.Lines {
		out.Lines = append(out.Lines, resource.GrantLine{Row: l.Row, ID: l.ID, Change: l.Change, Differences: l.Differences, Problems: l.Problems, Warnings: l.Warnings})
	}
	return out
}

// plan shows what a list would change; nothing is written.
func (g *grants) plan(r *http.Request) (*resource.GrantPlan, error) {
	if err := httpx.KnownParameters(r); err != nil {
		return nil, err
	}
	plan, err := g.planned(r)
	if err != nil {
		return nil, err
	}
	return planResource(plan), nil
}

// apply orders what a list changes, all rows or none.
func (g *grants) apply(r *http.Request) (reply, error) {
	if err := httpx.KnownParameters(r); err != nil {
		return reply{}, err
	}
	plan, err := g.planned(r)
	if err != nil {
		return reply{}, err
	}
	sheet, status, err := ordered(g.office.Grants.Apply(r.Context(), by(r), plan), http.StatusOK)
	if err != nil {
		return reply{}, err
	}
	out := planResource(plan)
	out.Sheet = sheet
	return reply{status: status, body: out}, nil
}

// readiness reports what grants lack: those of the list in the body, or all on
// the ledger. format says how: json, markdown, or html to print and sign.
func (g *grants) readiness(w http.ResponseWriter, r *http.Request) {
	report, err := g.report(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	switch r.URL.Query().Get("format") {
	case "markdown":
		text(w, r, "text/markdown; charset=utf-8", []byte(report.Markdown()), nil)
	case "html":
		page, err := report.Page()
		text(w, r, "text/html; charset=utf-8", page, err)
	default:
		out := resource.ReadinessReport{Day: report.Day, Lines: []resource.ReadinessLine{}}
		for _, line := range report.Lines {
			out.Lines = append(out.Lines, resource.ReadinessLine(line))
		}
		httpx.JSON(w, r, http.StatusOK, out)
	}
}

// text answers with a page or another text.
func text(w http.ResponseWriter, r *http.Request, contentType string, content []byte, err error) {
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(content) // the caller may be gone
}

func (g *grants) report(r *http.Request) (*office.Readiness, error) {
	if err := httpx.KnownParameters(r, "on", "format"); err != nil {
		return nil, err
	}
	asked := r.URL.Query()
	switch asked.Get("format") {
	case "", "json", "markdown", "html":
	default:
		return nil, registry.Errorf(registry.CodeMalformed, "format", "want json, markdown or html")
	}
	day := registry.DateOf(g.office.Reading.Now())
	if asked.Has("on") {
		parsed, err := registry.ParseDate(asked.Get("on"))
		if err != nil || parsed == 0 {
			return nil, registry.Errorf(registry.CodeDateForm, "on", "want YYYY-MM-DD, 1971 or later")
		}
		day = parsed
	}
	grants, err := g.examined(r)
	if err != nil {
		return nil, err
	}
	return g.office.Grants.Readiness(r.Context(), by(r), grants, day)
}

// examined are the grants of the list in the body; of a GET all on the ledger.
func (g *grants) examined(r *http.Request) ([]*registry.Grant, error) {
	if r.Method == http.MethodGet {
		return grantsOnLedger(r, g.office)
	}
	plan, err := g.planned(r)
	if err != nil {
		return nil, err
	}
	if err := plan.Bad(); err != nil { // they would be missing from the report
		return nil, err
	}
	return plan.Grants(), nil
}

// grantsOnLedger are all grants that the ledger has.
func grantsOnLedger(r *http.Request, o *office.Office) ([]*registry.Grant, error) {
	records, err := o.Governing.Records(r.Context(), by(r), registry.KindGrant, "")
	var all []*registry.Grant
	for _, record := range records {
		if g, ok := record.(*registry.Grant); ok {
			all = append(all, g)
		}
	}
	return all, err
}

// types answers for the catalog.
type types struct{ port Types }

// set puts entries into the catalog and their records on the ledger.
func (t *types) set(r *http.Request) (reply, error) {
	var draft resource.TypesDraft
	if err := httpx.DecodeDocument(r, &draft); err != nil {
		return reply{}, err
	}
	switch {
	case draft.Basis == "":
		return reply{}, registry.Errorf(registry.CodeMissing, "basis", "license types are set on a document")
	case len(draft.Types) == 0:
		return reply{}, registry.Errorf(registry.CodeMissing, "types", "one at least")
	}
	n, err := t.port.Set(r.Context(), by(r), draft.Types, draft.Basis)
	sheet, status, err := ordered(err, http.StatusOK)
	return reply{status: status, body: &resource.TypesSet{Types: len(draft.Types), Records: n, Ordered: resource.Ordered{Sheet: sheet}}}, err
}

// holders answers for the lists of holders under watch.
type holders struct {
	tables  Tables
	holders Holders
}

// replace puts another list in their place.
func (h *holders) replace(r *http.Request) (reply, error) {
	table, err := tableOf(r, h.tables)
	if err != nil {
		return reply{}, err
	}
	n, err := h.holders.Replace(r.Context(), table)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: &resource.HoldersListed{Holders: n, Worksheet: table.Worksheet, Notes: table.Notes}}, err
}
