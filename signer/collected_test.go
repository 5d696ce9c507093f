package signer

import (
	"context"
	"slices"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestServiceCollectedIsNeverResealed: a version that another system made is
// registered with its approvals and gets no seal of ours.
func TestServiceCollectedIsNeverResealed(t *testing.T) {
	s := newStage(t)
	job := s.job()
	job.Intent.Collected, job.Intent.Seal, job.Intent.Printings = &registry.Foreign{System: "部电子证照系统", Seal: sm.Sum([]byte("foreign"))}, "", nil
	job.Intent.Content = registry.CollectedDigest([]byte("the file as it came"))
	job.Version.Unsealed = nil
	job.Intent.Evidence = registry.FactsDigest(job.Version.FieldRoot())
	job.Approvals = s.approve(&job.Intent, s.acceptor, s.approver)
	if _, err := s.service.Seal(context.Background(), job); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("sealed: %v", err)
	}
	one := job
	one.Approvals = job.Approvals[:1]
	if _, err := s.service.Register(context.Background(), one); registry.CodeOf(err) != registry.CodeApprovalMissing {
		t.Errorf("one approval: %v", err)
	}
	entry, err := s.service.Register(context.Background(), job)
	must(t, err)
	if entry.Sealed != 0 || !entry.Seal.IsZero() || entry.Intent.Collected.System != job.Intent.Collected.System {
		t.Errorf("%+v", entry)
	}
	// Its fields were keyed in by two persons: nobody can recompute them from the
	// file. What they keyed in is bound, and the log says how far that goes.
	var uses []string
	_, err = s.service.ReadLog(func(l LogLine) error { uses = append(uses, l.Use); return nil })
	must(t, err)
	if !slices.Equal(uses, []string{UseRegister, UseNotRecomputed}) {
		t.Errorf("%v", uses)
	}
	job.Intent.Identifier.Serial = "2026000002"
	job.Version.Facts.Identifier = job.Intent.Identifier
	job.Intent.Evidence = registry.FactsDigest(job.Version.FieldRoot())
	job.Approvals = s.approve(&job.Intent, s.acceptor, s.approver)
	job.Version.Facts.Holder.Code = "11360700MB1234567A"
	if _, err := s.service.Register(context.Background(), job); registry.CodeOf(err) != registry.CodeContent {
		t.Errorf("other fields than were keyed in: %v", err)
	}
}
