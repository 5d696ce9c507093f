package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/render"
)

// road is an application for a road transport license that the ministry's
// system made, and the two who sign it.
func (s *site) road(t testing.TB) (application map[string]any, id registry.Identifier, people [2]string) {
	t.Helper()
	for _, sample := range s.plan.Licenses {
		if sample.ID != "xg-road-1" {
			continue
		}
		kind, _ := s.plan.Type(sample.Type)
		grant, _ := s.plan.Grant(sample.Grant)
		decider, _ := s.plan.Organization(grant.Decider)
		n := fresh()
		id = registry.Identifier{Type: kind.Type.Code, Issuer: decider.Code, Serial: fmt.Sprintf("BU%09d", n), Version: 1}
		return map[string]any{"type": kind.Type.Code, "identifier": id.String(), "grant": grant.ID, "organization": decider.Code, "ground": sample.Ground,
				"decision": fmt.Sprintf("赣交许准〔2026〕T%d号", n), "case": fmt.Sprintf("GZ2026-T%d", n), "number": strings.Replace(sample.Number, "000009", fmt.Sprintf("%06d", n), 1),
				"holder": map[string]any{"name": sample.Holder.Name, "code": sample.Holder.Code, "code_type": sample.Holder.CodeType},
				"fields": clone(sample.Fields), "effective": "2026-11-01", "expires": "2099-10-31", "collected": map[string]any{"system": "交通运输部电子证照系统"}}, id,
			[2]string{s.byRole(t, decider.Code, registry.RoleAcceptor), s.byRole(t, decider.Code, registry.RoleApprover)}
	}
	t.Fatal("the plan has no xg-road-1")
	return nil, id, people
}

func (s *site) collect(t testing.TB, as, key string, application map[string]any, file []byte) (proceeding, answer) {
	t.Helper()
	raw, err := json.Marshal(application)
	if err != nil {
		t.Fatal(err)
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	_ = parts.WriteField("application", string(raw))
	if file != nil {
		part, _ := parts.CreateFormFile("file", "x")
		_, _ = part.Write(file)
	}
	parts.Close()
	r, err := http.NewRequest("POST", "http://"+s.Address+"/api/v1/collected", &form)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", parts.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+s.account(t, as).APIKey)
	r.Header.Set("Idempotency-Key", key)
	a := s.send(t, r)
	var p proceeding
	if a.StatusCode < 300 {
		a.decode(t, &p)
	}
	return p, a
}

func with(m map[string]any, key string, value any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	out[key] = value
	return out
}

// foreignOFD is a license as the ministry's own system would make it: drawn and
// sealed under keys that this instance does not know.
func (s *site) foreignOFD(t testing.TB, application map[string]any, id registry.Identifier) []byte {
	t.Helper()
	dir := t.TempDir()
	store, err := signer.OpenFileStore(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := signer.OpenAuthority(store, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := authority.SealSigner("MOT-1", "交通运输部", "11100000000013338W")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := store.Certificate(key)
	if err != nil {
		t.Fatal(err)
	}
	maker, _ := store.Current(signer.LabelSealMaker)
	ours, err := check.ParseSeal(s.anySeal(t)) // any picture will do
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	seal, err := signer.MakeSeal(store, maker, signer.SealSpec{ID: "MOT-1", Vendor: "MOT", Name: "交通运输部电子证照专用章", Type: 1, Signers: [][]byte{cert},
		Created: now, From: now.Add(-time.Hour), Until: now.AddDate(1, 0, 0), Picture: ours.Picture})
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := s.plan.Type("road-transport")
	holder := application["holder"].(map[string]any)
	facts := registry.Facts{Identifier: id, IssuerName: "交通运输部", Number: application["number"].(string), Issued: registry.DateOf(now), Effective: registry.DateOf(now), Expires: registry.LongTerm,
		Holder: registry.Holder{Name: holder["name"].(string), Code: holder["code"].(string), CodeType: registry.HolderCodeType(fmt.Sprint(holder["code_type"]))}, Fields: map[string]string{}}
	fonts, err := render.LoadFonts(render.DefaultFonts())
	if err != nil {
		t.Fatal(err)
	}
	unsealed, err := (&render.Port{Renderer: render.New(fonts)}).Unsealed(registry.ElectronicDocument{Content: registry.Compose(&kind.Type, facts), Type: &kind.Type, IssuerName: "交通运输部", Issued: facts.Issued, QRText: "https://example.test/"})
	if err != nil {
		t.Fatal(err)
	}
	roots, err := authority.Roots()
	if err != nil {
		t.Fatal(err)
	}
	sealed, _, err := signer.SealOFD(store, unsealed, signer.OFDJob{Seal: seal, Signer: key, Time: now, Roots: roots, Boundary: signer.Box{X: 100, Y: 100, Width: 40, Height: 40}})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func (s *site) anySeal(t testing.TB) []byte {
	t.Helper()
	records, err := s.View.Records(registry.KindSeal)
	if err != nil || len(records) == 0 {
		t.Fatal(err)
	}
	der, err := s.Signer.SealFile(records[0].(*registry.SealRecord).Digest)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestCollected: what the ministry made is anchored as it came, found and
// verified here, never sealed again; what is not the file, or is edited
// afterwards, is told.
func TestCollected(t *testing.T) {
	s := openSite(t)
	application, id, people := s.road(t)
	file := s.foreignOFD(t, application, id)
	key := func() string { return fmt.Sprintf("collect-%d", fresh()) }
	_, a := s.collect(t, people[0], key(), application, nil)
	a.problem(t, 422, registry.CodeMissing, "file")
	_, a = s.collect(t, people[0], key(), with(application, "collected", map[string]any{"system": ""}), file)
	a.problem(t, 422, registry.CodeMissing, "collected")
	_, a = s.collect(t, people[0], key(), application, []byte("%PDF-1.7 as it came"))
	a.problem(t, 422, registry.CodeMissing, "collected.seal")
	_, a = s.collect(t, people[0], key(), with(application, "collected", map[string]any{"system": "部", "seal": sm.Sum([]byte("x"))}), file)
	a.problem(t, 400, registry.CodeMalformed, "collected.seal")
	_, a = s.collect(t, people[0], key(), with(application, "collected", map[string]any{"system": "部\u00ad"}), file)
	a.problem(t, 422, registry.CodeFieldForm, "collected.system")
	named := maps.Clone(application["holder"].(map[string]any))
	named["name"] = fmt.Sprint(named["name"], "\u2f08")
	_, a = s.collect(t, people[0], key(), with(application, "holder", named), file)
	a.problem(t, 422, registry.CodeFieldForm, "holder.name")
	other, otherID, _ := s.road(t)
	_, a = s.collect(t, people[0], key(), other, file)
	a.problem(t, 400, registry.CodeMalformed, "file")
	_, a = s.collect(t, people[0], key(), with(application, "seal", "gz-transport-seal"), file)
	a.problem(t, 400, registry.CodeUnknownField, "seal")
	made := s.issued(t)
	_, a = s.collect(t, "xg-acceptor", key(), with(with(s.food(t), "identifier", made.Identifier), "collected", map[string]any{"system": "部", "seal": sm.Sum([]byte("x"))}), []byte("x"))
	a.problem(t, 409, registry.CodeTypeSource, "type")
	_, a = s.apply(t, "/api/v1/licenses", application, nil)
	a.problem(t, 400, registry.CodeUnknownField, "collected") // comes with its file

	k := key()
	p, a := s.collect(t, people[0], k, application, file)
	a.want(t, 202)
	if again, _ := s.collect(t, people[0], k, application, file); again.Intent != p.Intent || p.Identifier != id.String() || len(p.Printings) != 0 {
		t.Fatalf("%+v, again %+v", p, again)
	}
	_, a = s.collect(t, people[0], k, application, append(bytes.Clone(file), 0))
	a.problem(t, 422, registry.CodeIdempotencyMismatch, "")
	if p = s.finish(t, p, people[:]...); p.Step != "anchored" {
		t.Fatalf("%+v", p)
	}
	document := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: people[0]}).want(t, 200)
	if !bytes.Equal(document.body, file) {
		t.Fatal("handed out otherwise than it came")
	}
	marked := func(id string) bool {
		t.Helper()
		var l struct {
			Versions []struct {
				NotRecomputed bool `json:"not_recomputed"`
			}
		}
		s.do(t, request{method: "GET", path: "/api/v1/licenses/" + id, as: people[0]}).want(t, 200).decode(t, &l)
		return len(l.Versions) == 1 && l.Versions[0].NotRecomputed
	}
	if !marked(p.Identifier) {
		t.Fatal("the signer could not recompute what was keyed in, and nobody is told")
	}
	holder := application["holder"].(map[string]any)["name"]
	verdict := func(body any, header map[string]string) (registry.Word, string) {
		t.Helper()
		var v struct{ Verdict registry.Word }
		a := s.do(t, request{method: "POST", path: "/api/v1/verify", body: body, header: header}).want(t, 200)
		a.decode(t, &v)
		return v.Verdict, string(a.body)
	}
	ofd := map[string]string{"Content-Type": "application/ofd"}
	if word, said := verdict(map[string]any{"identifier": p.Identifier, "holder": holder}, nil); word != registry.Valid || !strings.Contains(said, "交通运输部电子证照系统") {
		t.Fatalf("%s %s", word, said)
	}
	if word, said := verdict(file, ofd); word != registry.Valid {
		t.Fatalf("the file itself: %s %s", word, said)
	}
	forged := s.foreignOFD(t, application, id) // sealed again by somebody who says to be the ministry
	if word, said := verdict(forged, ofd); word != registry.Altered {
		t.Fatalf("another file under its identifier: %s %s", word, said)
	}
	s.do(t, request{method: "POST", path: "/api/v1/licenses/" + p.Identifier + "/disclosure", as: people[0], body: map[string]any{"fields": []string{"ZZMC"}}}).problem(t, 409, registry.CodeTypeSource, "identifier")
	bundle := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/bundle", as: people[0]}).want(t, 200)
	report, err := check.Bundle(bundle.body, s.Keys.Roots(), time.Now(), check.BundleOptions{})
	if err != nil || report.Word != registry.Valid {
		t.Fatalf("bundle: %+v %v", report, err)
	}
	// A file that cannot be read comes with its seal's digest.
	other["collected"] = map[string]any{"system": "交通运输部电子证照系统", "seal": sm.Sum([]byte("signature object"))}
	pdf, a := s.collect(t, people[0], key(), other, []byte("%PDF-1.7 as it came"))
	a.want(t, 202)
	if pdf = s.finish(t, pdf, people[:]...); pdf.Step != "anchored" || pdf.Identifier != otherID.String() {
		t.Fatalf("%+v", pdf)
	}
	// An insider edits what the registry says of it.
	s.exec(t, `UPDATE version SET facts = jsonb_set(facts, '{fields,KZ_JYFW}', '"危险货物运输"') WHERE intent = decode($1, 'hex')`, p.Intent)
	if word, _ := verdict(map[string]any{"identifier": p.Identifier, "holder": holder}, nil); word != registry.Altered {
		t.Fatalf("edited facts: %s", word)
	}
}

// TestRegisteredLater: a decision older than the ledger takes goes through with
// its own date, and every scan says so.
func TestRegisteredLater(t *testing.T) {
	s := openSite(t)
	application := s.food(t)
	application["decided"], application["effective"], application["expires"] = "2026-03-02T09:00:00+08:00", "2026-03-02", "2031-03-01"
	_, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.problem(t, 409, registry.CodeBackdated, "decided")
	application["register"] = true
	p, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.want(t, 202)
	if p = s.approve(t, p); p.Step != "anchored" {
		t.Fatalf("%+v", p)
	}
	token := p.Printings[0].URL[strings.LastIndex(p.Printings[0].URL, "/")+1:]
	a = s.do(t, request{method: "POST", path: "/api/v1/verify", body: map[string]any{"token": token}}).want(t, 200)
	var v struct{ Verdict registry.Word }
	if a.decode(t, &v); v.Verdict != registry.Valid || !strings.Contains(string(a.body), "registered-later") || !strings.Contains(string(a.body), "2026-03-02") {
		t.Fatalf("%s", a.body)
	}
}
