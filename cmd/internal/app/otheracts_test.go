package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"tongzheng/api/resource"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// TestOthersAct: the city's government revokes a license whose rows are the county's
// registry's alone, while the county has an act of its own on it under way. The county
// learns of it by a task, once, and its own act comes to an end. Neither registry takes
// on what the other's signer would have to sign.
func TestOthersAct(t *testing.T) {
	t.Parallel()
	x := exchangingMembers(t)
	id := x.issue(t, 41)
	x.anchored(t, id)
	stalled := proposed(t, x.county, "xg-acceptor", registry.Application{Act: registry.Cancel, Identifier: id, Grant: "xg-direct-001", Ground: "applied", Decision: "兴审注〔2026〕41号"})

	// At the county the city's key is out of reach.
	government := organizationOf(t, x.city, "gz-gov-acceptor")
	revoke := registry.Application{Act: registry.Revoke, Identifier: id, Organization: government, Ground: "beyond-power", Decision: "赣府撤〔2026〕41号"}
	guest := registry.Actor{Account: "guest", Organization: government, Roles: []registry.Role{registry.RoleAcceptor}}
	if _, err := x.county.Office.Issuing.Propose(t.Context(), guest, revoke, office.Idempotency{}); registry.CodeOf(err) != registry.CodeActKey {
		t.Errorf("proposed at the county in the city's name: %v", err)
	}
	// At the city the license is on the ledger and nowhere else: the government has no copy.
	if err := x.city.UpToDate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := asked(t, x.city, "gz-gov-acceptor", "/licenses/"+id.String()); got.Code != http.StatusOK {
		t.Fatalf("the license at the city: %d %s", got.Code, got.Body)
	}
	superior, err := x.city.Demo.Account("gz-gov-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	license, err := x.city.Office.Reading.License(t.Context(), superior.Actor(), id)
	if err != nil {
		t.Fatal(err)
	}
	revokes := false
	for _, offer := range license.Offers {
		revokes = revokes || offer.Act == registry.Revoke
		if !offer.Governed {
			t.Errorf("the city is offered the county's own act %s", offer.Act)
		}
	}
	if !revokes {
		t.Errorf("no revocation is offered: %+v", license.Offers)
	}
	own := then(&office.Proceeding{Intent: registry.Intent{Identifier: id, Grant: "xg-direct-001", Organization: organizationOf(t, x.county, "xg-acceptor")}}, registry.Suspend, "applied")
	if _, err := x.city.Office.Issuing.Propose(t.Context(), registry.Actor{Account: "guest", Organization: own.Organization, Roles: guest.Roles}, own, office.Idempotency{}); err == nil {
		t.Error("the county's own act was taken on at the city")
	}
	done := proposed(t, x.city, "gz-gov-acceptor", revoke)
	signIn(t, x.city, done.Digest, "gz-gov-acceptor", "gz-gov-approver")
	eventually(t, "the city's revocation is anchored", func() bool {
		p, err := x.city.Store.Proceeding(t.Context(), done.Digest)
		return err == nil && p.Step == office.StepAnchored
	})

	// The county knows, once, and its own act ends.
	eventually(t, "the county is told", func() bool { return len(tasksOf(t, x.county, "xg-acceptor", office.TaskActed)) == 1 })
	told := tasksOf(t, x.county, "xg-acceptor", office.TaskActed)[0]
	if told.Act != registry.Revoke || told.By != government || told.Identifier != id || told.Decision != revoke.Decision || told.Detail == "" || told.Number == "" {
		t.Errorf("told: %+v", told)
	}
	if got := wordAt(t, x.county, id); got != registry.IsRevoked {
		t.Errorf("at the county the license is %s", got)
	}
	// What the act wants of the paper is found: the row is looked at again.
	marked := func() bool {
		row, err := x.county.Store.Record(t.Context(), id.Base())
		return err == nil && row.Overseen
	}
	if !marked() {
		t.Error("the delivery queue does not look at the license")
	}
	signIn(t, x.county, stalled.Digest, "xg-acceptor", "xg-approver")
	eventually(t, "the county's own act ends", func() bool {
		p, err := x.county.Store.Proceeding(t.Context(), stalled.Digest)
		if err == nil && p.Step == office.StepRefused && len(tasksOf(t, x.county, "xg-acceptor", "refused")) == 0 {
			t.Error("refused without a task")
		}
		return err == nil && p.Step.Done()
	})
	execute(t, ownerOf(t, x.county), `UPDATE license SET overseen = false`)
	for _, gaps := range []int{1, 0} {
		if r, err := x.county.Office.Reconciling.Reconcile(t.Context(), registry.Operator("test"), true); err != nil || len(r.Gaps) != gaps {
			t.Errorf("a row that misses what governance says: %+v %v", r, err)
		}
	}
	if !marked() {
		t.Error("not mended")
	}
	// A registry that begins again at the first block tells nothing twice.
	execute(t, ownerOf(t, x.county), `UPDATE other_act_seen SET height = 0`)
	again := &recordedOthers{OtherActStore: x.county.Store.OtherActs, kept: make(chan struct{}, 1000)}
	ports := x.county.Ports
	ports.OtherActs = again
	restarted, err := office.New(ports, x.county.Told)
	if err != nil {
		t.Fatal(err)
	}
	go restarted.Noticing.Work(t.Context())
	<-again.kept
	if n := len(tasksOf(t, x.county, "xg-acceptor", office.TaskActed)); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// wordAt is what a registry's own page says of a license.
func wordAt(t *testing.T, n *citytest.Neighbor, id registry.Identifier) registry.Word {
	t.Helper()
	account, err := n.Demo.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	view, err := n.Office.Reading.License(t.Context(), account.Actor(), id)
	if err != nil {
		t.Fatal(err)
	}
	return view.Verdict.Word
}

// recordedOthers tells when something was kept.
type recordedOthers struct {
	office.OtherActStore
	kept chan struct{}
}

// KeepOthers implements office.OtherActStore.
func (r *recordedOthers) KeepOthers(ctx context.Context, acts []office.OtherAct, height uint64) error {
	err := r.OtherActStore.KeepOthers(ctx, acts, height)
	r.kept <- struct{}{}
	return err
}

// anchored waits until both registries see a license on the ledger.
func (x *exchanging) anchored(t *testing.T, id registry.Identifier) {
	t.Helper()
	for _, n := range []*citytest.Neighbor{x.county, x.city} {
		eventually(t, "a license is seen at "+n.Member, func() bool {
			standing, err := n.View.Standing(id.Base())
			return err == nil && standing.License != nil
		})
	}
	eventually(t, "its act is over", func() bool {
		row, err := x.county.Store.Record(t.Context(), id.Base())
		return err == nil && row.InFlight == nil
	})
}

// proposed has an account propose an act for its own organization.
func proposed(t *testing.T, n *citytest.Neighbor, login string, app registry.Application) *office.Proceeding {
	t.Helper()
	account, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	app.Organization = account.Code
	p, err := n.Office.Issuing.Propose(t.Context(), account.Actor(), app, office.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signIn has people sign an act with their key files.
func signIn(t *testing.T, n *citytest.Neighbor, intent sm.Digest, logins ...string) {
	t.Helper()
	for _, login := range logins {
		account, err := n.Demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		key, err := person.Key(filepath.Join(n.Config.Data, account.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		approval, err := person.Approve(key, intent)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Office.Issuing.Approve(t.Context(), account.Actor(), intent, approval); err != nil {
			t.Fatal(err)
		}
	}
}

// tasksOf lists an account's tasks of a kind, over the API.
func tasksOf(t *testing.T, n *citytest.Neighbor, login, kind string) (tasks []resource.Task) {
	t.Helper()
	got := asked(t, n, login, "/tasks")
	var list resource.TaskList
	if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil || got.Code != http.StatusOK {
		t.Fatalf("tasks: %d %s %v", got.Code, got.Body, err)
	}
	for _, task := range list.Items {
		if task.Kind == kind {
			tasks = append(tasks, task)
		}
	}
	return tasks
}
