package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/registry"
)

// walker is one person after another at the console, in a real browser.
type walker struct {
	*browsertest.Tab
	s *site
}

func walk(t *testing.T) *walker {
	s := openSite(t)
	w := &walker{browsertest.Open(t), s}
	authenticator(w.Tab)
	w.Do(chromedp.EmulateViewport(1280, 900))
	return w
}

func css(selector string) chromedp.CSS { return chromedp.CSS(selector) }

func (w *walker) open(path string) {
	w.T.Helper()
	w.Do(chromedp.Navigate(w.s.Config.PublicURL+path), chromedp.WaitVisible(css(`main`)))
}

// as signs an account in, whoever was there before, with a passkey where it is
// to sign.
func (w *walker) as(login string, signs bool) {
	w.T.Helper()
	account := w.s.account(w.T, login)
	w.open("/console/sign-in")
	w.Within("sign-in-"+login, chromedp.SendKeys(css(`input[name=login]`), account.Login), chromedp.SendKeys(css(`input[name=password]`), account.Password),
		chromedp.Click(css(`main button`)), chromedp.WaitVisible(css(`nav`)))
	if !signs {
		return
	}
	w.open("/console/account")
	if w.Value(`String(document.querySelectorAll(".tag.anchored").length)`) == "0" {
		w.Within("passkey-"+login, chromedp.Click(css(`#enroll`)), chromedp.WaitVisible(css(`#sign`)), chromedp.Click(css(`#sign`)), chromedp.WaitVisible(css(`.tag.anchored`)))
	}
}

// look keeps a picture of the page at a desk's width and a phone's, and holds it
// against axe.
func (w *walker) look(name string) {
	w.T.Helper()
	w.Picture(name)
	w.Accessible(name)
	w.Phone()
	w.Picture(name + "-phone")
	w.Fits(name, 320)
	w.Do(chromedp.EmulateViewport(1280, 900))
}

// set fills fields of the form by name: choices, days and texts.
func (w *walker) set(values map[string]string) {
	w.T.Helper()
	for name, value := range values {
		field := css(`[name="` + name + `"]`)
		if value == "" {
			w.Value(`document.querySelector('[name="` + name + `"]').value = ""`)
			continue
		}
		w.Within("set-"+name, chromedp.SetValue(field, value))
	}
}

func (w *walker) submit(name string) {
	w.T.Helper()
	w.Within(name, chromedp.Click(css(`main form .actions button`)))
}

// proposed submits the form and says which proceeding it made.
func (w *walker) proposed(name string) string {
	w.T.Helper()
	w.submit(name)
	w.Until(`location.pathname.includes("/console/proceedings/") && document.querySelector(".signs, .fine")`)
	address := w.Value(`location.pathname`)
	return address[strings.LastIndex(address, "/")+1:]
}

// signed presses the passkey's button and waits for the ledger.
func (w *walker) signed(name string) {
	w.T.Helper()
	w.Within(name, chromedp.WaitVisible(css(`#approve`)), chromedp.Click(css(`#approve`)), chromedp.WaitVisible(css(`#sign`)), chromedp.Click(css(`#sign`)))
	w.Until(`document.querySelector(".fine, .problem")`)
	if w.Value(`String(document.querySelectorAll(".problem").length)`) != "0" {
		w.Picture(name + "-failed")
		w.T.Fatalf("%s: %s", name, w.Text())
	}
}

// withKey signs with somebody's key file, as tongzheng approve does.
func (w *walker) withKey(login, intent string) {
	w.T.Helper()
	w.s.do(w.T, request{method: "POST", path: "/api/v1/proceedings/" + intent + "/approvals", as: login,
		body: w.s.sign(w.T, login, proceeding{Intent: intent})}).want(w.T, 202)
}

// license is the license of the proceeding shown.
func (w *walker) license() string {
	w.T.Helper()
	return w.Value(`document.querySelector(".fine a").getAttribute("href").split("/").pop()`)
}

const documentType = "11100000DEM900151A001" // 行政许可决定书（批文）

// document fills a decision document in.
func (w *walker) document(grant, seal, holder string) {
	w.T.Helper()
	n := fresh()
	w.set(map[string]string{"holder.name": holder, "holder.code_type": "001", "holder.code": w.company(), "fields.KZ_WJBT": "关于准予演示事项的行政许可决定书",
		"fields.KZ_SXMC": "示例事项（合成）", "fields.KZ_PZNR": "准予按申请材料实施演示事项。", "fields.KZ_PZYJ": "行政许可法第三十八条第一款",
		"expires": "9999-12-30", "ground": "applied", "seal": seal, "decision": fmt.Sprintf("演准〔2026〕W%d号", n)})
	if grant != "" {
		w.set(map[string]string{"grant": grant})
	}
}

func (w *walker) company() string {
	return fmt.Sprint(w.s.food(w.T)["holder"].(map[string]any)["code"])
}

// decides has an authority decide a new license: applied for in the browser,
// signed by two of its people, the second with a passkey.
func (w *walker) decides(name, typeCode, grant, seal, holder, acceptor, approver string, fill func()) string {
	w.T.Helper()
	w.as(acceptor, false)
	w.open("/console/new")
	w.Within(name, chromedp.Click(css(`.choices a[href$="`+typeCode+`"]`)), chromedp.WaitVisible(css(`input[name="holder.name"]`)))
	if fill != nil {
		fill()
	} else {
		w.document(grant, seal, holder)
	}
	intent := w.proposed(name)
	w.withKey(acceptor, intent)
	w.as(approver, true)
	w.open("/console/tasks")
	w.Within(name+"-task", chromedp.Click(css(`a[href$="`+intent+`"]`)), chromedp.WaitVisible(css(`#approve`)))
	w.signed(name)
	return w.license()
}

// TestWalkWindow: the county's counter accepts a matter whose window moved to it,
// the city decides and seals, the county's center prints, delivers and, after a
// change, recovers the city's result as its own organization.
func TestWalkWindow(t *testing.T) {
	w := walk(t)
	const grant, holder = "xg-window-041", "兴国县窗口演示有限公司"
	number := fmt.Sprintf("XGCK2026-W%d", fresh())
	w.as("xg-window-clerk", true)
	w.accept(grant, number)
	id := w.decides("window", documentType, grant, "gz-education-seal", holder, "gz-education-acceptor", "gz-education-approver", func() {
		w.document(grant, "gz-education-seal", holder)
		w.set(map[string]string{"case": number})
	})

	// The center finds the result in its queue and by its relation; it is asked for
	// on paper, and printed.
	w.as("xg-center-clerk", true)
	w.open("/console/deliveries?act=deliver")
	w.Says("deliveries", holder, "待送达", "电子证照")
	w.look("console-deliveries")
	w.open("/console/licenses/" + id)
	w.Do(chromedp.Click(css(`a[href*="`+id+`"][href$="/acts/print"]`)), chromedp.WaitVisible(css(`[name="grant"]`)))
	if value := w.Value(`document.querySelector("[name=grant]").value`); value != grant {
		t.Errorf("the one grant under which it may print is chosen already: %q", value)
	}
	w.set(map[string]string{"ground": "holder-asked"})
	w.Do(chromedp.Click(css(`[name="copies.original1.print"]`)))
	w.proposed("print")
	w.signed("print")

	// It delivers: everything that is missing is said at once.
	w.open("/console/deliveries?act=deliver")
	w.Says("deliveries", holder, "待送达", "下载印件")
	if got := w.Value(`fetch(document.querySelector('a[href*="` + id + `"][href$="/paper"]').href).then((r) => r.headers.get("Content-Type"))`); got != "application/pdf" {
		t.Errorf("the sheet for the printer comes as %s", got)
	}
	w.Do(chromedp.Click(css(`a[href*="`+id+`"][href*="/acts/deliver"]`)), chromedp.WaitVisible(css(`[name="delivery.receiver"]`)))
	w.Says("deliver", "正本 2")
	w.set(map[string]string{"delivery.courier": "演示快递"})
	w.submit("deliver")
	w.Until(`document.querySelectorAll(".problem li").length >= 3`)
	w.Says("deliver", "请更正以下", "领取人或者签收人", "快递单号", "办理依据")
	w.look("console-deliver")
	w.set(map[string]string{"delivery.receiver": "演示经办人", "delivery.relation": "代理人（持委托书）", "delivery.id_checked": "委托书和代理人身份证",
		"delivery.courier": "", "ground": "collected"})
	w.proposed("deliver")
	w.signed("deliver")
	w.Says("deliver", "送达|演示经办人|代理人（持委托书）")
	w.open("/console/deliveries")
	if strings.Contains(w.Text(), holder) {
		t.Errorf("delivered, it is still in the queue: %s", w.Text())
	}

	// What is not the center's to do is not offered, and another county finds nothing.
	w.open("/console/licenses/" + id)
	w.Says("handled", "承办中心", "已送达", "收回")
	for _, decision := range []registry.Act{registry.Change, registry.Revoke, registry.Cancel} {
		if w.Value(`String(document.querySelectorAll('a[href$="/acts/`+decision.String()+`"]').length)`) != "0" {
			t.Errorf("a center is offered %s", decision)
		}
	}
	w.look("console-license-handled")
	w.found("handling", id, true)
	w.as("yd-acceptor", false)
	w.found("", id, false)
}

// accept records the acceptance of a case, signed with the account's passkey.
func (w *walker) accept(grant, number string) {
	w.T.Helper()
	w.open("/console/case?grant=" + grant + "&case=" + number)
	w.Value(`(() => { const step = document.getElementById("step-accept"); step.open = true;
		const days = step.querySelector("[name=days]"); if (days && !days.value) days.value = "20"; return ""; })()`)
	w.Within("case-step", chromedp.Click(css(`#step-accept .actions button`)), chromedp.WaitVisible(css(`#approve`)))
	w.Within("case-sign", chromedp.Click(css(`#approve`)), chromedp.WaitVisible(css(`#sign`)), chromedp.Click(css(`#sign`)))
	w.Until(`!document.getElementById("approve") && document.querySelector("dl.facts dd .mono")`)
	w.Says("case", "受理", "兴国县行政审批局")
}

// found looks for a license in the console's search, by the relation that the
// organization is to have to it.
func (w *walker) found(relation, id string, want bool) {
	w.T.Helper()
	w.open("/console/licenses")
	w.set(map[string]string{"q": id, "relation": relation})
	w.Within("found", chromedp.Click(css(`.find button`)), chromedp.WaitVisible(css(`input[name=q][value="`+id+`"]`)))
	if got := w.Value(`String(document.querySelectorAll('tbody a[href$="`+id+`"]').length)`) == "1"; got != want {
		w.T.Errorf("found as %q: %t, want %t\n%s", relation, got, want, w.Text())
	}
}

// TestWalkTown: a town decides under its own power, and, entrusted, in the name of
// the county's forestry bureau and under its seal.
func TestWalkTown(t *testing.T) {
	w := walk(t)
	own := w.decides("town", documentType, "", "xg-lianjiang-seal", "潋江镇演示合作社", "xg-lianjiang-acceptor", "xg-lianjiang-approver", nil)
	w.open("/console/licenses/" + own)
	w.Says("town", "兴国县潋江镇人民政府", "发证机关", "变更")

	const felling = "11100000DEM900143F001" // 林木采伐许可证
	entrusted := w.decides("entrusted", felling, "", "", "", "xg-lianjiang-acceptor", "xg-lianjiang-approver", func() {
		w.look("console-entrusted-form")
		sample, _ := w.s.plan.Type("forest-cutting")
		for name, value := range sample.Sample {
			w.set(map[string]string{"fields." + name: value})
		}
		n := fresh()
		w.set(map[string]string{"holder.name": "兴国县演示林场", "holder.code_type": "001", "holder.code": w.company(), "ground": "applied",
			"expires": registry.Date(registry.DateOf(w.s.Config.Clock()) + 300).String(), "decision": fmt.Sprintf("潋采准〔2026〕W%d号", n),
			"copies.original1.number": fmt.Sprintf("36000%03d", 401+n%90)})
	})
	w.open("/console/licenses/" + entrusted)
	w.Says("entrusted", "兴国县林业局", "受委托机关", "兴国县演示林场")
}

// TestWalkStreets: two streets decide the same matter, each for itself; neither
// finds the other's.
func TestWalkStreets(t *testing.T) {
	w := walk(t)
	east := w.decides("east", documentType, "", "xg-east-seal", "演示东街道小店", "xg-east-acceptor", "xg-east-approver", nil)
	west := w.decides("west", documentType, "", "xg-west-seal", "演示西街道小店", "xg-west-acceptor", "xg-west-approver", nil)
	for _, x := range []struct{ login, own, other string }{{"xg-east-center-clerk", east, west}, {"xg-west-center-clerk", west, east}} {
		w.as(x.login, false)
		w.found("handling", x.own, true)
		w.found("", x.other, false)
		w.open("/console/deliveries?act=deliver")
		if text := w.Text(); !strings.Contains(text, "街道小店") {
			t.Errorf("%s has nothing to deliver: %s", x.login, text)
		}
	}
}

// safety is a construction safety license that the county's bureau granted.
func (s *site) safety(t *testing.T) string {
	t.Helper()
	kind, _ := s.plan.Type("construction-safety")
	n := fresh()
	company := s.food(t)["holder"].(map[string]any)
	p, a := s.apply(t, "/api/v1/licenses", map[string]any{"type": kind.Type.Code, "grant": "xg-direct-005", "organization": s.account(t, "xg-system").Code, "ground": "applied",
		"seal": "xg-approval-seal", "decision": fmt.Sprintf("兴审安准〔2026〕T%d号", n), "holder": company, "fields": clone(kind.Sample),
		"effective": "2026-11-01", "expires": "2029-10-31"}, nil)
	a.want(t, 202)
	if p = s.approve(t, p); p.Step != "anchored" {
		t.Fatalf("step %s", p.Step)
	}
	return p.Identifier
}

// TestWalkRegulator: the county's construction department finds a license that the
// approval bureau decided, and suspends it; what is not a measure it is not offered.
func TestWalkRegulator(t *testing.T) {
	w := walk(t)
	id := w.s.safety(t)
	w.as("xg-housing-acceptor", false)
	w.found("supervisor", id, true)
	w.open("/console/licenses/" + id)
	w.Says("regulator", "监管部门", "暂扣", "吊销")
	w.look("console-license-regulator")
	if w.Value(`String(document.querySelectorAll('a[href$="/acts/change"], a[href*="/acts/deliver"], a[href$="/acts/print"]').length)`) != "0" {
		t.Errorf("a regulator is offered more than measures: %s", w.Text())
	}
	w.Within("suspend", chromedp.Click(css(`a[href$="/acts/suspend"]`)), chromedp.WaitVisible(css(`[name="ground"]`)))
	ground := w.Value(`[...document.querySelector("[name=ground]").options].map((o) => o.value).find((v) => v)`)
	w.set(map[string]string{"ground": ground, "decision": fmt.Sprintf("兴住建扣〔2026〕W%d号", fresh())})
	intent := w.proposed("suspend")
	w.withKey("xg-housing-acceptor", intent)
	w.withKey("xg-housing-examiner", intent)
	w.as("xg-housing-approver", true)
	w.open("/console/proceedings/" + intent)
	w.signed("suspend")
	w.open("/console/licenses/" + id)
	w.Says("regulator", "暂扣", "发还")
}

// TestWalkSuperior: the county's government finds a license of its bureau by its
// state alone; what it says stays hidden on every page until a numbered file is
// opened for it, and within that file it is revoked by rank: no grant is asked for.
func TestWalkSuperior(t *testing.T) {
	w := walk(t)
	id := w.s.issued(t).Identifier
	holder := fmt.Sprint(w.s.food(t)["holder"].(map[string]any)["name"])
	hidden := func(page string) {
		t.Helper()
		if text := w.Text(); strings.Contains(text, holder) || strings.Contains(text, w.company()) {
			t.Errorf("%s shows a superior the holder: %s", page, text)
		}
	}
	w.as("xg-gov-acceptor", false)
	w.found("superior", id, true)
	hidden("the list")
	w.open("/console/licenses/" + id)
	w.Says("superior", "上级机关", "撤销")
	hidden("the license")
	w.look("console-license-superior")
	if w.Value(`String(document.querySelectorAll('a[href$="/acts/change"], a[href$="/acts/penalize"], a[href$="/acts/print"]').length)`) != "0" {
		t.Errorf("a superior is offered more than oversight: %s", w.Text())
	}
	w.open("/console/licenses/" + id + "/acts/revoke")
	hidden("the form")
	// A numbered file is opened for it, and says what the license says.
	w.open("/console/reviews")
	w.look("console-reviews")
	w.set(map[string]string{"number": fmt.Sprintf("兴府监〔2026〕W%d号", fresh()), "kind": "complaint", "basis": "投诉〔2026〕W1号", "licenses": id})
	w.submit("open-file")
	w.Within("within-file", chromedp.Click(css(`a[href$="/console/licenses/`+id+`"]`)), chromedp.WaitVisible(css(`a[href$="/acts/revoke"]`)))
	w.Says("within the file", holder)
	w.Within("revoke", chromedp.Click(css(`a[href$="/acts/revoke"]`)), chromedp.WaitVisible(css(`[name="ground"]`)))
	if w.Value(`String(document.querySelectorAll("[name=grant]").length)`) != "0" {
		t.Error("oversight rests on rank: no grant is asked for")
	}
	w.set(map[string]string{"ground": "unqualified", "decision": fmt.Sprintf("兴府撤〔2026〕W%d号", fresh())})
	intent := w.proposed("revoke")
	w.withKey("xg-gov-acceptor", intent)
	w.as("xg-gov-approver", true)
	w.open("/console/proceedings/" + intent)
	w.signed("revoke")
	w.open("/console/licenses/" + id)
	w.Says("superior", "撤销")
	// The bureau has the sheets back to look after.
	w.as("xg-printer", false)
	w.open("/console/deliveries?act=recover")
	w.Says("recover", "待收回")
}
