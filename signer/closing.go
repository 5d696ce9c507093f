package signer

import (
	"tongzheng/registry"
)

// registerClosing keeps a closing.
func (s *Service) registerClosing(in *registry.Intent, approvals []registry.Approval) (*keptAct, error) {
	entry := &registry.Entry{Intent: in, Approvals: registry.ApprovalsDigest(approvals), Recording: in.Recording}
	if err := s.checkClosing(entry); err != nil {
		return nil, err
	}
	if err := entry.Check(); err != nil {
		return nil, err
	}
	act, _, err := s.keep(in.Digest(), entry, sealedDocument{}, LogLine{Use: UseRegister, Subject: in.Digest()})
	return act, err
}

// checkClosing: a closing has no approvals of its own. It is registered on the
// strength of the issue that this signer sealed by the approvals named, and only
// as what follows from that issue.
func (s *Service) checkClosing(closing *registry.Entry) error {
	in := closing.Intent
	act, err := s.kept(in.Closes.Issue)
	if err != nil {
		return err
	}
	if act == nil {
		return registry.Errorf(registry.CodeApprovalUnknown, "closes", "this signer sealed no such issue")
	}
	issue, err := registry.DecodeEntry(act.Entry)
	if err != nil {
		return err
	}
	if issue.Intent == nil || !issue.Intent.Replaces() {
		return registry.Errorf(registry.CodeApprovalSignature, "closes", "what was approved replaces no license")
	}
	if follows := issue.Intent.ClosedBy(in.Sequence, in.Previous); follows.Digest() != in.Digest() || issue.Approvals != closing.Approvals {
		return registry.Errorf(registry.CodeApprovalSignature, "closes", "not the closing that follows from the issue")
	}
	return nil
}
