package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// results are two registries of which one tells the other's bureau of its results alone.
type results struct {
	*exchanging
	informed string // bureau of the city
	id       registry.Identifier
	holder   string
}

// TestResultsAlone: who is told of the result gets its fields with salts and no more, reads
// them as its copy, and is told what is withheld; the whole comes when the relation grows to
// it, and goes when it shrinks.
func TestResultsAlone(t *testing.T) {
	t.Parallel()
	x := &results{exchanging: exchangingMembers(t)}
	x.order(t, x.city, "") // nobody keeps a library: the table alone says who may have what
	x.informed = organizationOf(t, x.city, "gz-water-acceptor")
	x.issueInformed(t)
	eventually(t, "the result is here", func() bool {
		_, err := x.city.Exchange.Library.Copy(t.Context(), x.id)
		return err == nil
	})
	t.Run("no more than the result", x.told)
	t.Run("read", x.readResult)
	t.Run("written down", x.noted)
	t.Run("an insider", x.insiderForm)
	t.Run("lies", x.liesOfResults)
	t.Run("grows and shrinks", x.growsAndShrinks)
}

// issueInformed has the county issue under a grant that tells the city's bureau of results.
func (x *results) issueInformed(t *testing.T) {
	t.Helper()
	record, _, err := x.city.View.Record(registry.KindGrant, "xg-direct-001")
	if err != nil {
		t.Fatal(err)
	}
	grant := *record.(*registry.Grant)
	grant.ID, grant.Informed = "xg-informed-001", []string{x.informed}
	x.record(t, &grant)
	app := application(x.county.App, organizationOf(t, x.county, "xg-acceptor"), 41)
	app.Grant, x.holder = grant.ID, app.Holder.Name
	x.id = x.issued(t, app)
}

// raw is the package as the city has it.
func (x *results) raw(t *testing.T) (raw []byte) {
	t.Helper()
	if err := ownerOf(t, x.city).QueryRow(t.Context(), `SELECT package FROM copy WHERE base = $1 AND state = 'here'`, x.id.Base()).Scan(&raw); err != nil {
		t.Fatal(err)
	}
	return raw
}

func (x *results) told(t *testing.T) {
	own, err := x.county.Store.Version(t.Context(), x.id.Base(), x.id.Version)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x.city.Exchange.Library.Copy(t.Context(), x.id)
	if err != nil {
		t.Fatal(err)
	}
	if f := c.Opened.Facts; c.Told == nil || f.Holder.Name != own.Facts.Holder.Name || f.Number != own.Facts.Number || f.Holder.Code != "" || len(f.Fields) != 0 ||
		len(c.Opened.Secret)+len(c.Opened.Unsealed)+len(c.Sealed)+len(c.Approvals) != 0 {
		t.Errorf("%+v", c)
	}
	raw := string(x.raw(t))
	for what, secret := range map[string]string{"identity number": own.Facts.Holder.Code, "secret": string(own.Secret), "a field": own.Facts.Fields["KZ_JYCS"], "document": string(own.Unsealed[:64])} {
		if secret == "" || strings.Contains(raw, secret) {
			t.Errorf("the %s is in the package", what)
		}
	}
	if l := line(t, x.account(t), citytest.Xingguo); l.Results == 0 || l.Results > l.Here {
		t.Errorf("%+v", l)
	}
}

func (x *results) readResult(t *testing.T) {
	w := asked(t, x.city, "gz-water-acceptor", "/licenses/"+x.id.String())
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, x.holder) || !strings.Contains(body, `"sight":"result"`) || !strings.Contains(body, `"withheld":["CZZTDMLX","CZZTDMLXDM","CZZTDM",`) {
		t.Errorf("the result: %d %s", w.Code, body)
	}
	if w := asked(t, x.city, "gz-water-acceptor", "/library/licenses?q="+x.holder); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), x.id.String()) || !strings.Contains(w.Body.String(), x.holder) || !strings.Contains(w.Body.String(), `"result":true`) {
		t.Errorf("the list: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/document", "/bundle"} {
		if w := asked(t, x.city, "gz-water-acceptor", "/licenses/"+x.id.String()+path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %.200s", path, w.Code, w.Body)
		}
	}
	if w := asked(t, x.city, "gz-market-acceptor", "/licenses/"+x.id.String()); w.Code != http.StatusNotFound {
		t.Errorf("another bureau: %d %.200s", w.Code, w.Body)
	}
	session, err := x.city.Store.Accounts.CreateSession(t.Context(), "gz-water-acceptor", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/console/licenses/"+x.id.String(), nil)
	r.AddCookie(&http.Cookie{Name: "tongzheng", Value: session})
	page := httptest.NewRecorder()
	x.city.Handler.ServeHTTP(page, r)
	if body := page.Body.String(); page.Code != http.StatusOK || !strings.Contains(body, x.holder) || !strings.Contains(body, "未提供：") || !strings.Contains(body, "持证主体代码") || strings.Contains(body, "document.svg") {
		t.Errorf("the console: %d %s", page.Code, body)
	}
	// The public page shows of the paper what the ledger knows, and no half of a copy.
	v, err := x.city.Office.Scan.Verify(t.Context(), registry.Actor{}, office.Asked{Token: x.token(t)})
	if err != nil || v.Public == nil || v.Public.Holder != "" || v.Public.Number != "" {
		t.Errorf("the paper at the city: %v %+v", err, v.Public)
	}
}

// token is that of the license's paper.
func (x *results) token(t *testing.T) string {
	t.Helper()
	refs, err := x.county.Store.Printings(t.Context(), x.id.Base())
	if err != nil || len(refs) == 0 {
		t.Fatal(err)
	}
	return refs[len(refs)-1].Token.String()
}

func (x *results) noted(t *testing.T) {
	for side, operation := range map[*citytest.Neighbor]string{x.county: "exchange give", x.city: "exchange take"} {
		if n := execute(t, ownerOf(t, side), `SELECT FROM audit WHERE operation = $1 AND subject = $2 AND organization = $3 AND detail LIKE '%as informed; result'`, operation, x.id.String(), x.informed); n != 1 {
			t.Errorf("%s has %d lines of %s", side.Member, n, operation)
		}
	}
	// Asked for as the issuer's own, or as whom it is nothing to, it stays where it is.
	for _, as := range []string{organizationOf(t, x.city, "gz-market-acceptor"), organizationOf(t, x.county, "xg-acceptor")} {
		if _, _, err := x.city.Exchange.Client.Package(t.Context(), citytest.Xingguo, exchange.Ask{Identifier: x.id, Organization: as}); registry.CodeOf(err) != registry.CodeNotFound {
			t.Errorf("as %s: %v", as, err)
		}
	}
}

// insiderForm: a row that calls a result a whole is found, whoever reads it.
func (x *results) insiderForm(t *testing.T) {
	execute(t, ownerOf(t, x.city), `UPDATE copy SET form = 1 WHERE base = $1`, x.id.Base())
	if _, err := x.city.Exchange.Library.Copy(t.Context(), x.id); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("a result that is called a whole: %v", err)
	}
	eventually(t, "the result is back", func() bool {
		c, err := x.city.Exchange.Library.Copy(t.Context(), x.id)
		return err == nil && c.Told != nil
	})
}

// liesOfResults: what does not fit is put aside and named; more than may be seen is not
// kept at all; the honest package is taken afterwards.
func (x *results) liesOfResults(t *testing.T) {
	own, err := x.county.Store.Exchange.Held(t.Context(), x.id)
	if err != nil {
		t.Fatal(err)
	}
	content := registry.Compose(own.Opened.Type, own.Opened.Facts)
	change := func(do func(d *registry.Told)) []byte {
		told := own.Opened.Told(false)
		do(told)
		raw, err := exchange.PackResult(own.Opened.Type, told)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	whole, err := exchange.Pack(own)
	if err != nil {
		t.Fatal(err)
	}
	holder := slices.IndexFunc(own.Opened.Told(false).Fields, func(p sm.FieldProof) bool { return p.Field.Name == "CZZT" })
	lies := map[string]struct {
		raw  []byte
		code registry.Code
	}{
		"another holder": {change(func(d *registry.Told) { d.Fields[holder].Field.Value = "别家" }), registry.CodeContent},
		"another salt":   {change(func(d *registry.Told) { d.Fields[holder].Salt = slices.Clone(d.Fields[0].Salt) }), registry.CodeContent},
		"an identity number": {change(func(d *registry.Told) {
			p, _ := content.Prove(own.Opened.Secret, "CZZTDM")
			d.Fields = append(d.Fields, p)
		}), registry.CodeContent},
		"the whole": {whole, registry.CodeForbidden},
		"rubbish":   {[]byte("rubbish"), registry.CodeMalformed},
	}
	var lie atomic.Pointer[[]byte]
	s := x.shelf(t, &reached{Neighbors: x.city.Exchange.Client, answer: func(_ context.Context, ask exchange.Ask, honest func() ([]byte, int, error)) ([]byte, int, error) {
		if raw := lie.Load(); ask.Identifier == x.id && raw != nil {
			return *raw, 1, nil
		}
		return honest()
	}}, nil)
	for name, l := range lies {
		lie.Store(&l.raw)
		s.run(t, name+" is put aside", func() bool {
			digest := sm.Sum(l.raw)
			if l.code == registry.CodeForbidden { // nothing is kept of it
				return s.count(t, `SELECT count(*) FROM copy_aside WHERE base = $1 AND code = $2 AND package IS NULL AND member = 'xingguo'`, x.id.Base(), string(l.code)) == 1
			}
			return s.count(t, `SELECT count(*) FROM copy_aside WHERE digest = $1 AND code = $2 AND member = 'xingguo'`, digest[:], string(l.code)) == 1
		})
		if _, err := s.Copy(t.Context(), x.id); registry.CodeOf(err) != registry.CodeNotFound {
			t.Errorf("%s is a copy: %v", name, err)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM copy_aside WHERE package = $1`, whole); n != 0 {
		t.Error("more than may be seen is kept")
	}
	lie.Store(nil)
	s.run(t, "the truth is taken", func() bool { c, err := s.Copy(t.Context(), x.id); return err == nil && c.Told != nil })
}

// growsAndShrinks: the library of the city may see the whole, and nobody keeps one again.
func (x *results) growsAndShrinks(t *testing.T) {
	x.order(t, x.city, x.library)
	eventually(t, "the whole is here", func() bool {
		c, err := x.city.Exchange.Library.Copy(t.Context(), x.id)
		return err == nil && c.Told == nil && len(c.Sealed) > 0
	})
	// A county that goes on giving the result alone, as one does that has not read so far:
	// it is asked again, and what it gives is no copy of the whole.
	own, err := x.county.Store.Exchange.Held(t.Context(), x.id)
	if err != nil {
		t.Fatal(err)
	}
	less, err := exchange.PackResult(own.Opened.Type, own.Opened.Told(false))
	if err != nil {
		t.Fatal(err)
	}
	s := x.shelf(t, &reached{Neighbors: x.city.Exchange.Client, answer: func(_ context.Context, ask exchange.Ask, honest func() ([]byte, int, error)) ([]byte, int, error) {
		if ask.Identifier == x.id {
			return less, 1, nil
		}
		return honest()
	}}, nil)
	s.run(t, "the result is not taken for the whole", func() bool {
		return s.count(t, `SELECT count(*) FROM copy WHERE base = $1 AND state = 'missing' AND code = 'not-yet' AND tries > 1`, x.id.Base()) == 1
	})
	if w := asked(t, x.city, "gz-water-acceptor", "/licenses/"+x.id.String()); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"sight":"result"`) || strings.Contains(w.Body.String(), "withheld") {
		t.Errorf("whoever is told the result, beside the whole: %d %s", w.Code, w.Body)
	}
	x.order(t, x.city, "")
	eventually(t, "the result alone is here", func() bool {
		c, err := x.city.Exchange.Library.Copy(t.Context(), x.id)
		return err == nil && c.Told != nil
	})
	if n := execute(t, ownerOf(t, x.city), `SELECT FROM copy WHERE package IS NOT NULL AND form = 1`); n != 0 {
		t.Errorf("%d whole copies stay where nobody may see them", n)
	}
}
