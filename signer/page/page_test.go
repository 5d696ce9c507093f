package page_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/explain"
	"tongzheng/registry/sm"
	"tongzheng/signer/page"
)

const (
	origin = "https://sign.example.gov.cn"
	county = "11360732DEM20018XP"
)

var identifier = registry.Identifier{Type: "11100000MB0143028R003", Issuer: county, Serial: "A100001", Version: 1}

// stage is a signing page over a ledger's records, and a person with a passkey.
type stage struct {
	page    *page.Page
	records map[string]registry.GovernanceRecord
	now     time.Time
	refuses error // of the ledger, for acts
	unknown bool  // the ledger does not tell what licenses say
	person  registry.SigningPerson
	key     *ecdsa.PrivateKey
}

// The stage is the page's signer: records in memory. What a service refuses is tested
// where services are (TestSignerProcess).
func (s *stage) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	return s.records[registry.RecordKey(kind, name)], nil
}
func (s *stage) Law(context.Context) registry.Gatherer { return registry.Gatherer{Records: s} }
func (s *stage) Now() int64                            { return s.now.Unix() }
func (s *stage) Service(context.Context, string) (*registry.Service, error) {
	return registry.RecordOf[*registry.Service](s, registry.KindService, "city")
}
func (s *stage) CheckAct(context.Context, *registry.SealJob) (bool, error) {
	return !s.unknown, s.refuses
}

func (s *stage) has(records ...registry.GovernanceRecord) {
	for _, r := range records {
		s.records[registry.RecordKey(r.Kind(), r.Name())] = r
	}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{records: map[string]registry.GovernanceRecord{}, now: time.Unix(1_790_000_000, 0)}
	var err error
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	spki, err := sm.MarshalPublicKey(&s.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	id := sm.KeyIDOf(spki)
	s.has(&registry.Rules{Version: registry.RulesOfRelations}, &registry.Organization{Code: county, FullName: "兴国县行政审批局", Member: "city"},
		&registry.Service{Member: "city", Operator: county, Public: "https://zz.example.gov.cn/license", Sign: origin, RelyingParty: "example.gov.cn"},
		&registry.Approver{KeyID: id, Algorithm: registry.WebAuthn, Public: spki, Person: "p1", Organization: county, Roles: []registry.Role{registry.RoleApprover}, From: 1})
	s.person = registry.SigningPerson{Name: "甲", Organization: county, Handle: []byte("h1"), Keys: []registry.PersonKey{{Credential: []byte("c1"), KeyID: id}}}
	s.page = page.New(page.Config{Origin: origin, Signer: s, Clock: func() time.Time { return s.now }})
	return s
}

func (s *stage) ask(ask registry.SigningRequest) (*registry.SigningTicket, error) {
	ask.Person, ask.Return = s.person, "/license/console/signed?then=x"
	return s.page.Open(context.Background(), ask)
}

func (s *stage) open(t *testing.T, ask registry.SigningRequest) *registry.SigningTicket {
	t.Helper()
	ticket, err := s.ask(ask)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func (s *stage) request(method, path string, body any) (int, string) {
	raw, _ := json.Marshal(body)
	r := httptest.NewRequest(method, origin+path, strings.NewReader(string(raw)))
	r.Header.Set("Origin", origin)
	w := httptest.NewRecorder()
	s.page.Handler().ServeHTTP(w, r)
	answer, _ := io.ReadAll(w.Body)
	return w.Code, string(answer)
}

// shown is an opened page.
type shown struct {
	text            string // without tags
	post, challenge string
}

var (
	tags = regexp.MustCompile(`<[^>]*>`)
	data = regexp.MustCompile(`data-(post|challenge)="([^"]*)"`)
)

func (s *stage) enter(t *testing.T, ticket *registry.SigningTicket) shown {
	t.Helper()
	status, body := s.request(http.MethodGet, strings.TrimPrefix(ticket.URL, origin), nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	v := shown{text: html.UnescapeString(tags.ReplaceAllString(body, ""))}
	for _, m := range data.FindAllStringSubmatch(body, -1) {
		if m[1] == "post" {
			v.post = m[2]
		} else {
			v.challenge = m[2]
		}
	}
	return v
}

// asserted is what an authenticator answers at an origin.
func (s *stage) asserted(t *testing.T, at, challenge string) map[string]string {
	t.Helper()
	client := fmt.Appendf(nil, `{"type":"webauthn.get","challenge":%q,"origin":%q}`, challenge, at)
	rp, hash := sha256.Sum256([]byte("example.gov.cn")), sha256.Sum256(client)
	data := binary.BigEndian.AppendUint32(append(rp[:], 0x05), 1)
	sum := sha256.Sum256(slices.Concat(data, hash[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return map[string]string{"id": b64([]byte("c1")), "authenticator_data": b64(data), "client_data": b64(client), "signature": b64(signature)}
}

func (s *stage) result(ticket *registry.SigningTicket) (*registry.SigningResult, error) {
	return s.page.Result(context.Background(), registry.SigningQuery{Ticket: ticket.Ticket, Handle: s.person.Handle})
}

// signs opens the page, signs what it asks for and returns what it showed and gave.
func (s *stage) signs(t *testing.T, ask registry.SigningRequest) (shown, *registry.SigningResult) {
	t.Helper()
	ticket := s.open(t, ask)
	v := s.enter(t, ticket)
	if status, body := s.request(http.MethodPost, v.post+"/sign", s.asserted(t, origin, v.challenge)); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	result, err := s.result(ticket)
	if err != nil || result.Outcome != registry.SigningSigned {
		t.Fatalf("%+v %v", result, err)
	}
	return v, result
}

// shows tells whether every line stands on the page, label beside value.
func (v shown) shows(t *testing.T, name string, lines []explain.Line) {
	t.Helper()
	for _, l := range lines {
		if want := l.Chinese + " " + l.English + l.Value; !strings.Contains(v.text, want) {
			t.Errorf("%s: the page does not show %q", name, want)
		}
	}
}

// filler gives every field below a value one of its own, so that one shown for another
// is seen.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value, depth int) {
	if depth > 6 {
		return
	}
	f.n++
	if v.Type() == reflect.TypeFor[registry.Identifier]() {
		v.Set(reflect.ValueOf(registry.Identifier{Type: "11100000MB0143028R003", Issuer: county, Serial: fmt.Sprintf("A%06d", f.n), Version: 1}))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, depth+1)
		f.fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				f.fill(v.Field(i), depth+1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i), depth+1)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("值<%d>", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Uint8:
		v.SetUint(uint64(f.n % 200))
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.n))
	}
}

// TestEveryActIsShown: of each act the page shows every field of its intent in words,
// and the signature that it takes is over that intent's digest.
func TestEveryActIsShown(t *testing.T) {
	for _, rule := range registry.Acts() {
		s := newStage(t)
		in := registry.Intent{}
		new(filler).fill(reflect.ValueOf(&in).Elem(), 0)
		in.Act, in.Organization, in.TypeVersion = rule.Act, county, 1
		v, result := s.signs(t, registry.SigningRequest{Acts: []registry.SealJob{{Intent: in}}})
		v.shows(t, in.Act.String(), explain.New(s).Intent(&in))
		for _, want := range []string{in.Act.Chinese(), in.Act.String(), in.Digest().String(), "兴国县行政审批局", "未提供证照内容"} {
			if !strings.Contains(v.text, want) {
				t.Errorf("%s: the page does not show %q", in.Act, want)
			}
		}
		if g := result.Approvals; len(g) != 1 || g[0].Digest != in.Digest() || g[0].Approval.KeyID != s.person.Keys[0].KeyID {
			t.Errorf("%s: signed %+v", in.Act, g)
		}
	}
}

// TestEveryOrderIsShown: of every kind of record the page shows each field, alone and
// beside the one that it replaces, and the signature is over the sheet.
func TestEveryOrderIsShown(t *testing.T) {
	for _, kind := range registry.RecordKinds() {
		for _, replaces := range []bool{false, true} {
			if kind == registry.KindRules && !replaces {
				continue // a ledger begins with its rules
			}
			s := newStage(t)
			record := registry.NewRecord(kind)
			f := new(filler)
			f.fill(reflect.ValueOf(record).Elem(), 0)
			var before registry.GovernanceRecord
			if replaces {
				was := registry.NewRecord(kind)
				f.fill(reflect.ValueOf(was).Elem(), 0)
				s.records[registry.RecordKey(kind, record.Name())], before = was, was
			} else {
				delete(s.records, registry.RecordKey(kind, record.Name()))
			}
			raw, err := registry.Encode(record)
			if err != nil {
				t.Fatal(err)
			}
			order := registry.Order{Organization: county, Kind: kind, Record: raw, Sequence: 1, Basis: "府令一号", Decided: 1_780_000_000}
			name := fmt.Sprintf("%s, replacing %v", kind, replaces)
			v, result := s.signs(t, registry.SigningRequest{Sheet: []registry.Order{order, order}})
			lines, err := explain.New(s).Order(&order, before)
			if err != nil || len(lines) == 0 {
				t.Fatal(name, err)
			}
			v.shows(t, name, lines)
			if !strings.Contains(v.text, "府令一号") || !strings.Contains(v.text, "兴国县行政审批局") || strings.Contains(v.text, "新增记录") == replaces {
				t.Errorf("%s: basis, organization or novelty is not told", name)
			}
			for _, l := range lines {
				if l.Was != "" && !strings.Contains(v.text, "原 was："+l.Was) {
					t.Errorf("%s: what %s was is not told", name, l.Chinese)
				}
			}
			if g := result.Approvals; !result.Sheet || len(g) != 1 || g[0].Digest != registry.SheetDigest([]sm.Digest{order.Digest(), order.Digest()}) {
				t.Errorf("%s: signed %+v", name, g)
			}
		}
	}
}

// TestStepIsShown: a step of a case file is shown with its text; another text than the
// statement names is no page.
func TestStepIsShown(t *testing.T) {
	s := newStage(t)
	step := registry.CaseStep{Content: "材料齐全", Statement: registry.CaseStatement{Grant: "g1", Case: "兴受〔2026〕1号", Number: 2, Previous: sm.Sum([]byte("1")), Kind: registry.CaseAccept,
		Organization: county, At: 1_780_000_000, Days: 20, Content: sm.Sum([]byte("材料齐全"))}}
	v, result := s.signs(t, registry.SigningRequest{Step: &step})
	v.shows(t, "step", explain.New(s).Step(&step.Statement))
	digest, err := step.Statement.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(v.text, "材料齐全") || result.Step == nil || result.Approvals[0].Digest != digest || result.Step.Approval.KeyID != s.person.Keys[0].KeyID {
		t.Errorf("%+v", result)
	}
	step.Content = "材料不全"
	if _, err := s.ask(registry.SigningRequest{Step: &step}); registry.CodeOf(err) != registry.CodeContent {
		t.Error(err)
	}
}

func someActs(n int) (acts []registry.SealJob) {
	for i := range n {
		acts = append(acts, registry.SealJob{Intent: registry.Intent{Act: registry.Suspend, Identifier: identifier, Organization: county, Sequence: uint64(i + 1), Ground: "inspection", Decided: 1_780_000_000}})
	}
	return acts
}

// TestSignatureThatCounts: only the asked passkey at this origin over what the page
// shows; what is refused leaves the page open.
func TestSignatureThatCounts(t *testing.T) {
	s := newStage(t)
	ticket := s.open(t, registry.SigningRequest{Acts: someActs(3)})
	v := s.enter(t, ticket)
	other := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	stranger := s.asserted(t, origin, v.challenge)
	stranger["id"] = base64.RawURLEncoding.EncodeToString([]byte("c2"))
	for name, try := range map[string]struct {
		answer map[string]string
		status int
		code   registry.Code
	}{
		"at another origin":    {s.asserted(t, "https://zz.example.gov.cn", v.challenge), 403, registry.CodeApprovalSignature},
		"over something else":  {s.asserted(t, origin, other), 403, registry.CodeApprovalSignature},
		"by a stranger's key":  {stranger, 403, registry.CodeApprovalUnknown},
		"with nothing in it":   {map[string]string{}, 422, registry.CodeMalformed},
		"with an unknown part": {map[string]string{"id": "YQ", "x": "y"}, 422, registry.CodeMalformed},
	} {
		status, body := s.request(http.MethodPost, v.post+"/sign", try.answer)
		if status != try.status || !strings.Contains(body, `"`+string(try.code)+`"`) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if r, err := s.result(ticket); err != nil || r.Outcome != registry.SigningOpen {
		t.Errorf("%+v %v", r, err)
	}
	if status, body := s.request(http.MethodPost, v.post+"/sign", s.asserted(t, origin, v.challenge)); status != 200 || !strings.Contains(body, `https://zz.example.gov.cn/license/console/signed?then=x\u0026ticket=`+ticket.Ticket) {
		t.Fatalf("%d %s", status, body)
	}
	r, err := s.result(ticket)
	if err != nil || len(r.Approvals) != 3 {
		t.Fatalf("%+v %v", r, err)
	}
	for i, g := range r.Approvals {
		if g.Approval.Batch == nil || g.Approval.Batch.Count != 3 || g.Approval.Batch.Index != i {
			t.Errorf("%d: %+v", i, g.Approval.Batch)
		}
	}
	// A key that has ended signs no more.
	ticket = s.open(t, registry.SigningRequest{Acts: someActs(1)})
	v = s.enter(t, ticket)
	key, err := registry.RecordOf[*registry.Approver](s, registry.KindApprover, string(s.person.Keys[0].KeyID))
	if err != nil {
		t.Fatal(err)
	}
	key.Until = s.now.Unix() - 1
	if status, body := s.request(http.MethodPost, v.post+"/sign", s.asserted(t, origin, v.challenge)); status != 403 || !strings.Contains(body, string(registry.CodeApprovalUnknown)) {
		t.Errorf("%d %s", status, body)
	}
}

// TestTicket: it opens the page once, its result is told once and to the account that
// asked, and after ten minutes there is neither.
func TestTicket(t *testing.T) {
	s := newStage(t)
	ask := registry.SigningRequest{Acts: someActs(1)}
	ticket := s.open(t, ask)
	path := strings.TrimPrefix(ticket.URL, origin)
	v := s.enter(t, ticket)
	if status, body := s.request(http.MethodGet, path, nil); status != http.StatusGone || !strings.Contains(body, "已打开过") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := s.request(http.MethodPost, v.post+"/decline", nil); status != 200 {
		t.Error(status)
	}
	if r, err := s.page.Result(context.Background(), registry.SigningQuery{Ticket: ticket.Ticket, Handle: []byte("h2")}); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("another account is told %+v %v", r, err)
	}
	if r, err := s.result(ticket); err != nil || r.Outcome != registry.SigningDeclined || len(r.Approvals) != 0 {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := s.result(ticket); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("told twice: %v", err)
	}
	if status, _ := s.request(http.MethodPost, v.post+"/sign", s.asserted(t, origin, v.challenge)); status != http.StatusNotFound {
		t.Errorf("signed after it was over: %d", status)
	}
	ticket = s.open(t, ask)
	v = s.enter(t, ticket)
	s.now = s.now.Add(10*time.Minute + time.Second)
	if status, _ := s.request(http.MethodPost, v.post+"/sign", s.asserted(t, origin, v.challenge)); status != http.StatusNotFound {
		t.Errorf("signed after ten minutes: %d", status)
	}
	if _, err := s.result(ticket); registry.CodeOf(err) != registry.CodeNotFound {
		t.Error(err)
	}
}

// TestNoPage: what leads elsewhere, asks for nothing, for several things or for more than
// a signature covers, and what the signer refuses, opens no page.
func TestNoPage(t *testing.T) {
	s := newStage(t)
	for name, try := range map[string]struct {
		change func(*registry.SigningRequest)
		code   registry.Code
	}{
		"nothing":              {func(r *registry.SigningRequest) { r.Acts = nil }, registry.CodeMissing},
		"two things":           {func(r *registry.SigningRequest) { r.Enroll = true }, registry.CodeMissing},
		"too many":             {func(r *registry.SigningRequest) { r.Acts = someActs(registry.BatchMost + 1) }, registry.CodeTooLarge},
		"no passkey":           {func(r *registry.SigningRequest) { r.Person.Keys = nil }, registry.CodeApprovalUnknown},
		"no handle":            {func(r *registry.SigningRequest) { r.Person.Handle = nil }, registry.CodeMissing},
		"to another host":      {func(r *registry.SigningRequest) { r.Return = "//evil.example/license/console" }, registry.CodeMalformed},
		"by a backslash":       {func(r *registry.SigningRequest) { r.Return = `/\evil.example` }, registry.CodeMalformed},
		"to an address":        {func(r *registry.SigningRequest) { r.Return = "https://evil.example/" }, registry.CodeMalformed},
		"outside the registry": {func(r *registry.SigningRequest) { r.Return = "/other/console" }, registry.CodeMalformed},
		"through dots":         {func(r *registry.SigningRequest) { r.Return = "/license/../other" }, registry.CodeMalformed},
		"through coded dots":   {func(r *registry.SigningRequest) { r.Return = "/license/%2e%2e/other" }, registry.CodeMalformed},
		"by a coded backslash": {func(r *registry.SigningRequest) { r.Return = "/license/%5cother" }, registry.CodeMalformed},
		"to nowhere":           {func(r *registry.SigningRequest) { r.Return = "" }, registry.CodeMalformed},
	} {
		ask := registry.SigningRequest{Person: s.person, Return: "/license/console/signed", Acts: someActs(1)}
		try.change(&ask)
		if ticket, err := s.page.Open(context.Background(), ask); registry.CodeOf(err) != try.code {
			t.Errorf("%s: %+v %v, want %s", name, ticket, err, try.code)
		}
	}
	s.refuses = registry.Errorf(registry.CodeContent, "unsealed", "another document")
	if _, err := s.ask(registry.SigningRequest{Acts: someActs(2)}); registry.CodeOf(err) != registry.CodeContent {
		t.Error(err)
	}
	s.refuses = nil
	s.has(&registry.Service{Member: "city", Operator: county, Public: "https://zz.example.gov.cn", Sign: "https://other.example.gov.cn", RelyingParty: "example.gov.cn"})
	if _, err := s.ask(registry.SigningRequest{Acts: someActs(1)}); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Error(err)
	}
}

// TestContentIsShown: what a version says stands beside what the license says now, and
// what the ledger cannot tell is said.
func TestContentIsShown(t *testing.T) {
	kind := &registry.LicenseType{Code: "11100000MB0143028R003", Version: 1, Name: "食品经营许可证", English: "Food business license"}
	was := registry.Facts{Holder: registry.Holder{Name: "旧名店"}}
	now := registry.Facts{Holder: registry.Holder{Name: "新名店"}}
	s := newStage(t)
	job := registry.SealJob{Intent: registry.Intent{Act: registry.Change, Identifier: identifier, Organization: county, Sequence: 2}, Version: &registry.Opened{Type: kind, Facts: now}, Present: &registry.Opened{Type: kind, Facts: was}}
	v, _ := s.signs(t, registry.SigningRequest{Acts: []registry.SealJob{job}})
	if !strings.Contains(v.text, "新名店原 was：旧名店") || !strings.Contains(v.text, "食品经营许可证") || strings.Contains(v.text, "未能与账本核对") {
		t.Error(v.text)
	}
	s.unknown = true
	if v, _ = s.signs(t, registry.SigningRequest{Acts: []registry.SealJob{job}}); !strings.Contains(v.text, "未能与账本核对") {
		t.Error(v.text)
	}
}
