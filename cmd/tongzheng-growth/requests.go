package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// who is somebody of one of the plan's organizations.
func (w *world) who(id string, roles ...registry.Role) registry.Actor {
	return registry.Actor{Account: "growth-" + id, Organization: w.code(id), Roles: roles, Face: "console"}
}

// requests are what is measured, over the city as it stands.
func (w *world) requests(ctx context.Context) ([]request, error) {
	clerk := w.who("xg-approval", registry.RoleAcceptor)
	next, err := w.cursorAfter(ctx, clerk, 3)
	if err != nil {
		return nil, err
	}
	list := w.lookups(clerk, next)
	list = append(list, w.searches(clerk)...)
	list = append(list, w.others(clerk)...)
	return append(list, w.changes()...), nil
}

func (w *world) search(by registry.Actor, ask func(i int) office.SearchQuery, least int) func(context.Context, int) error {
	return func(ctx context.Context, i int) error {
		q := ask(i)
		page, err := w.app.Office.Reading.Search(ctx, by, q)
		if err == nil && len(page.Items) < least && w.count >= 1000 {
			err = fmt.Errorf("%d items for %+v, want %d", len(page.Items), q, least)
		}
		return err
	}
}

func fixed(q office.SearchQuery) func(int) office.SearchQuery {
	return func(int) office.SearchQuery { return q }
}

func (w *world) cursorAfter(ctx context.Context, by registry.Actor, pages int) (cursor string, err error) {
	for range pages {
		page, err := w.app.Office.Reading.Search(ctx, by, office.SearchQuery{Cursor: cursor})
		if err != nil || page.Next == "" {
			return cursor, err
		}
		cursor = page.Next
	}
	return cursor, nil
}

// prime spreads what is picked over all that there is.
const prime = 7919

// pick is one of the licenses of an organization, as far as they go another each time.
func (w *world) pick(organization string) func(i int) filled {
	var own []filled
	for _, f := range w.filled {
		if organization == "" || f.id.Issuer == organization {
			own = append(own, f)
		}
	}
	if len(own) == 0 {
		own = w.filled
	}
	return func(i int) filled { return own[(i*prime)%len(own)] }
}

func (w *world) searches(clerk registry.Actor) []request {
	own := w.pick(clerk.Organization)
	regulator, superior, street := w.who("xg-market", registry.RoleRegulator), w.who("gz-gov", registry.RoleRegulator), w.who("xg-east", registry.RoleAcceptor)
	by := func(text func(filled) string) func(int) office.SearchQuery {
		return func(i int) office.SearchQuery { return office.SearchQuery{Text: text(own(i))} }
	}
	return []request{
		{name: "search holder, whole name", do: w.search(clerk, by(func(f filled) string { return f.holder.Name }), 1)},
		{name: "search holder, common beginning", do: w.search(clerk, fixed(office.SearchQuery{Text: "赣州"}), 20)},
		{name: "search holder, common beginning, few own", do: w.search(street, fixed(office.SearchQuery{Text: "赣州"}), 1)},
		{name: "search holder, nobody's", do: w.search(clerk, fixed(office.SearchQuery{Text: "没有此人"}), 0)},
		{name: "search number", do: w.search(clerk, by(func(f filled) string { return f.number }), 1)},
		{name: "search identifier", do: w.search(clerk, by(func(f filled) string { return f.id.String() }), 1)},
		{name: "search of a regulator", do: w.search(regulator, by(func(f filled) string { return f.holder.Name }), 0)},
		{name: "search of a superior", do: w.search(superior, by(func(f filled) string { return f.id.String() }), 1)},
		{name: "list of a regulator", do: w.search(regulator, fixed(office.SearchQuery{}), 1)},
		{name: "list of a superior", do: w.search(superior, fixed(office.SearchQuery{}), 20)},
		{name: "list of a superior, by relation", do: w.search(superior, fixed(office.SearchQuery{Relation: registry.IsSuperior}), 20)},
		{name: "list of who has nothing", do: w.search(w.who("gz-tobacco", registry.RoleRegulator), fixed(office.SearchQuery{}), 0)},
		{name: "list of few, issued long ago", do: w.search(street, fixed(office.SearchQuery{}), 10)},
	}
}

func (w *world) lookups(clerk registry.Actor, next string) []request {
	any := w.pick(clerk.Organization)
	read := w.app.Office.Reading
	return []request{
		{name: "list, first page", do: w.search(clerk, fixed(office.SearchQuery{}), 20)},
		{name: "list, fourth page", do: w.search(clerk, fixed(office.SearchQuery{Cursor: next}), 20)},
		{name: "list of what waits", do: w.search(clerk, fixed(office.SearchQuery{Step: office.StepReserved}), 1)},
		{name: "list of refused", do: w.search(clerk, fixed(office.SearchQuery{Step: office.StepRefused}), 0)},
		{name: "license page", do: func(ctx context.Context, i int) error {
			_, err := read.License(ctx, clerk, any(i).id)
			return err
		}},
		{name: "proceeding page", do: func(ctx context.Context, i int) error {
			_, err := read.Proceeding(ctx, clerk, any(i).intent)
			return err
		}},
		{name: "scan by token", do: w.scan},
		{name: "check by number and holder", do: func(ctx context.Context, i int) error {
			f := any(i)
			_, err := w.app.Office.Scan.Verify(ctx, registry.Actor{}, office.Asked{Number: f.number, Holder: f.holder.Name})
			return err
		}},
		{name: "tasks", do: func(ctx context.Context, _ int) error {
			tasks, err := read.Tasks(ctx, clerk)
			if err == nil && len(tasks) == 0 {
				err = fmt.Errorf("nothing waits")
			}
			return err
		}},
		{name: "deliveries", do: w.deliveries(clerk)},
		{name: "deliveries of few", do: w.deliveries(w.who("xg-east", registry.RoleAcceptor))},
		{name: "deliveries of nobody", do: w.deliveries(w.who("gz-tobacco", registry.RoleAcceptor))},
	}
}

func (w *world) deliveries(by registry.Actor) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		_, err := w.app.Office.Reading.Deliveries(ctx, by, office.DeliveryQuery{})
		return err
	}
}

// scan opens the page behind a real license's code.
func (w *world) scan(_ context.Context, i int) error {
	u, err := url.Parse(w.city.Licenses[i%len(w.city.Licenses)].URL)
	if err != nil {
		return err
	}
	answer := httptest.NewRecorder()
	w.app.Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, u.Path, nil))
	if answer.Code != http.StatusOK {
		return fmt.Errorf("answer %d", answer.Code)
	}
	return nil
}

func (w *world) others(clerk registry.Actor) []request {
	any := w.pick("")
	return []request{
		{name: "statistics", do: func(ctx context.Context, _ int) error {
			_, err := w.app.Office.Reading.Statistics(ctx, clerk)
			return err
		}},
		{name: "statistics of a superior", do: func(ctx context.Context, _ int) error {
			_, err := w.app.Office.Reading.Statistics(ctx, w.who("gz-gov", registry.RoleRegulator))
			return err
		}},
		{name: "audit trail, newest", do: func(ctx context.Context, _ int) error {
			_, _, err := w.app.Store.AuditTrail(ctx, "", 0, 50)
			return err
		}},
		{name: "audit trail of an act", do: func(ctx context.Context, i int) error {
			found, _, err := w.app.Store.AuditTrail(ctx, any(i).intent.String(), 0, 50)
			if err == nil && len(found) == 0 {
				err = fmt.Errorf("no line of %s", any(i).intent)
			}
			return err
		}},
		{name: "audit trail, one line more", do: func(ctx context.Context, i int) error {
			return w.app.Office.Auditing.Note(ctx, clerk, "growth", any(i).id.String(), "")
		}},
		{name: "work to lease", do: func(ctx context.Context, _ int) error {
			_, err := w.app.Store.Lease(ctx, []office.Step{office.StepApproved}, 50, w.app.Config.Clock())
			return err
		}},
		{name: "audit trail, second page", do: func(ctx context.Context, _ int) error {
			_, next, err := w.app.Store.AuditTrail(ctx, "", 0, 50)
			if err == nil {
				_, _, err = w.app.Store.AuditTrail(ctx, "", next, 50)
			}
			return err
		}},
		{name: "cases", do: func(ctx context.Context, _ int) error {
			list, err := w.app.Office.Cases.List(ctx, clerk, 50)
			if err == nil && len(list) < 50 && w.count > 10_000 {
				err = fmt.Errorf("%d cases", len(list))
			}
			return err
		}},
		{name: "order sheets", do: func(ctx context.Context, _ int) error {
			list, err := w.app.Office.Governing.Sheets(ctx, registry.Operator("growth"), 50)
			if err == nil && len(list) < 50 && w.count > 10_000 {
				err = fmt.Errorf("%d order sheets", len(list))
			}
			return err
		}},
		{name: "stock report", do: func(ctx context.Context, _ int) error {
			lines, err := w.app.Office.Stocks.Report(ctx, registry.Operator("growth"), clerk.Organization)
			if err == nil && w.count >= 1000 && !slices.ContainsFunc(lines, func(l office.StockLine) bool {
				return strings.HasPrefix(l.Run, growthRun) && l.Good > 0 && l.Balanced()
			}) {
				err = fmt.Errorf("no blank of %+v is used", lines)
			}
			return err
		}},
	}
}

// changes are an act from the first commit to the last, publishing after it, and the
// start of a process.
func (w *world) changes() []request {
	one := func(ctx context.Context) error {
		t := w.templates[0]
		a := w.license(t, 95_000_000+int(w.acts.Load()), w.place(t.issuer.Code))
		return w.bring(ctx, []*act{a})
	}
	return []request{
		{name: "an act, stores, ledger and view", do: func(ctx context.Context, _ int) error { return one(ctx) }},
		{name: "publishing, nothing new", do: func(ctx context.Context, _ int) error { return w.app.Office.Publishing.Publish(ctx) }},
		{name: "an act, and publishing after it", do: func(ctx context.Context, _ int) error {
			if err := one(ctx); err != nil {
				return err
			}
			return w.app.Office.Publishing.Publish(ctx)
		}},
		{name: "start", once: true, do: w.restart},
	}
}

// restart closes the program and opens it again, with all but the keys' warm files.
func (w *world) restart(ctx context.Context, _ int) (err error) {
	if err := w.app.Close(); err != nil {
		return err
	}
	w.app, err = app.Compose(ctx, w.config)
	return err
}
