package citytest_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
)

// replaceInZip changes one byte of a file of a package.
func replaceInZip(t *testing.T, raw []byte, name string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if path.Base(f.Name) == name {
			body = append(bytes.TrimRight(body, "\n"), "<!-- -->"...)
		}
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: f.Method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// act does an act on the license of the neighbor's paper, as its bureau does it.
func (n *neighbor) act(act registry.Act) string {
	n.t.Helper()
	standing, err := n.View.Standing(n.paper.id.Base())
	if err != nil {
		n.t.Fatal(err)
	}
	made, ok := standing.VersionEntry(n.paper.id.Version)
	if !ok {
		n.t.Fatal("no such version")
	}
	in := made.Entry.Intent
	ground, logins := "fraud", []string{"xg-acceptor", "xg-approver"}
	app := registry.Application{Act: act, Identifier: n.paper.id, Grant: in.Grant, Organization: in.Organization, Decision: "决〔2026〕" + act.String() + "号"}
	if act == registry.Spoil {
		ground, logins, app.Printing = "misprint", []string{"xg-printer"}, n.paper.sheet.Number
	}
	app.Ground = ground
	raw, err := json.Marshal(app)
	if err != nil {
		n.t.Fatal(err)
	}
	var said struct {
		Intent sm.Digest `json:"intent"`
	}
	n.post(logins[0], "/licenses/"+n.paper.id.String()+"/acts", raw, http.StatusAccepted, &said)
	for _, login := range logins {
		account, err := n.Demo.Account(login)
		if err != nil {
			n.t.Fatal(err)
		}
		key, err := citytest.PersonKey(filepath.Join(n.Config.Data, account.KeyFile))
		if err != nil {
			n.t.Fatal(err)
		}
		approval, err := citytest.Approve(key, said.Intent)
		if err != nil {
			n.t.Fatal(err)
		}
		if raw, err = json.Marshal(approval); err != nil {
			n.t.Fatal(err)
		}
		n.post(login, "/proceedings/"+said.Intent.String()+"/approvals", raw, 0, nil)
	}
	by := registry.Actor{Account: "test", Organization: in.Organization, Roles: []registry.Role{registry.RoleAcceptor}}
	done, err := n.Office.Reading.Wait(n.t.Context(), by, said.Intent)
	if err != nil || done.Step != office.StepAnchored {
		n.t.Fatalf("%s: %+v %v", act, done, err)
	}
	n.caughtUp()
	return said.Intent.String()
}

// post sends JSON in an account's name; status 0 is any that is no problem.
func (n *neighbor) post(login, address string, body []byte, status int, into any) {
	n.t.Helper()
	account, err := n.Demo.Account(login)
	if err != nil {
		n.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, "http://"+n.Address+"/api/v1"+address, bytes.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+account.APIKey)
	request.Header.Set("Idempotency-Key", sm.Sum(body).String())
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 || status != 0 && answer.StatusCode != status {
		n.t.Fatalf("%s: %s %v %s", address, answer.Status, err, said)
	}
	if into != nil {
		if err := json.Unmarshal(said, into); err != nil {
			n.t.Fatal(err)
		}
	}
}

// second is a sheet of another license of the county's than its paper's.
func (n *neighbor) second() paper {
	n.t.Helper()
	for i := range n.Demo.Licenses {
		if p := n.printed(i); p.id.Base() != n.paper.id.Base() {
			return p
		}
	}
	n.t.Fatal("one license only")
	return paper{}
}

// sign has the signer make the sheet's code as it would be printed now.
func (n *neighbor) sign(p paper) string {
	n.t.Helper()
	n.caughtUp()
	version, err := n.Store.Version(n.t.Context(), p.id.Base(), p.id.Version)
	if err != nil {
		n.t.Fatal(err)
	}
	text, err := n.Signer.SignQR(n.t.Context(), registry.QRRequest{Identifier: p.id, Printing: p.sheet,
		HolderName: version.Facts.Holder.Name, Effective: version.Facts.Effective, Expires: version.Facts.Expires})
	if err != nil {
		n.t.Fatal(err)
	}
	return text
}

// lists: a code is verified offline by the lists of the member whose license it is; one
// of that number that another member signs is not used.
func lists(t *testing.T, city, county *neighbor) {
	t.Helper()
	roots := county.roots() // whichever registry's
	own := func(n *neighbor) *registry.StatusList {
		t.Helper()
		if err := n.Office.Publishing.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := n.Office.Publishing.List(n.paper.sheet.List, 0)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	word := func(raw []byte, qr string) registry.Verdict {
		t.Helper()
		known, err := check.VerifyStatusList(raw, nil, roots)
		if err != nil {
			t.Fatal(err)
		}
		o := check.Offline{Roots: roots, Lists: map[check.ListOf]*check.KnownList{known.Of(): known}}
		q, _, err := o.Question(qr, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return registry.Judge(*q)
	}
	for _, n := range []*neighbor{city, county} {
		if v := word(own(n).Bytes(), n.paper.qr); v.Word != registry.Valid {
			t.Errorf("offline, %s: %s %+v", n.Member, v.Word, v.Checks)
		}
	}
	// The county signs a list of the city's with its own status key.
	forged := own(city)
	keys := county.Keys.(*keyring.Keys)
	key, _ := keys.Store.Current(signer.LabelStatus)
	signature, err := signer.SignRaw(keys.Store, key, check.StatusMessage(forged.Head.Message()))
	if err != nil {
		t.Fatal(err)
	}
	forged.Key, forged.Signature = key, signature
	v := word(forged.Bytes(), city.paper.qr)
	if v.Word != registry.UnknownNow || !has(v, "list-other-member") {
		t.Errorf("the city's list by the county: %s %+v", v.Word, v.Checks)
	}
	// And a statement in the city's name.
	said := registry.NewStatement(city.Config.PublicURL, registry.SingleNode, registry.Verdict{Word: registry.Valid, Identifier: city.paper.id, At: time.Now()}, 0)
	s := registry.SignedStatement{Statement: said, Key: key}
	if s.Signature, err = signer.SignRaw(keys.Store, key, check.StatusMessage(said.Message())); err != nil {
		t.Fatal(err)
	}
	if v, err := check.Statement([]byte(s.Armor()), roots, time.Now()); err != nil || v.Word != registry.Untrusted || !has(v, "statement-other-member") {
		t.Errorf("the city's statement by the county: %s %+v %v", v.Word, v.Checks, err)
	}
}

func has(v registry.Verdict, code string) bool {
	for _, c := range v.Checks {
		if c.Code == code {
			return true
		}
	}
	return false
}

// bundles: each member's is verified by all members' roots; one of the city's that the
// county seals is not.
func bundles(t *testing.T, city, county *neighbor) {
	t.Helper()
	roots := city.roots()
	for _, n := range []*neighbor{city, county} {
		raw, err := n.Office.Bundles.Bundle(t.Context(), registry.Actor{Account: "test", Organization: n.paper.id.Issuer, Roles: []registry.Role{registry.RoleApprover}}, n.paper.id)
		if err != nil {
			t.Fatal(err)
		}
		fields, err := n.Office.Papers.Disclose(t.Context(), registry.Actor{Account: "test", Organization: n.paper.id.Issuer, Roles: []registry.Role{registry.RoleApprover}}, n.paper.id, []string{"ZZMC"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := check.VerifyDisclosure(fields, roots, time.Now(), nil); err != nil {
			t.Errorf("fields of a license of %s: %v", n.Member, err)
		}
		v, err := check.Bundle(raw, roots, time.Now(), check.BundleOptions{})
		if err != nil || v.Word != registry.Valid {
			t.Errorf("bundle of %s: %s %v %+v", n.Member, v.Word, err, v.Checks)
		}
		m, seal, files, err := registry.DecodeBundle(raw)
		if err != nil {
			t.Fatal(err)
		}
		other := map[*neighbor]*neighbor{city: county, county: city}[n]
		keys := other.Keys.(*keyring.Keys)
		key, _ := keys.Store.Current(signer.LabelStatus)
		seal.Key = key
		if seal.Signature, err = signer.SignRaw(keys.Store, key, check.StatusMessage(m.SealMessage(seal.Stamps))); err != nil {
			t.Fatal(err)
		}
		if raw, err = registry.EncodeBundle(m, seal, files); err != nil {
			t.Fatal(err)
		}
		if v, err = check.Bundle(raw, roots, time.Now(), check.BundleOptions{}); err != nil || v.Word != registry.Untrusted || !has(v, "bundle-other-member") {
			t.Errorf("bundle of %s sealed by %s: %s %v %+v", n.Member, other.Member, v.Word, err, v.Checks)
		}
	}
}
