package signer

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// Seal implements the office's Sealer: a version act is sealed once.
func (s *Service) Seal(ctx context.Context, job registry.SealJob) (*registry.SealResult, error) {
	in := &job.Intent
	if err := in.Check(); err != nil {
		return nil, err
	}
	if !in.Seals() {
		return nil, registry.Errorf(registry.CodeEntryForm, "act", "%s makes no version here: there is nothing to seal", in.Act)
	}
	// 1. What was sealed before is answered again, whatever has changed since.
	digest := in.Digest()
	if act, err := s.kept(digest); err != nil || act != nil {
		return s.sealResult(act, &job, err)
	}
	// 2. Approvals, by the ledger's keys and policy.
	law := s.law(ctx)
	if err := law.CheckApprovals(in, s.now().Unix(), job.Approvals); err != nil {
		return nil, err
	}
	// 3. Fields and document are those that were approved, what they follow is
	// what the ledger has, and the act says of them what is so.
	unknown, err := s.recompute(ctx, law, &job)
	if err != nil {
		return nil, err
	}
	if err := s.freePlaces(in); err != nil {
		return nil, err
	}
	// 4. The seal that the ledger names, and the key that may use it.
	seal, err := s.sealFor(law, in)
	if err != nil {
		return nil, err
	}
	entry := &registry.Entry{Intent: in, Approvals: registry.ApprovalsDigest(job.Approvals), Recording: in.Recording}
	if err := s.cfg.named(law, entry); err != nil {
		return nil, err
	}
	// 5. Seal exactly these bytes.
	doc, uses, err := s.seal(ctx, entry, seal, job.Version)
	if err != nil {
		return nil, err
	}
	// 6. Persist, then answer.
	act, first, err := s.keep(digest, entry, doc, append(uses, unknown...)...)
	if err != nil || !first {
		return s.sealResult(act, &job, err)
	}
	return &registry.SealResult{Sealed: doc.bytes, Entry: entry, Parts: doc.parts}, nil
}

// sealResult answers with an act that was kept before.
func (s *Service) sealResult(act *keptAct, job *registry.SealJob, err error) (*registry.SealResult, error) {
	if err != nil {
		return nil, err
	}
	entry, err := registry.DecodeEntry(act.Entry)
	if err != nil {
		return nil, fmt.Errorf("a kept entry is damaged: %w", err)
	}
	sealed, parts, err := act.document(job, s.SealFile)
	if err != nil {
		return nil, err
	}
	return &registry.SealResult{Sealed: sealed, Entry: entry, Parts: parts}, nil
}

// seal makes the sealed package and completes the entry with time and digest.
func (s *Service) seal(ctx context.Context, entry *registry.Entry, sealDER []byte, version *registry.Opened) (doc sealedDocument, uses []LogLine, err error) {
	now := s.now()
	unsealed, err := openUnsealed(version.Unsealed, s.cfg.Options.Limits)
	if err != nil {
		return doc, nil, err
	}
	if doc.holder, err = holder(entry.Intent, version, unsealed.outline.Metadata); err != nil {
		return doc, nil, err
	}
	if now.Unix() < entry.Intent.Decided {
		return doc, nil, registry.Errorf(registry.CodeFuture, "decided", "the decision lies in the future of this signer's clock")
	}
	seal, key, err := s.judged.seal(sealDER, now, s.usableSeal)
	if err != nil {
		return doc, nil, err
	}
	if key == "" {
		return s.sealAtPort(ctx, entry, seal, sealDER, unsealed, doc)
	}
	job := OFDJob{
		Seal: sealDER, Signer: key, Time: now, Provider: s.cfg.Provider, Roots: s.cfg.Roots, Options: s.cfg.Options,
		Boundary: s.cfg.Boundary(float64(seal.Picture.Width), float64(seal.Picture.Height)),
	}
	uses = []LogLine{{Use: UseSeal, Key: key, Subject: entry.Intent.Digest()}}
	if s.cfg.Stamps != nil {
		job.Stamper = s.cfg.Stamps
		uses = append(uses, LogLine{Use: UseTimeStamp, Subject: entry.Intent.Digest()})
	}
	cert, err := certificateOf(s.cfg.Keys, key)
	if err == nil {
		doc.sealedOFD, err = sealOFD(s.cfg.Keys, unsealed, cert, job)
	}
	if err == nil && s.judged.readsBack(sealDER, cert, now) {
		if err = readBack(doc.bytes, doc.digest, job, now); err == nil {
			s.judged.held(sealDER, cert, now)
		}
	} else if err == nil {
		err = check.ValueProblem(doc.parts.Value, doc.digest)
	}
	if err != nil {
		return doc, nil, err
	}
	entry.Sealed, entry.Seal = now.Unix(), doc.digest
	return doc, uses, entry.Check()
}

// holder reads the document's own metadata: it must be of the identifier that
// the intent names, say what the fields say, and its holder is the one that codes
// may name.
func holder(in *registry.Intent, version *registry.Opened, metadata []sm.Field) (sm.Digest, error) {
	var holder sm.Digest
	content := registry.Compose(version.Type, version.Facts)
	for _, f := range metadata {
		said := slices.IndexFunc(content.Fields, func(field registry.LabeledField) bool { return field.Name == f.Name })
		switch {
		case f.Name == "ZZBS" && f.Value != in.Identifier.String():
			return holder, registry.Errorf(registry.CodeMalformed, "unsealed", "the document is of another license or version")
		case said >= 0 && content.Fields[said].Value != f.Value:
			return holder, registry.Errorf(registry.CodeContent, "unsealed", "the document says another %s than the fields", f.Name)
		case f.Name == "CZZT":
			holder = sm.Sum([]byte(f.Value))
		}
	}
	return holder, nil
}

// Register implements the office's Sealer for acts that make no version.
func (s *Service) Register(ctx context.Context, job registry.SealJob) (*registry.Entry, error) {
	in := &job.Intent
	if err := in.Check(); err != nil {
		return nil, err
	}
	if in.Seals() {
		return nil, registry.Errorf(registry.CodeEntryForm, "act", "%s makes a version: it is sealed", in.Act)
	}
	digest := in.Digest()
	act, err := s.kept(digest)
	if err == nil && act == nil {
		act, err = s.register(ctx, &job)
	}
	if err != nil {
		return nil, err
	}
	return registry.DecodeEntry(act.Entry)
}

// register checks and keeps an act that is not sealed here. A collected version is
// recomputed as far as that goes.
func (s *Service) register(ctx context.Context, job *registry.SealJob) (*keptAct, error) {
	in, law := &job.Intent, s.law(ctx)
	if in.Act == registry.Replace {
		return s.registerClosing(in, job.Approvals)
	}
	if err := law.CheckApprovals(in, s.now().Unix(), job.Approvals); err != nil {
		return nil, err
	}
	if err := s.freePlaces(in); err != nil {
		return nil, err
	}
	uses := []LogLine{{Use: UseRegister, Subject: in.Digest()}}
	if in.Act.MakesVersion() {
		unknown, err := s.recompute(ctx, law, job)
		if err != nil {
			return nil, err
		}
		uses = append(uses, unknown...)
	}
	entry := &registry.Entry{Intent: in, Approvals: registry.ApprovalsDigest(job.Approvals), Recording: in.Recording}
	if err := s.cfg.named(law, entry); err != nil {
		return nil, err
	}
	if err := entry.Check(); err != nil {
		return nil, err
	}
	act, _, err := s.keep(in.Digest(), entry, sealedDocument{}, uses...)
	return act, err
}

// RegisterOrder implements the office's Sealer for governance orders. They decide
// who may approve, so the registry alone must not be able to have one signed
// (checkOrder).
func (s *Service) RegisterOrder(ctx context.Context, order registry.Order, warrant registry.Warrant) (*registry.Entry, error) {
	entry := &registry.Entry{Order: &order}
	if len(warrant.Approvals) > 0 {
		entry.Approvals = registry.ApprovalsDigest(warrant.Approvals)
	}
	if err := entry.Check(); err != nil {
		return nil, err
	}
	digest := order.Digest()
	act, err := s.kept(digest)
	if err == nil && act == nil {
		if err := s.checkOrder(ctx, &order, digest, warrant); err != nil {
			return nil, err
		}
		act, _, err = s.keep(digest, entry, sealedDocument{}, LogLine{Use: UseOrder, Subject: digest})
	}
	if err != nil {
		return nil, err
	}
	return registry.DecodeEntry(act.Entry)
}

// Authorship implements the office's Sealer: only entries that this signer persisted
// itself, for this organization, with a key that the ledger knows.
func (s *Service) Authorship(ctx context.Context, organization, namespace string, entries []*registry.Entry) (registry.Authorship, error) {
	var none registry.Authorship
	if len(entries) == 0 {
		return none, registry.Errorf(registry.CodeMissing, "entries", "nothing to sign")
	}
	digests := make([]sm.Digest, len(entries))
	err := s.db.View(func(tx *bbolt.Tx) error {
		for i, e := range entries {
			if e == nil {
				return registry.Errorf(registry.CodeEntryForm, "entries", "an entry is missing")
			}
			digests[i] = e.Digest()
			if !bytes.Equal(tx.Bucket(bucketEntries).Get(digests[i][:]), []byte(organization)) {
				return registry.Errorf(registry.CodeAuthorship, "entries", "entry %d was not registered here for %s", i+1, organization)
			}
		}
		return nil
	})
	if err != nil {
		return none, err
	}
	key, err := s.actKey(ctx, organization)
	if err != nil {
		return none, err
	}
	message := registry.AuthorshipMessage(namespace, digests)
	if err := s.log(LogLine{Use: UseAuthorship, Key: key, Subject: sm.Sum(message)}); err != nil {
		return none, err
	}
	signature, err := SignRaw(s.cfg.Keys, key, message)
	if err != nil {
		return none, err
	}
	return registry.Authorship{Organization: organization, Key: key, Signature: signature}, nil
}

// ActsFor implements the office's Sealer.
func (s *Service) ActsFor(ctx context.Context, organization string) error {
	_, err := s.actKey(ctx, organization)
	return err
}

// actKey is the newest of our keys that the ledger has on record for the
// organization now. Before the ledger's genesis there is no record: then it is
// the newest.
func (s *Service) actKey(ctx context.Context, organization string) (sm.KeyID, error) {
	record, err := registry.RecordOf[*registry.Organization](s.law(ctx).Records, registry.KindOrganization, organization)
	if err != nil {
		return "", err
	}
	all := s.cfg.Keys.Keys()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Label != ActLabel(organization) {
			continue
		}
		if record == nil || len(record.ActKeys) == 0 {
			return all[i].ID, nil
		}
		if _, ok := record.Key(all[i].ID, s.now().Unix()); ok {
			return all[i].ID, nil
		}
	}
	return "", registry.Errorf(registry.CodeActKey, "organization", "this signer holds no act key of %s that is valid now", organization)
}

// SignQR implements the office's Sealer: only for printings of acts that this signer
// sealed or registered, with the dates and the holder that were approved. The address
// is the one that the ledger knows, the token this signer's own.
func (s *Service) SignQR(ctx context.Context, ask registry.QRRequest) (string, error) {
	if err := s.checkPrinting(ask); err != nil {
		return "", err
	}
	key, err := s.attester.qrKey(ctx, ask.Identifier.Issuer)
	if err != nil {
		return "", err
	}
	tokenKey, err := s.cfg.tokenKey()
	if err != nil {
		return "", err
	}
	address, err := s.address(ctx, ask.Identifier.Issuer, ask.Public)
	if err != nil {
		return "", err
	}
	token := registry.NewToken(tokenKey, ask.Identifier, ask.Printing)
	if err := s.log(LogLine{Use: UseQR, Key: key, Subject: sm.Sum(token[:])}); err != nil {
		return "", err
	}
	return SignQR(s.cfg.Keys, key, address, token, check.QRPayload{
		Identifier: ask.Identifier, Printing: ask.Printing.Number, Holder: ask.HolderName, Effective: ask.Effective, Expires: ask.Expires,
		Blank: ask.Printing.Blank.Number, List: ask.Printing.List, Index: ask.Printing.Index,
	})
}

func (s *Service) checkPrinting(ask registry.QRRequest) error {
	var printing keptPrinting
	var version keptVersion
	err := s.db.View(func(tx *bbolt.Tx) error {
		for _, want := range []struct {
			bucket, key []byte
			into        any
		}{
			{bucketPrintings, printingKey(ask.Identifier, ask.Printing.Number), &printing},
			{bucketVersions, []byte(ask.Identifier.String()), &version},
		} {
			raw := tx.Bucket(want.bucket).Get(want.key)
			if raw == nil {
				return registry.Errorf(registry.CodePrinting, "printing", "this signer knows no such printing")
			}
			if err := registry.Decode(raw, want.into); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if printing.Identifier != ask.Identifier || printing.Printing != ask.Printing || version.Effective != ask.Effective || version.Expires != ask.Expires {
		return registry.Errorf(registry.CodePrinting, "printing", "the printing or its dates are not those that were approved")
	}
	if !version.Holder.IsZero() && version.Holder != sm.Sum([]byte(ask.HolderName)) {
		return registry.Errorf(registry.CodePrinting, "holder", "the holder is not the one in the sealed document")
	}
	return nil
}

// TimeStamp implements the office's Sealer.
func (s *Service) TimeStamp(_ context.Context, digest sm.Digest) ([]byte, error) {
	if s.cfg.Stamps == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "no time-stamp authority is configured")
	}
	if err := s.log(LogLine{Use: UseTimeStamp, Subject: digest}); err != nil {
		return nil, err
	}
	return s.cfg.Stamps.StampDigest(digest)
}
