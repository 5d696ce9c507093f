package postgres_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/postgres"
	"tongzheng/registry/sm"
)

const password = "correct horse 电池"

func (w *world) account(login string) postgres.Account {
	a := postgres.Account{Login: login, Organization: bureau, Name: "李受理", Person: "p-" + login, Roles: []registry.Role{registry.RoleAcceptor, registry.RolePrinter}}
	w.must(w.Store.Accounts.CreateAccount(ctx(), a, password))
	return a
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("li.acceptor")
	a, err := w.Store.Accounts.Authenticate(ctx(), " Li.Acceptor", password)
	w.must(err)
	if a.Name != "李受理" || len(a.Roles) != 2 || a.Actor().Organization != bureau || a.Person != "p-li.acceptor" {
		t.Fatalf("%+v", a)
	}
	for _, try := range [][2]string{{"li.acceptor", "wrong password"}, {"li.acceptor", ""}, {"nobody", password}, {"nobody", "nobody's password"},
		{"x\x00", password}, {"li.acceptor", strings.Repeat("x", 1<<20)}} {
		_, err := w.Store.Accounts.Authenticate(ctx(), try[0], try[1])
		w.wantCode(err, registry.CodeUnauthenticated)
	}
	w.wantCode(w.Store.Accounts.CreateAccount(ctx(), postgres.Account{Login: "LI.acceptor", Organization: bureau}, password), registry.CodeStale)
	w.wantCode(w.Store.Accounts.CreateAccount(ctx(), postgres.Account{Login: "a b", Organization: bureau}, password), registry.CodeMalformed)
	w.wantCode(w.Store.Accounts.CreateAccount(ctx(), postgres.Account{Login: "b", Organization: bureau, Roles: []registry.Role{"king"}}, password), registry.CodeMalformed)
	w.wantCode(w.Store.Accounts.CreateAccount(ctx(), postgres.Account{Login: "c", Organization: bureau}, "short"), registry.CodeMalformed)

	w.must(w.Store.Accounts.CreateAccount(ctx(), postgres.Account{Login: "machine", Organization: bureau}, ""))
	for _, try := range []string{"", "nobody's password"} {
		_, err := w.Store.Accounts.Authenticate(ctx(), "machine", try)
		w.wantCode(err, registry.CodeUnauthenticated)
	}
	w.must(w.Store.Accounts.SetPassword(ctx(), "li.acceptor", "another password"))
	_, err = w.Store.Accounts.Authenticate(ctx(), "li.acceptor", password)
	w.wantCode(err, registry.CodeUnauthenticated)
	w.must(w.Store.Accounts.DisableAccount(ctx(), "li.acceptor", true))
	_, err = w.Store.Accounts.Authenticate(ctx(), "li.acceptor", "another password")
	w.wantCode(err, registry.CodeUnauthenticated)
	w.wantCode(w.Store.Accounts.DisableAccount(ctx(), "nobody", true), registry.CodeNotFound)
	if list, err := w.Store.Accounts.List(ctx(), bureau); err != nil || len(list) != 2 || !list[0].Disabled {
		t.Fatalf("%+v %v", list, err)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("li")
	open := func() string {
		token, err := w.Store.Accounts.CreateSession(ctx(), "li", w.now().Add(time.Hour))
		w.must(err)
		return token
	}
	token, other := open(), open()
	s, err := w.Store.Accounts.Session(ctx(), token)
	w.must(err)
	if s.Account.Login != "li" || len(s.Account.Roles) != 2 || token == other {
		t.Fatalf("%+v", s)
	}
	w.must(w.Store.Accounts.DeleteSession(ctx(), token))
	w.must(w.Store.Accounts.DeleteSession(ctx(), token))
	_, err = w.Store.Accounts.Session(ctx(), token)
	w.wantCode(err, registry.CodeUnauthenticated)
	w.wait(time.Hour)
	_, err = w.Store.Accounts.Session(ctx(), other)
	w.wantCode(err, registry.CodeUnauthenticated)
	if n, err := w.Store.Accounts.DeleteExpiredSessions(ctx()); err != nil || n != 1 {
		t.Fatalf("%d %v", n, err)
	}
	token = open()
	w.must(w.Store.Accounts.SetRoles(ctx(), "li", []registry.Role{registry.RoleApprover}))
	_, err = w.Store.Accounts.Session(ctx(), token) // other rights: sign in again
	w.wantCode(err, registry.CodeUnauthenticated)
	_, err = w.Store.Accounts.CreateSession(ctx(), "nobody", w.now().Add(time.Hour))
	w.wantCode(err, registry.CodeNotFound)
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("window")
	make1 := func(k postgres.APIKey) (string, error) {
		k.Account, k.Name = "window", "one-window system"
		if k.Organization == "" {
			k.Organization = bureau
		}
		return w.Store.Accounts.CreateAPIKey(ctx(), k)
	}
	text, err := make1(postgres.APIKey{Roles: a.Roles[:1]})
	w.must(err)
	k, err := w.Store.Accounts.AuthenticateKey(ctx(), text)
	w.must(err)
	if k.Account != "window" || k.Actor().Organization != bureau || len(k.Roles) != 1 || !strings.HasPrefix(text, "tz_"+k.Prefix+"_") {
		t.Fatalf("%+v", k)
	}
	last := byte('a')
	if text[len(text)-2] == last {
		last = 'b'
	}
	for _, bad := range []string{"", "tz__", "tz_" + k.Prefix + "_", text[:len(text)-2] + string(last) + text[len(text)-1:], "tz_aaaaaaaa_" + strings.Repeat("a", 52), "tz_\x00_x", text + "_"} {
		_, err := w.Store.Accounts.AuthenticateKey(ctx(), bad)
		w.wantCode(err, registry.CodeUnauthenticated)
	}
	for _, tooMuch := range []postgres.APIKey{{Admin: true}, {Organization: city}, {Roles: []registry.Role{registry.RoleApprover}}} {
		_, err := make1(tooMuch)
		w.wantCode(err, registry.CodeForbidden)
	}
	short, err := make1(postgres.APIKey{Expires: w.now().Add(time.Minute)})
	w.must(err)
	_, err = w.Store.Accounts.AuthenticateKey(ctx(), short)
	w.must(err)
	w.wait(time.Minute)
	_, err = w.Store.Accounts.AuthenticateKey(ctx(), short)
	w.wantCode(err, registry.CodeUnauthenticated)
	if list, err := w.Store.Accounts.APIKeys(ctx(), "window"); err != nil || len(list) != 2 {
		t.Fatalf("%v %v", list, err)
	}
	w.must(w.Store.Accounts.DisableAccount(ctx(), "window", true))
	_, err = w.Store.Accounts.AuthenticateKey(ctx(), text)
	w.wantCode(err, registry.CodeUnauthenticated)
	w.must(w.Store.Accounts.DisableAccount(ctx(), "window", false))
	w.must(w.Store.Accounts.RevokeAPIKey(ctx(), k.Prefix))
	_, err = w.Store.Accounts.AuthenticateKey(ctx(), text)
	w.wantCode(err, registry.CodeUnauthenticated)
	w.wantCode(w.Store.Accounts.RevokeAPIKey(ctx(), "none"), registry.CodeNotFound)
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("li")
	c := postgres.Credential{ID: []byte{1, 2, 3}, Account: "li", KeyID: sm.KeyIDOf([]byte("spki")), Public: []byte("spki"), Data: json.RawMessage(`{"counter": 1}`), Name: "手机"}
	w.must(w.Store.Accounts.AddCredential(ctx(), c))
	w.wantCode(w.Store.Accounts.AddCredential(ctx(), c), registry.CodeStale)
	c.ID, c.Account = []byte{4}, "nobody"
	w.wantCode(w.Store.Accounts.AddCredential(ctx(), c), registry.CodeStale) // the same key under another id
	c.KeyID = "other"
	w.wantCode(w.Store.Accounts.AddCredential(ctx(), c), registry.CodeNotFound)
	w.must(w.Store.Accounts.UpdateCredential(ctx(), []byte{1, 2, 3}, json.RawMessage(`{"counter": 2}`)))
	w.wantCode(w.Store.Accounts.UpdateCredential(ctx(), []byte{9}, json.RawMessage(`{}`)), registry.CodeNotFound)
	list, err := w.Store.Accounts.Credentials(ctx(), "LI")
	w.must(err)
	if len(list) != 1 || string(list[0].Data) != `{"counter": 2}` || list[0].Used.IsZero() || list[0].Name != "手机" {
		t.Fatalf("%+v", list)
	}
	one, err := w.Store.Accounts.Credential(ctx(), []byte{1, 2, 3})
	w.must(err)
	if one.KeyID != list[0].KeyID || one.Account != "li" {
		t.Fatalf("%+v", one)
	}
	w.wantCode(w.Store.Accounts.DeleteCredential(ctx(), "other", []byte{1, 2, 3}), registry.CodeNotFound)
	w.must(w.Store.Accounts.DeleteCredential(ctx(), "li", []byte{1, 2, 3}))
	_, err = w.Store.Accounts.Credential(ctx(), nil)
	w.wantCode(err, registry.CodeNotFound)
}
