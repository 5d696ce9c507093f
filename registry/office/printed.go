package office

import (
	"bytes"
	"context"
	"html/template"
	"slices"

	"tongzheng/registry"
)

// Pages that people print and sign: A4, Chinese with English beside it, no
// script, nothing fetched from anywhere.

// printedStyle is what the printed pages share. Functions, not variables, as
// the bundle's cover: the verifier for browsers leaves them out.
func printedStyle() template.CSS {
	return `@page{size:A4;margin:18mm 16mm}body{font:11pt/1.5 "Noto Serif SC","Source Han Serif SC",SimSun,serif;max-width:178mm;margin:0 auto;color:#000}
h1{font-size:18pt;text-align:center;margin:0 0 2mm}h2{font-size:12pt;margin:6mm 0 2mm;break-after:avoid}small,.en{color:#444;font-size:9pt}
table{border-collapse:collapse;width:100%}th,td{border:.3mm solid #666;padding:1mm 2mm;text-align:left;vertical-align:top;overflow-wrap:break-word}.whole{white-space:nowrap}
thead{display:table-header-group}tr{break-inside:avoid}.sign td{height:16mm}.sign{break-inside:avoid}code{font-size:8.5pt;overflow-wrap:anywhere}.lack{font-weight:bold}`
}

func printedPage(text string, data any) ([]byte, error) {
	page, err := template.New("page").Funcs(template.FuncMap{"style": printedStyle, "mode": modeName}).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, data)
	return out.Bytes(), err
}

// modeName is the plans' word for a mode.
func modeName(mode registry.Mode) string {
	for name, m := range modeNames {
		if m == mode {
			return name
		}
	}
	return string(mode)
}

const readinessText = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>赋权体检报告 {{.Day}}</title><style>{{style}}@page{size:A4 landscape}body{max-width:265mm}</style>
<h1>赋权体检报告<br><small lang="en">Readiness report</small></h1>
<p>基准日 as of <b>{{.Day}}</b>：共 {{len .Lines}} 项 powers，具备条件 {{.Ready}} 项 ready，尚缺 <b>{{.Lacking}}</b> 项 lacking.</p>
<table><thead><tr><th>授权 Grant</th><th>事项 Matter</th><th>方式 Mode</th><th>决定机关 Decides</th><th>尚缺 Lacking</th><th>在办 In flight</th><th>责任主体 Answers</th></tr></thead>
{{range .Lines}}<tr><td class="whole">{{.Grant}}</td><td>{{.Matter}}</td><td class="whole">{{mode .Mode}}</td><td>{{.Decider}}</td><td>{{range .Missing}}<div class="lack">□ {{.}}</div>{{else}}—{{end}}{{range .Warnings}}<div>注意 note: {{.}}</div>{{end}}</td><td>{{.InFlight}}</td><td>{{.Answers}}</td></tr>
{{end}}</table>
<h2>交接工作组签字 <small lang="en">The handover group</small></h2>
<table class="sign"><tr><th>移交方 Handing over</th><th>承接方 Taking over</th><th>监交人 Witness</th></tr><tr><td></td><td></td><td></td></tr>
<tr><th>日期 Date</th><th>日期 Date</th><th>日期 Date</th></tr><tr><td></td><td></td><td></td></tr></table>
</html>
`

// Lacking counts the grants that lack something.
func (r *Readiness) Lacking() int { return len(r.Lines) - r.Ready() }

// Page is the report as the handover group prints and signs it.
func (r *Readiness) Page() ([]byte, error) { return printedPage(readinessText, r) }

const handoverText = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>行政许可事项交接书 {{.H.ID}}</title><style>{{style}}</style>
<h1>行政许可事项交接书<br><small lang="en">Handover of licensing powers</small></h1>
<table><tr><th>编号 Number</th><td>{{.H.ID}}</td></tr><tr><th>依据 Basis</th><td>{{.H.Document}}</td></tr>
<tr><th>移交方 Handing over</th><td>{{range .From}}<div>{{.}}</div>{{end}}</td></tr><tr><th>承接方 Taking over</th><td>{{.To}}</td></tr>
<tr><th>签署日期 Signed</th><td>{{.Signed}}</td></tr>
<tr><th>启用运行 Start of operation</th><td>{{with .Start}}{{.}}{{else}}另行登记；登记前仍由移交方办理 recorded as an event of its own; until then the earlier authority decides{{end}}</td></tr>
<tr><th>移交证照 Licenses in force</th><td>{{.H.Open}} 件</td></tr>
<tr><th>在办事项 Cases in flight</th><td>{{range .H.Cases}}<div>{{.}}</div>{{else}}无 none{{end}}</td></tr>
<tr><th>档案 Archives</th><td>{{.Archives}}</td></tr>
<tr><th>信息系统 Access</th><td>{{range .H.Access}}<div>{{.}}</div>{{else}}无 none{{end}}</td></tr>
<tr><th>过渡期 Transition</th><td>{{with .AdviseUntil}}至 {{.}}，移交方指导、培训，不再行使权力 until then the earlier authority advises; it has no power{{else}}无 none{{end}}</td></tr>
<tr><th>例外 Exceptions</th><td>{{if .H.Principle}}方案规定“原则上”：例外须经登记 in principle: exceptions are logged{{else}}不允许 none{{end}}</td></tr></table>
{{range .Lists}}{{if .Grants}}<h2>{{.Title}} <small lang="en">{{.English}}</small>（{{len .Grants}} 项）</h2>
<table><thead><tr><th>授权 Grant</th><th>事项 Matter</th><th>方式 Mode</th><th>决定机关 Decides</th></tr></thead>
{{range .Grants}}<tr><td class="whole">{{.ID}}</td><td>{{.Matter}}</td><td class="whole">{{mode .Mode}}</td><td>{{.Decider}}</td></tr>
{{end}}</table>{{end}}{{end}}
<h2>印章 <small lang="en">Seals</small></h2>
<table><tr><th>停止使用 Ended</th><td>{{range .SealsEnded}}<div>{{.}}</div>{{else}}无 none{{end}}</td></tr><tr><th>启用 Begun</th><td>{{range .SealsBegun}}<div>{{.}}</div>{{else}}无 none{{end}}</td></tr></table>
<h2>空白证照 <small lang="en">Blanks counted over</small></h2>
<table><thead><tr><th>样式 Form</th><th>印次 Run</th><th>起止号 Numbers</th><th>数量 Count</th><th>移交方 From</th></tr></thead>
{{range .Blanks}}<tr><td>{{.Form}}</td><td>{{.Run}}</td><td>{{.Numbers}}</td><td>{{.Count}}</td><td>{{.From}}</td></tr>
{{else}}<tr><td colspan="5">无 none</td></tr>{{end}}</table>
<h2>移交物品 <small lang="en">Items handed over</small></h2>
<table><thead><tr><th>类别 Kind</th><th>内容 What</th></tr></thead>
{{range .Items}}<tr><td class="whole">{{.Kind}}</td><td>{{.What}}</td></tr>
{{else}}<tr><td colspan="2">无 none</td></tr>{{end}}</table>
<h2>签署 <small lang="en">Signatures</small></h2>
<p><small>各方所签摘要 digest that is signed (SM3)：</small><br><code>{{.Terms}}</code></p>
<table class="sign"><tr><th>身份 Side</th><th>机关 Organization</th><th>签署 Signature</th></tr>
{{range .Signatures}}<tr><td>{{.Side}}</td><td>{{.Organization}}</td><td>{{.How}}</td></tr>
{{end}}</table>
</html>
`

type handoverPage struct {
	H                      *registry.Handover
	From                   []string
	To, Signed, Start      string
	Archives, Terms        string
	Lists                  []handoverList
	SealsEnded, SealsBegun []string
	Blanks                 []handoverBlanks
	Signatures             []handoverSigned
	Items                  []handoverItem
	AdviseUntil            string // last day
}

type handoverList struct {
	Title, English string
	Grants         []handoverGrant
}

type handoverGrant struct {
	ID, Matter, Decider string
	Mode                registry.Mode
}

type handoverBlanks struct {
	Form, Run, Numbers, From string
	Count                    int
}

type handoverItem struct{ Kind, What string }

type handoverSigned struct{ Side, Organization, How string }

// Page is a handover as the parties read, print and sign it: with
// names, with its digest, and with lines for who has not signed.
func (o *Handovers) Page(_ context.Context, by registry.Actor, h *registry.Handover) ([]byte, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	known, err := o.holdings()
	if err != nil {
		return nil, err
	}
	page := &handoverPage{H: h, To: known.name(h.To), Signed: registry.DateOfUnix(h.Signed).String(), Terms: h.Terms().String(),
		Archives: map[registry.Archives]string{registry.ArchivesStay: "留存移交方 stay with the earlier authority", registry.ArchivesMove: "随事项移交 go with the powers"}[h.Archives]}
	if h.Start != 0 {
		page.Start = registry.DateOfUnix(h.Start).String()
	}
	for _, code := range h.From {
		page.From = append(page.From, known.name(code))
	}
	for _, list := range []struct {
		title, english string
		ids            []string
	}{{"终止", "End", h.Ends}, {"承接", "Begin", h.Begins}, {"委托中止，待重新办理", "Lapse until done again", h.Lapses}} {
		part := handoverList{Title: list.title, English: list.english}
		for _, id := range list.ids {
			line := handoverGrant{ID: id}
			g, err := recordOf[*registry.Grant](o.common, registry.KindGrant, id)
			if err != nil {
				return nil, err
			}
			if g != nil {
				line.Matter, line.Decider, line.Mode = known.matters[g.Matter], known.name(g.Decider), g.Mode
			}
			part.Grants = append(part.Grants, line)
		}
		page.Lists = append(page.Lists, part)
	}
	page.SealsEnded, page.SealsBegun = known.sealNames(h.SealsEnded), known.sealNames(h.SealsBegun)
	for _, b := range h.Blanks {
		count, err := rangeSize(b.Of)
		if err != nil {
			return nil, err
		}
		page.Blanks = append(page.Blanks, handoverBlanks{b.Form, b.Run, b.Of.From + "–" + b.Of.To, known.name(b.From), count})
	}
	for _, item := range h.Items {
		page.Items = append(page.Items, handoverItem{itemNames[item.Kind], item.What})
	}
	if h.AdviseUntil != 0 {
		page.AdviseUntil = registry.DateOfUnix(h.AdviseUntil - 1).String()
	}
	page.Signatures = known.signatures(h)
	return printedPage(handoverText, page)
}

var itemNames = map[registry.ItemKind]string{
	registry.ItemOperatingRules: "操作规范 operating rules", registry.ItemLegalBasis: "法律依据 legal basis", registry.ItemInternalRules: "规章制度 internal rules",
	registry.ItemForms: "文本表格 forms", registry.ItemWorkflow: "操作流程 workflow", registry.ItemBlanks: "空白证书证照 blanks", registry.ItemPlatform: "平台授权 platform access",
	registry.ItemTraining: "培训 training", registry.ItemDocuments: "文件资料 documents", registry.ItemCertificates: "证照文书 certificates",
	registry.ItemArchives: "档案资料 archives", registry.ItemOther: "其他 other",
}

var signerNames = map[registry.SignerRole]string{registry.SignerStaffing: "编办 staffing office", registry.SignerJustice: "司法行政 justice bureau",
	registry.SignerApproval: "行政审批 approval bureau", registry.SignerOther: "其他 other"}

func (h *holdings) sealNames(ids []string) (names []string) {
	for _, id := range ids {
		name := id
		if i := slices.IndexFunc(h.seals, func(s *registry.SealRecord) bool { return s.ID == id }); i >= 0 {
			name = h.seals[i].FullName + "（" + id + "）"
		}
		names = append(names, name)
	}
	return names
}

// signatures lists who has signed, then lines for those who must.
func (h *holdings) signatures(of *registry.Handover) (lines []handoverSigned) {
	sides := map[registry.Side]string{registry.SideFrom: "移交方 handing over", registry.SideTo: "承接方 taking over", registry.SideWitness: "监交 witness"}
	signed, group := map[string]bool{}, map[string]string{}
	for _, s := range of.Group {
		group[string(registry.SideWitness)+s.Organization] = "交接工作组 " + signerNames[s.Role]
	}
	side := func(s registry.Side, organization string) string {
		if name := group[string(s)+organization]; name != "" {
			return name
		}
		return sides[s]
	}
	for _, s := range of.Signatures {
		how := "密钥签名 key " + string(s.Key)
		if s.Key == "" {
			how = "纸质签署，扫描件摘要 on paper, SM3 of the page " + s.Paper.String()
		}
		lines = append(lines, handoverSigned{side(s.Side, s.Organization), h.name(s.Organization), how})
		signed[string(s.Side)], signed[string(s.Side)+s.Organization] = true, true
	}
	for _, code := range of.From {
		if !signed[string(registry.SideFrom)+code] {
			lines = append(lines, handoverSigned{sides[registry.SideFrom], h.name(code), ""})
		}
	}
	if !signed[string(registry.SideTo)+of.To] {
		lines = append(lines, handoverSigned{sides[registry.SideTo], h.name(of.To), ""})
	}
	for _, s := range of.Group {
		if !signed[string(registry.SideWitness)+s.Organization] {
			lines = append(lines, handoverSigned{side(registry.SideWitness, s.Organization), h.name(s.Organization), ""})
		}
	}
	if !signed[string(registry.SideWitness)] && len(of.Group) == 0 {
		lines = append(lines, handoverSigned{Side: sides[registry.SideWitness]})
	}
	return lines
}
