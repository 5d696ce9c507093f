package console

import (
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry"
)

// door is the way in and out, and the account's own page.
type door struct {
	frame
	door     *signin.Door
	sessions *signin.Sessions
	keys     *signin.Passkeys
}

// signedIn lets only signed-in browsers pass; others are led to the sign-in. A
// session that has been in use for an hour gets a new token when a page is
// opened.
func (d *door) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := d.sessions.Current(r)
		if registry.CodeOf(err) == registry.CodeUnauthenticated {
			if r.Method == http.MethodGet {
				http.Redirect(w, r, d.base+"/console/sign-in", http.StatusSeeOther)
				return
			}
			httpx.Fail(w, r, err)
			return
		}
		if err != nil {
			d.pages.Fail(w, r, err)
			return
		}
		if r.Method == http.MethodGet {
			d.sessions.Renew(w, r, session)
		}
		session.Account.Face = signin.FaceConsole
		next.ServeHTTP(w, signin.SignedIn(r, &session.Account))
	})
}

func (d *door) home(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, d.base+"/console/licenses", http.StatusSeeOther)
}

func (d *door) page(w http.ResponseWriter, r *http.Request) { d.ask(w, r, http.StatusOK, web.SignIn{}) }

func (d *door) ask(w http.ResponseWriter, r *http.Request, status int, page web.SignIn) {
	d.pages.Show(w, r, status, "console-sign-in", web.Frame{Title: "登录", TitleEnglish: "Sign in", Data: page})
}

func (d *door) form(w http.ResponseWriter, r *http.Request) {
	values, err := httpx.Values(w, r)
	if err == nil {
		err = d.door.SignIn(w, r, values.Get("login"), values.Get("password"))
	}
	if err == nil {
		d.home(w, r)
		return
	}
	p := httpx.Report(w, r, err)
	w.Header().Del("WWW-Authenticate") // no browser dialog
	d.ask(w, r, p.Status, web.SignIn{Problem: web.ProblemOf(p)})
}

func (d *door) signOut(w http.ResponseWriter, r *http.Request) {
	if err := d.door.SignOut(w, r); err != nil {
		d.fail(w, r, err)
		return
	}
	http.Redirect(w, r, d.base+"/console/sign-in", http.StatusSeeOther)
}

func (d *door) account(w http.ResponseWriter, r *http.Request) {
	account := signin.AccountOf(r)
	keys, err := d.keys.Of(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	data := web.Account{Roles: account.Roles, MayEnroll: d.signs && d.keys.Offered() && account.Person != ""}
	for _, k := range keys {
		data.Keys = append(data.Keys, web.AccountKey{ID: k.KeyID, Created: k.Created, Enrolled: d.names.For(r).Enrolled(k.KeyID)})
	}
	d.show(w, r, http.StatusOK, "console-account", "account", web.Pair{Chinese: "账号", English: "Account"}, data)
}
