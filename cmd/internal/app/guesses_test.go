package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tongzheng/api"
	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// counted counts what a look-up asks of the store of licenses; each method is
// one statement.
type counted struct {
	office.LicenseStore
	asked atomic.Int64
}

func (c *counted) Holders(ctx context.Context, q office.HolderQuery) ([]office.Held, error) {
	c.asked.Add(1)
	return c.LicenseStore.Holders(ctx, q)
}

func (c *counted) Version(ctx context.Context, base string, version int) (*office.Version, error) {
	c.asked.Add(1)
	return c.LicenseStore.Version(ctx, base, version)
}

func (c *counted) Stored(ctx context.Context, base string, version int, sealed bool) (*office.Stored, error) {
	c.asked.Add(1)
	return c.LicenseStore.Stored(ctx, base, version, sealed)
}

func (c *counted) Record(ctx context.Context, base string) (*office.Record, error) {
	c.asked.Add(1)
	return c.LicenseStore.Record(ctx, base)
}

// lookup is one way for strangers to ask by number or identifier and name.
type lookup struct {
	server *api.Server
	page   bool
}

func (l lookup) ask(number, identifier, holder string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if l.page {
		if number == "" {
			number = identifier
		}
		r := httptest.NewRequest(http.MethodPost, "/verify", strings.NewReader(url.Values{"number": {number}, "holder": {holder}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		l.server.ServeHTTP(w, r)
		return w
	}
	body := map[string]string{"holder": holder}
	if number != "" {
		body["number"] = number
	} else {
		body["identifier"] = identifier
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1/verify", bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	l.server.ServeHTTP(w, r)
	return w
}

// named issues a license to a holder of this name; the number stands in the
// store.
func (c *city) named(t *testing.T, name string) (p *office.Proceeding, number string) {
	t.Helper()
	application, i := c.fresh()
	application.Holder.Name = fmt.Sprintf("%s%d店", name, i)
	p = c.propose(t, "/licenses", fmt.Sprintf("named-%d", i), application)
	c.sign(t, p, "xg-acceptor", "xg-approver")
	if p = c.end(t, p); p.Step != office.StepAnchored {
		t.Fatalf("issue: %s %s %s", p.Step, p.Refusal, p.Detail)
	}
	v, err := c.Store.Version(t.Context(), p.Intent.Identifier.Base(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return p, v.Facts.Number
}

// TestGuessesLearnNothing: whoever has no license's number and name learns
// nothing of either: a number that does not exist and one that does with a
// wrong name have the same status, headers, body and number of statements, on
// the page and the API.
func TestGuessesLearnNothing(t *testing.T) {
	c := inCity(t)
	p, number := c.named(t, "猜不出的")
	store := &counted{}
	own := c.other(t, func(p *office.Ports, _ *office.Config) {
		store.LicenseStore = p.Licenses
		p.Licenses = store
	})
	server := api.New(api.Config{Office: own, Accounts: app.Accounts{c.Store.Accounts}, PublicURL: "http://localhost", PublicPerMinute: 1e6, PublicBurst: 1e6})
	none := strings.Repeat("9", len(number)-2)
	absent := p.Intent.Identifier
	absent.Serial = "Z" + absent.Serial[1:]
	moving := regexp.MustCompile(`\d{4}-\d\d-\d\d[T ][0-9:.+Z]+|"height":\d+`)
	type seen struct {
		status       int
		header, body string
		statements   int64
	}
	for _, page := range []bool{true, false} {
		l := lookup{server, page}
		look := func(number, identifier string) seen {
			before := store.asked.Load()
			w := l.ask(number, identifier, "别人家的店")
			body := w.Body.String()
			for _, typed := range []string{number, identifier} {
				if typed != "" {
					body = strings.ReplaceAll(body, typed, "typed")
				}
			}
			header := ""
			for _, name := range slices.Sorted(maps.Keys(w.Header())) {
				if name != "X-Request-Id" && name != "Date" {
					header += fmt.Sprintln(name, w.Header()[name])
				}
			}
			return seen{w.Code, header, moving.ReplaceAllString(body, "then"), store.asked.Load() - before}
		}
		want := look("JY"+none, "")
		for name, got := range map[string]seen{"a wrong name": look(number, ""), "a wrong name, typed otherwise": look(strings.ToLower(number), "")} {
			if got != want {
				t.Errorf("page %v: %s: %+v\n\nno such number: %+v", page, name, got, want)
			}
		}
		if got, want := look("", p.Intent.Identifier.String()), look("", absent.String()); got != want {
			t.Errorf("page %v: identifier: %+v\n\nno such identifier: %+v", page, got, want)
		}
		if want.statements != 1 || !strings.Contains(want.body, "编号或名称不符") || strings.Contains(want.body, "伪造") || page && (want.status != http.StatusNotFound || !strings.Contains(want.body, `value="typed"`) || !strings.Contains(want.body, `value="别人家的店"`)) {
			t.Errorf("page %v: %+v", page, want)
		}
	}
	// However a number is written, the guesses at its license are counted together.
	slowed := 0
	for i := range 40 {
		typed := []string{number, strings.ToLower(number), " " + number, "Ｊ" + number[1:]}[i%4]
		if w := (lookup{server, false}).ask(typed, "", fmt.Sprint("谁", i)); w.Code == http.StatusTooManyRequests {
			slowed++
		}
	}
	if slowed < 15 {
		t.Errorf("%d of 40 guesses slowed", slowed)
	}
}

// TestTypedOtherwise: a slip in number, bracket, middle dot, case, width or
// spaces finds the license, on page, API and in the console's search; another
// name or number does not, and is not called forged.
func TestTypedOtherwise(t *testing.T) {
	c := inCity(t)
	p, number := c.named(t, "阿依古丽·𠮷Ca（兴国）")
	v, err := c.Store.Version(t.Context(), p.Intent.Identifier.Base(), 1)
	if err != nil {
		t.Fatal(err)
	}
	name := v.Facts.Holder.Name
	server := api.New(api.Config{Office: c.Office, Accounts: app.Accounts{c.Store.Accounts}, PublicURL: "http://localhost", PublicPerMinute: 1e6, PublicBurst: 1e6})
	wide := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r <= '~' {
				return r + 0xfee0
			}
			return r
		}, s)
	}
	numbers := []string{number, strings.ToLower(number), wide(number), " " + number + "　", "\ufeff" + number}
	names := []string{name, strings.ReplaceAll(name, "·", "•"), strings.ReplaceAll(name, "·", "・"), strings.NewReplacer("（", "(", "）", ")").Replace(name),
		strings.ReplaceAll(name, "Ca", "ca"), wide(name), "　" + name + " ", strings.ReplaceAll(name, "Ca", "ＣＡ")}
	for _, page := range []bool{true, false} {
		l := lookup{server, page}
		for i := range max(len(numbers), len(names)) {
			n, h := numbers[i%len(numbers)], names[i%len(names)]
			if w := l.ask(n, "", h); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), map[bool]string{true: registry.Valid.Info().Chinese, false: `"verdict":"valid"`}[page]) {
				t.Errorf("page %v: %q %q: %d %s", page, n, h, w.Code, w.Body)
			}
		}
		if w := l.ask("", wide(strings.ToLower(p.Intent.Identifier.String())), name); page && w.Code != http.StatusOK {
			t.Errorf("an identifier typed wide: %d", w.Code)
		}
		for _, h := range []string{strings.ReplaceAll(name, "𠮷", "吉"), strings.ReplaceAll(name, "·", ""), name[:len(name)-len("店")]} {
			if w := l.ask(number, "", h); !strings.Contains(w.Body.String(), "编号或名称不符") || strings.Contains(w.Body.String(), "伪造") {
				t.Errorf("page %v: %q: %d %s", page, h, w.Code, w.Body)
			}
		}
	}
	by := c.as(t, "xg-acceptor")
	for _, typed := range append(numbers[:4:4], names...) {
		found, err := c.Office.Reading.Search(t.Context(), by, office.SearchQuery{Text: typed})
		if err != nil || len(found.Items) != 1 || found.Items[0].Number != number {
			t.Errorf("search %q: %+v %v", typed, found, err)
		}
	}
}
