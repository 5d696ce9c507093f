package office

import (
	"bytes"
	"encoding/json"
	"html/template"
	"time"

	"tongzheng/registry"
)

// coverPage is for people. It proves nothing: the verifier reads the other
// files, and says so on the page. A function, not a variable: the verifier for
// browsers then leaves the template and its engine out.
func coverPage() *template.Template { return template.Must(template.New("cover").Parse(coverText)) }

const coverText = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>电子证照证据包 {{.Identifier}}</title>
<style>body{font:16px/1.6 serif;max-width:48em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;width:100%}td,th{border:1px solid #888;padding:.3em .5em;text-align:left;vertical-align:top}small{color:#444}</style>
<h1>电子证照证据包 <small lang="en">License bundle</small></h1>
<p>本文件包用于在诉讼、审计中证明下列证照的内容、办理经过和权力来源。请以核验程序核验全部文件，本页仅供阅读：<br><code>tongzheng verify --roots roots.pem license.bundle</code></p>
<p lang="en">This bundle proves what the license said, what was done to it, and by which power. Verify all of it with the program above; this page is for reading only.</p>
<table>
<tr><th>电子证照标识 Identifier</th><td>{{.Identifier}}</td></tr>
<tr><th>证照 License</th><td>{{.Type}}</td></tr>
<tr><th>发证机关 Issuer</th><td>{{.Issuer}}</td></tr>
<tr><th>截至 As of</th><td>{{.AsOf}}（账本 ledger {{.Ledger}}，高度 height {{.Height}}）</td></tr>
<tr><th>状态 State</th><td>{{.State}}</td></tr>
</table>
<h2>办理经过 <small lang="en">Acts, oldest first</small></h2>
<table><tr><th>决定 Decided</th><th>登记 Recorded</th><th>事项 Act</th><th>版本 Version</th><th>机关 Organization</th><th>依据 Ground</th><th>文号 Decision</th></tr>
{{range .Acts}}<tr><td>{{.Decided}}</td><td>{{.Recorded}}</td><td>{{.Act}}</td><td>{{.Version}}</td><td>{{.Organization}}</td><td>{{.Ground}}</td><td>{{.Decision}}</td></tr>
{{end}}</table>
<h2>权力来源 <small lang="en">Powers used</small></h2>
<table><tr><th>赋权 Grant</th><th>方式 Mode</th><th>文件 Document</th><th>决定机关 Decides</th></tr>
{{range .Grants}}<tr><td>{{.ID}}</td><td>{{.Mode}}</td><td>{{.Document}}</td><td>{{.Decider}}</td></tr>
{{end}}</table>
<h2>文件 <small lang="en">Files</small></h2>
<ul><li>documents/ 各版本电子证照（OFD，已签章）sealed documents</li><li>acts.json 账本条目、回执与签署 entries, receipts, approvals</li>
<li>governance.json 机关、赋权、印章等治理记录及回执 governance orders with receipts</li><li>types/ 证照类型 catalog entries</li>
<li>certificates.pem 证书 certificates (not to be trusted for standing here)</li><li>manifest.cbor, seal.cbor 清单、时间戳与签名 manifest, time stamps, signature</li></ul>
</html>
`

type coverLine struct{ Decided, Recorded, Act, Version, Organization, Ground, Decision string }

func (m *bundling) cover(id registry.Identifier, knowledge registry.Knowledge) []byte {
	state, cause := m.standing.State()
	page := struct {
		Identifier, Type, Issuer, AsOf, Ledger, State string
		Height                                        uint64
		Acts                                          []coverLine
		Grants                                        []*registry.Grant
	}{Identifier: id.String(), AsOf: minute(knowledge.AsOf), Ledger: m.ledger.Name(), Height: knowledge.Height, State: state.String()}
	if !cause.IsZero() {
		page.State += " — " + cause.Act.Chinese() + " " + cause.Day.String()
	}
	names, grants := m.named()
	page.Issuer, page.Grants = names[id.Issuer], grants
	var kind registry.LicenseType
	if json.Unmarshal(m.files["types/"+registry.TypeName(id.Type, m.standing.License.Type)+".json"], &kind) == nil {
		page.Type = kind.Name + " " + kind.English
	}
	for _, a := range m.standing.Entries {
		in := a.Entry.Intent
		page.Acts = append(page.Acts, coverLine{Decided: minute(in.DecidedAt()), Recorded: minute(time.Unix(a.Recorded, 0)), Act: in.Act.Chinese() + " " + in.Act.String(),
			Version: in.Identifier.String()[len(in.Identifier.String())-5 : len(in.Identifier.String())-2], Organization: names[in.Organization], Ground: in.Ground, Decision: in.Decision})
	}
	var out bytes.Buffer
	if err := coverPage().Execute(&out, page); err != nil {
		return []byte("cover page: " + err.Error())
	}
	return out.Bytes()
}

// named lists organizations' names and the grants, from the orders gathered.
func (m *bundling) named() (map[string]string, []*registry.Grant) {
	names, grants := map[string]string{}, map[string]*registry.Grant{}
	var list []*registry.Grant
	for _, r := range m.orders {
		e, err := registry.DecodeEntry(r.Entry)
		if err != nil || e.Order == nil {
			continue
		}
		record, err := e.Order.Decode()
		if err != nil {
			continue
		}
		switch r := record.(type) {
		case *registry.Organization:
			names[r.Code] = r.FullName
		case *registry.Grant:
			if grants[r.ID] == nil {
				list = append(list, r)
			}
			grants[r.ID] = r
		}
	}
	for i, g := range list {
		now := *grants[g.ID]
		if name := names[now.Decider]; name != "" {
			now.Decider = name
		}
		list[i] = &now
	}
	return names, list
}

func minute(t time.Time) string { return t.In(registry.China).Format("2006-01-02 15:04") }
