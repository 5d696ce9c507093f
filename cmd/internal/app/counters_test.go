package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

const approvalDocument = "11100000DEM900151A001" // 批文

// TestDemoCountersDecide: in the demonstration city a town and two streets
// decide under seals of their own, each in its own place and none for another,
// signed by their own accounts.
func TestDemoCountersDecide(t *testing.T) {
	t.Parallel()
	c := inCity(t)
	numbers := map[string]bool{} // of one type and county: each once, whoever decides
	for i, counter := range []struct{ unit, grant, seal, other string }{
		{"xg-lianjiang", "xg-town-001", "xg-lianjiang-seal", "xg-east-acceptor"},
		{"xg-east", "xg-east-001", "xg-east-seal", "xg-west-acceptor"},
		{"xg-west", "xg-west-001", "xg-west-seal", "xg-lianjiang-acceptor"},
	} {
		account, err := c.demo.Account(counter.unit + "-acceptor")
		if err != nil {
			t.Fatal(err)
		}
		n := int(nextCase.Add(1))
		app := registry.Application{Act: registry.Issue, Type: approvalDocument, Grant: counter.grant, Organization: account.Code, Ground: "applied",
			Decision: fmt.Sprintf("演示准〔2026〕柜%d-%d号", i, n), Case: fmt.Sprintf("柜2026-%d-%d", i, n), Seal: counter.seal,
			Holder:    registry.Holder{Name: "兴国县演示建设有限公司", CodeType: "001", Code: "91360732DEM100082K"},
			Fields:    map[string]string{"KZ_WJBT": "关于准予演示项目的行政许可决定书", "KZ_SXMC": "示例事项（合成）", "KZ_PZNR": "准予按申请材料实施演示项目。", "KZ_PZYJ": "行政许可法第三十八条第一款"},
			Effective: registry.DateOf(c.Config.Clock()), Expires: registry.LongTerm}
		stranger, err := c.demo.Account(counter.other)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := app
		elsewhere.Organization = stranger.Code
		if got := c.call(t, counter.other, http.MethodPost, "/licenses", fmt.Sprintf("counter-other-%d-%d", i, n), elsewhere); got.status < 400 || got.status >= 500 {
			t.Errorf("%s decides for %s: %d %s", counter.other, counter.unit, got.status, got.body)
		}
		got := c.call(t, account.Login, http.MethodPost, "/licenses", fmt.Sprintf("counter-%d-%d", i, n), app)
		var answer struct {
			Intent string `json:"intent"`
		}
		if err := json.Unmarshal(got.body, &answer); err != nil || got.status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", counter.unit, got.status, got.body)
		}
		p := c.proceeding(t, answer.Intent)
		c.sign(t, p, account.Login, counter.unit+"-approver")
		if p = c.end(t, p); p.Step != office.StepAnchored || p.Intent.Identifier.Issuer != account.Code {
			t.Fatalf("%s: %s %s %s", counter.unit, p.Step, p.Refusal, p.Detail)
		}
		version, err := c.Office.Papers.Document(t.Context(), account.Actor(), p.Intent.Identifier)
		if err != nil {
			t.Fatal(err)
		}
		if numbers[version.Facts.Number] {
			t.Errorf("%s: number %s again", counter.unit, version.Facts.Number)
		}
		numbers[version.Facts.Number] = true
	}
}
