package postgres_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/cluster"
	"tongzheng/registry/postgres/pgtest"
)

const regulator = "11360700MB0000000X"

// governed is an organization's act on the license through governance.
func (w *world) governed(e *registry.Entry, organization, decision string) office.Reservation {
	return w.reservation(registry.Intent{Act: registry.Suspend, Identifier: e.Intent.Identifier, Sequence: 1, TypeVersion: 1, Grant: "g1", Organization: organization,
		Ground: "because", Decision: decision, Decided: w.now().Unix(), Origin: &registry.Origin{Matter: matter, Place: "360732", Member: "xingguo"}}, nil)
}

// TestGovernedStandsApart: an act through governance is a chain of its own: what
// the issuer proposed does not stand in its way, nor what another organization
// proposed there; and a license's row says nothing of it.
func TestGovernedStandsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := w.issue(1)
	w.must(w.Reserve(ctx(), issue))
	e, _ := w.anchor(issue, nil)
	measure := w.governed(e, regulator, "暂1")
	w.must(w.Reserve(ctx(), measure))
	record, err := w.Record(ctx(), e.Intent.Identifier.Base())
	w.must(err)
	if record.InFlight != nil {
		t.Fatalf("in flight: %+v", record.InFlight)
	}
	w.must(w.Reserve(ctx(), w.next(registry.Cancel, e)))
	if err := w.sql(`UPDATE proceeding SET held = NULL WHERE act = 'cancel'`); err == nil {
		t.Error("an act in the license's own namespace holds no license")
	}
	w.wantCode(w.Reserve(ctx(), w.next(registry.Change, e)), registry.CodeActInProgress)
	w.must(w.Reserve(ctx(), w.governed(e, city, "暂2")))
	w.wantCode(w.Reserve(ctx(), w.governed(e, regulator, "暂3")), registry.CodeActInProgress)
	w.must(w.Drop(ctx(), measure.Proceeding.Digest, clerk))
	w.must(w.Reserve(ctx(), w.governed(e, regulator, "暂3")))

	waiting, err := w.Waiting(ctx(), []string{regulator})
	w.must(err)
	if len(waiting) != 1 || waiting[0].Act != registry.Suspend || waiting[0].Grant != "g1" {
		t.Fatalf("waiting: %+v", waiting)
	}
}

// TestGovernedOfBefore: what was on its way through governance before the
// migration is told apart by what people signed.
func TestGovernedOfBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := w.issue(1)
	w.must(w.Reserve(ctx(), issue))
	e, _ := w.anchor(issue, nil)
	w.must(w.Reserve(ctx(), w.governed(e, regulator, "暂1")))
	w.must(postgres.MigrateDown(ctx(), w.db.OwnerURL, 14))
	w.must(postgres.Migrate(ctx(), w.db.OwnerURL, cluster.AppRole))
	w.Store = pgtest.Open(t, w.db, w.now)
	w.must(w.Reserve(ctx(), w.next(registry.Cancel, e)))
	w.wantCode(w.Reserve(ctx(), w.governed(e, regulator, "暂3")), registry.CodeActInProgress)
}
