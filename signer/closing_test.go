package signer

import (
	"context"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestClosings: a closing is registered on the strength of the issue that this
// signer sealed, as what follows from it, wherever it comes to stand; for nothing
// else does an approval of the issue serve.
func TestClosings(t *testing.T) {
	s := newStage(t)
	job := s.job()
	in := &job.Intent
	in.Origin = &registry.Origin{Place: "360732"}
	in.Closes = &registry.Closing{Identifier: registry.Identifier{Type: testType, Issuer: "11430000006122245E", Serial: "2025000001", Version: 3}, As: registry.Change,
		Sequence: 7, Head: sm.Sum([]byte("head")), Origin: &registry.Origin{Matter: "m1", Grant: "g0", Place: "360732", Member: "xingguo"}}
	job.Approvals = s.approve(in, s.acceptor, s.approver)
	s.ledger.set(&registry.Organization{Code: in.Closes.Identifier.Issuer, Member: testMember})
	s.ledger.license = &registry.License{Sequence: 7, Head: in.Closes.Head, State: registry.Effective, Version: 3, Type: 1, Effective: in.Effective, Expires: in.Expires}
	ask := func(in registry.Intent, approvals []registry.Approval) (*registry.Entry, error) {
		return s.service.Register(context.Background(), registry.SealJob{Intent: in, Approvals: approvals})
	}
	closing := in.ClosedBy(1, sm.Digest{})
	if _, err := ask(closing, job.Approvals); registry.CodeOf(err) != registry.CodeApprovalUnknown {
		t.Errorf("before the issue is sealed: %v", err)
	}
	// A correction is judged by what it corrects; a license replaced whose row is
	// elsewhere says nothing of that.
	blind := job
	blind.Intent.Closes = &registry.Closing{}
	*blind.Intent.Closes = *in.Closes
	blind.Intent.Closes.As = registry.Correct
	blind.Approvals = s.approve(&blind.Intent, s.acceptor, s.approver)
	s.refuses(blind, registry.CodeContent)
	was, moved := s.ledger.license, *s.ledger.license
	moved.Sequence++
	s.ledger.license = &moved
	s.refuses(job, registry.CodeSequenceTaken)
	s.ledger.license = was
	issue := s.seal(job)
	other, ground, holder := closing, closing, closing
	other.Closes = &registry.Closing{Identifier: closing.Closes.Identifier.WithVersion(1), Issue: closing.Closes.Issue}
	other.Closes.Identifier.Serial = "2026000002"
	ground.Ground = "another"
	holder.Identifier.Serial = "2025000002"
	for what, wrong := range map[string]registry.Intent{"another new license": other, "another ground": ground, "another license replaced": holder} {
		if _, err := ask(wrong, job.Approvals); registry.CodeOf(err) != registry.CodeApprovalSignature {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := ask(closing, job.Approvals[:1]); registry.CodeOf(err) != registry.CodeApprovalSignature {
		t.Errorf("with fewer approvals: %v", err)
	}
	for _, at := range []registry.Intent{closing, in.ClosedBy(4, sm.Sum([]byte("oversight")))} {
		entry, err := ask(at, job.Approvals)
		if err != nil || entry.Approvals != issue.Entry.Approvals || entry.Author() != testOrg {
			t.Fatalf("%+v %v", entry, err)
		}
		if _, err := s.service.Authorship(context.Background(), testOrg, registry.Governance, []*registry.Entry{entry}); err != nil {
			t.Errorf("its author's signature: %v", err)
		}
	}
	// An issue that replaces nothing closes nothing.
	plain := s.job()
	plain.Intent.Identifier.Serial = "2026000009"
	s.restate(&plain)
	s.seal(plain)
	forged := closing
	forged.Closes = &registry.Closing{Identifier: plain.Intent.Identifier, Issue: plain.Intent.Digest()}
	if _, err := ask(forged, plain.Approvals); registry.CodeOf(err) != registry.CodeApprovalSignature {
		t.Errorf("on the strength of an issue that replaces nothing: %v", err)
	}
}
