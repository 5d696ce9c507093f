package signer

import (
	"context"
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
}
