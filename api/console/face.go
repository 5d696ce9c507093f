package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Config is what the console works with.
type Config struct {
	Office   *office.Office
	Door     *signin.Door
	Sessions *signin.Sessions
	Passkeys *signin.Passkeys
	Trail    signin.Trail
	Pages    *web.Pages
	Base     string  // path that the site is mounted at
	Cases    bool    // case files are kept here
	Orders   bool    // order sheets are signed here
	Signing  Signing // the signer's page; nil: people sign with key files alone
	Reviews  bool    // review files are kept here
	Library  bool    // other members' licenses are copied here
}

// Face is the console.
type Face struct {
	config Config
	frame  frame
}

// New makes the console.
func New(config Config) *Face {
	return &Face{config, frame{pages: config.Pages, names: desk.Names{Office: config.Office}, passkeys: config.Passkeys, trail: config.Trail, base: config.Base, reviews: config.Reviews, library: config.Library, signs: config.Signing != nil}}
}

// Routes adds the pages below /console. All but the sign-in need a session.
func (f *Face) Routes(r chi.Router) {
	door := &door{f.frame, f.config.Door, f.config.Sessions, f.config.Passkeys}
	r.Use(httpx.LimitBody(httpx.MaxBody))
	r.Get("/", door.home)
	r.Get("/sign-in", door.page)
	r.Post("/sign-in", door.form)
	sign := &signings{f.frame, f.config.Signing, desk.Proceedings{Office: f.config.Office, Names: f.frame.names}, desk.Orders{Office: f.config.Office, Trail: f.config.Trail},
		desk.Cases{Office: f.config.Office, Trail: f.config.Trail}}
	r.Get("/signed", sign.returned)
	r.Group(func(r chi.Router) {
		r.Use(door.signedIn)
		r.Post("/sign-out", door.signOut)
		f.licenseRoutes(r)
		f.proceedingRoutes(r)
		if f.config.Orders {
			o := &orders{f.frame, desk.Orders{Office: f.config.Office, Trail: f.config.Trail}}
			r.Get("/orders", o.list)
			r.Get("/orders/{sheet}", o.page)
			r.Post("/orders/{sheet}/sign", sign.sheet)
			r.Post("/orders/{sheet}/drop", o.drop)
		}
		if f.config.Cases {
			c := &cases{f.frame, desk.Cases{Office: f.config.Office, Trail: f.config.Trail}}
			r.Get("/cases", c.list)
			r.Get("/case", c.page)
			r.Get("/case/receipt", c.receipt)
			r.Post("/case", c.form)
			r.Post("/case/sign", sign.step)
		}
		if f.config.Reviews {
			v := &reviews{f.frame, desk.Reviews{Office: f.config.Office, Trail: f.config.Trail}}
			r.Get("/reviews", v.list)
			r.Post("/reviews", v.open)
			r.Get("/reviews/{number}", v.page)
			r.Post("/reviews/{number}/close", v.close)
		}
		b := &library{f.frame, desk.Library{Office: f.config.Office}}
		r.Get("/library", b.page)
		r.Post("/library", b.page) // names are searched for: they stay out of addresses
		r.Get("/account", door.account)
		r.Post("/passkeys", sign.passkey)
		r.Post("/proceedings/{intent}/sign", sign.act)
		r.Post("/tasks/sign", sign.tasks)
		r.Get("/signed/{ticket}", sign.signed)
	})
}

func (f *Face) licenseRoutes(r chi.Router) {
	catalog, all := desk.Catalog{Office: f.config.Office}, desk.Licenses{Office: f.config.Office}
	l := &licenses{f.frame, f.config.Office, all, catalog}
	a := &applications{f.frame, f.config.Office, all, catalog}
	r.Get("/licenses", l.list)
	r.Post("/licenses/search", l.list) // names are searched for: they stay out of addresses
	r.Get("/licenses/{identifier}", l.page)
	r.Get("/licenses/{identifier}/document.svg", l.document)
	r.Get("/licenses/{identifier}/acts/{act}", a.actPage)
	r.Post("/licenses/{identifier}/acts/{act}", a.actForm)
	r.Get("/new", l.types)
	r.Get("/new/{code}", a.newPage)
	r.Post("/new/{code}", a.newForm)
	r.Get("/tasks", l.tasks)
	r.Get("/deliveries", l.deliveries)
}

func (f *Face) proceedingRoutes(r chi.Router) {
	p := &proceedings{f.frame, f.config.Office, desk.Proceedings{Office: f.config.Office, Names: f.frame.names}}
	r.Get("/proceedings/{intent}", p.page)
	r.Get("/proceedings/{intent}/document.svg", p.document)
	r.Post("/proceedings/{intent}/drop", p.drop)
	r.Post("/proceedings/{intent}/release", p.release)
}

// frame is what every page of the console is drawn with.
type frame struct {
	pages    *web.Pages
	names    desk.Names
	passkeys *signin.Passkeys
	trail    signin.Trail
	base     string
	reviews  bool // review files are kept here
	library  bool // other members' licenses are copied here
	signs    bool // there is a signing page
}

// show draws a page for the signed-in account. here is its entry in the
// navigation.
func (f frame) show(w http.ResponseWriter, r *http.Request, status int, name, here string, title web.Pair, data any) {
	a := signin.AccountOf(r)
	by := a.Actor()
	who := &web.Who{Login: a.Login, Name: a.Name, Organization: f.names.For(r).Organization(a.Organization), Admin: a.Admin, Governs: by.MayGovern() == nil,
		Applies: by.MayPropose(registry.Issue) == nil, Tasks: by.Sees(registry.MaySeeTasks), Delivers: by.Sees(registry.MaySeeTasks) && by.Sees(registry.MaySearchNames), Cases: by.Sees(registry.MaySeeCases),
		Reviews: f.reviews && by.MayReview() == nil, Library: f.library && (by.Admin || by.Sees(registry.MaySearchNames))}
	if who.Name == "" {
		who.Name = a.Login
	}
	f.pages.Show(w, r, status, name, web.Frame{Title: title.Chinese, TitleEnglish: title.English, Account: who, Here: here, Data: data})
}

// fail says an error inside the console.
func (f frame) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := httpx.Report(w, r, err)
	f.show(w, r, p.Status, "console-message", "", web.Pair{Chinese: p.Title, English: p.TitleEnglish}, web.Message{Problem: *web.ProblemOf(p)})
}

// refuse notes a refused write and says the error inside the console.
func (f frame) refuse(w http.ResponseWriter, r *http.Request, operation, subject string, err error) {
	f.trail.Refused(r, operation, subject, err)
	f.fail(w, r, err)
}

// toSign is the way to the signing page; nil when the account has no passkey.
func (f frame) toSign(r *http.Request, post string, hidden ...web.Pair) (*web.Signing, error) {
	keys, err := f.passkeys.Of(r)
	if err != nil || len(keys) == 0 || !f.signs {
		return nil, err
	}
	return &web.Signing{Post: f.base + post, Hidden: hidden}, nil
}

// grant says matter, mode and organization of a grant in words.
func (f frame) grant(r *http.Request, g *registry.Grant) string {
	return f.names.For(r).Matter(g.Matter) + " · " + web.ModeName(g.Mode).Chinese + " · " + f.names.For(r).Organization(g.Decider) + " · " + g.Document
}

func trimmed(values url.Values, name string) string { return strings.TrimSpace(values.Get(name)) }

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
