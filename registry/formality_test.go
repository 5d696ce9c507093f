package registry_test

import (
	"testing"

	"tongzheng/registry"
)

func (s *story) wants(want registry.Word) {
	s.Helper()
	if got := s.word(); got != want {
		s.Fatalf("on %s: %s, want %s", s.today(), got, want)
	}
}

// A superior penalizes, the issuer cancels as the formality; the penalty is
// stayed, then annulled: the cancellation follows it across the two chains, on
// every day.
func TestCancellationFollowsTheSuperiorsAct(t *testing.T) {
	s := newStory(t)
	s.days(10)
	penalized := s.today()
	s.governs(s.OversightIntent(s.City.County, registry.Penalize))
	s.days(10)
	cancelled := s.today()
	s.do(s.Intent(registry.Cancel), registry.Timely, "")
	s.wants(registry.IsCancelled)
	if f := s.State.Formalities; len(f) != 1 || f[0] != (registry.Formality{Sequence: 2, After: 1}) {
		t.Fatalf("%+v", f)
	}
	s.days(10)
	stayed := s.today()
	s.governs(s.OversightIntent(s.City.County, registry.Stay))
	s.wants(registry.Valid)
	s.days(10)
	ends := s.OversightIntent(s.City.County, registry.Stay)
	ends.Ruling.Ends = true
	over := s.today()
	s.governs(ends)
	s.wants(registry.IsCancelled)
	s.on(cancelled, registry.Cancelled, registry.Cancelled)
	s.on(stayed, registry.Effective, registry.Effective)
	s.on(over, registry.Cancelled, registry.Cancelled)
	s.days(10)
	annuls := s.OversightIntent(s.City.County, registry.Reinstate)
	annuls.Ruling.From = penalized
	s.governs(annuls)
	s.wants(registry.Valid)
	s.on(cancelled, registry.Effective, registry.Cancelled)
	s.on(s.today(), registry.Effective, registry.Effective)
	s.do(s.Intent(registry.Change), registry.Timely, "") // worked on as before
	if len(s.State.Causes)+len(s.State.Formalities) != 0 {
		t.Errorf("%+v", s.State)
	}
}

// A cancellation on its own ground, before the superior's act, stays; one that a
// successor of another member enters after the issuer's penalty goes with that.
func TestCancellationOfTheOtherChain(t *testing.T) {
	s := newStory(t)
	s.do(s.Intent(registry.Cancel), registry.Timely, "")
	s.governs(s.OversightIntent(s.City.County, registry.Revoke))
	s.governs(s.OversightIntent(s.City.County, registry.Reinstate))
	s.wants(registry.IsCancelled)

	s = newStory(t)
	s.do(s.Intent(registry.Penalize), registry.Timely, "")
	s.governs(s.GovernedIntent(s.City.Yudu, "g-successor", registry.Cancel))
	s.wants(registry.IsCancelled)
	if f := s.Oversight.Formalities; len(f) != 1 || f[0] != (registry.Formality{Sequence: 1, After: 2}) {
		t.Fatalf("%+v", f)
	}
	s.do(s.Intent(registry.Stay), registry.Timely, "")
	s.wants(registry.Valid)
	ends := s.Intent(registry.Stay)
	ends.Ruling.Ends = true
	s.do(ends, registry.Timely, "")
	s.wants(registry.IsCancelled)
	s.do(s.Intent(registry.Reinstate), registry.Timely, "")
	s.wants(registry.Valid)
	s.on(s.today(), registry.Effective, registry.Effective)
}

// Suspended and returned a hundred times, a license keeps nothing of it.
func TestSuspensionsLeaveNothing(t *testing.T) {
	s := newStory(t)
	for range 100 {
		s.do(s.Intent(registry.Suspend), registry.Timely, "")
		s.do(s.Intent(registry.Return), registry.Timely, "")
		s.governs(s.OversightIntent(s.City.County, registry.Suspend))
		s.governs(s.OversightIntent(s.City.County, registry.Return))
	}
	if len(s.State.Causes)+len(s.Oversight.Causes) != 0 {
		t.Errorf("%d and %d causes", len(s.State.Causes), len(s.Oversight.Causes))
	}
}
