package api

import (
	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/signin"
)

// unit is the JSON API for approval units.
type unit struct {
	config  Config
	base    string // path that the site is mounted at
	trail   signin.Trail
	uploads *httpx.Budget
	names   desk.Names
}

// routes adds the routes of openapi.yaml that need an account.
func (u *unit) routes(r chi.Router) {
	office := u.config.Office
	all := desk.Licenses{Office: office}
	p := &proceedings{office: office, desk: desk.Proceedings{Office: office, Names: u.names}, base: u.base, trail: u.trail}
	l := &licenses{office: office, desk: all}
	a := &applications{office: office, trail: u.trail, proceedings: p}
	c := &catalog{desk: desk.Catalog{Office: office}, licenses: all}
	r.With(u.uploads.Limit).Post("/collected", a.collect)
	r.Group(func(r chi.Router) {
		r.Use(httpx.LimitBody(httpx.MaxBody))
		r.Get("/licenses", l.search)
		r.Post("/licenses", a.issue)
		r.Get("/licenses/{identifier}", l.license)
		r.Post("/licenses/{identifier}/acts", a.act)
		r.Get("/licenses/{identifier}/document", l.document)
		r.Get("/licenses/{identifier}/bundle", l.bundle)
		r.Get("/licenses/{identifier}/powers", l.powers)
		r.Post("/licenses/{identifier}/disclosure", l.disclose)
		r.Get("/licenses/{identifier}/printings/{number}/paper", l.paper)
		r.Get("/proceedings/{intent}", p.show)
		r.Delete("/proceedings/{intent}", p.drop)
		r.Post("/proceedings/{intent}/approvals", p.approve)
		r.Post("/proceedings/{intent}/release", p.release)
		r.Get("/deliveries", l.deliveries)
		r.Get("/tasks", c.tasks)
		if office.Cases != nil {
			u.caseRoutes(r)
		}
		if office.Governing.Keeps() {
			u.orderRoutes(r)
		}
		u.reviewRoutes(r)
		b := &library{desk.Library{Office: office}}
		r.Get("/library", b.account)
		r.Get("/library/licenses", b.search)
		r.Get("/types", c.types)
		r.Get("/types/{code}", c.licenseType)
	})
}

func (u *unit) caseRoutes(r chi.Router) {
	c := &cases{desk: desk.Cases{Office: u.config.Office, Trail: u.trail}, names: u.names, trail: u.trail}
	r.Get("/cases", c.file)
	r.Get("/cases/receipt", c.receipt)
	r.Post("/cases/statements", c.statement)
	r.Post("/cases/steps", c.record)
}

func (u *unit) reviewRoutes(r chi.Router) {
	v := &reviews{desk: desk.Reviews{Office: u.config.Office, Trail: u.trail}, trail: u.trail, base: u.base}
	r.Get("/statistics", v.statistics)
	if u.config.Office.Reviews == nil {
		return
	}
	r.Get("/review-files", v.list)
	r.Post("/review-files", v.open)
	r.Get("/review-files/{number}", v.show)
	r.Post("/review-files/{number}/close", v.close)
}

func (u *unit) orderRoutes(r chi.Router) {
	o := &orders{desk: desk.Orders{Office: u.config.Office, Trail: u.trail}, names: u.names, trail: u.trail, base: u.base}
	r.Get("/orders", o.list)
	r.Post("/orders", o.draft)
	r.Get("/orders/{sheet}", o.show)
	r.Delete("/orders/{sheet}", o.drop)
	r.Post("/orders/{sheet}/approvals", o.approve)
	r.Get("/records", o.records)
}
