package signer

import (
	"context"

	"tongzheng/registry"
)

// recompute opens what a job says of the version that it makes and of the one that
// this follows, recomputes both digests, against the intent and against the
// license on the ledger, and only then judges the act by them: CodeContent for
// contents that do not fit, CodeTag for a tag that is not theirs, CodeCorrection.
// CodeNumberForm and CodeNumberRange for a number that is not the issuer's to give.
// CodeUnavailable while the ledger, as this signer reads it, has not come so far.
// The lines for the use log say what could not be recomputed.
func (s *Service) recompute(ctx context.Context, law registry.Gatherer, job *registry.SealJob) ([]LogLine, error) {
	in := &job.Intent
	rules, err := law.Rules()
	if err != nil {
		return nil, err
	}
	record, err := typeRecord(law, in.Identifier.Type, in.TypeVersion)
	if err != nil {
		return nil, err
	}
	// 1. The new version, against what was approved.
	if job.Version == nil {
		return nil, registry.Errorf(registry.CodeContent, "fields", "a version comes with its fields and their secret")
	}
	if err := job.Version.CheckStated(in, record); err != nil {
		return nil, err
	}
	if err := s.cfg.checkRendered(in, record, job.Version); err != nil {
		return nil, err
	}
	known, told := in.Collected == nil, true
	// 2. The version that it follows, against the ledger.
	follows, later := in, in.Act != registry.Issue && rules.Since(registry.RulesOfRelations)
	if in.Replaces() { // that of the license replaced
		follows, later = in.Succeeding(), true
	}
	switch {
	case later || job.Present == nil:
	case in.Act == registry.Issue:
		return nil, registry.Errorf(registry.CodeContent, "present", "%s follows no version", in.Act)
	case job.Present.Type == nil:
		return nil, registry.Errorf(registry.CodeContent, "present", "a version comes with its catalog entry")
	default: // the first rules: the ledger does not tell what the license says
		known = false
	}
	if later {
		if told, err = s.recomputePresent(ctx, law, job, follows); err != nil {
			return nil, err
		}
		known = known && told
	}
	// 3. What the act says of the fields.
	if key, err := s.tagKey(rules); err != nil {
		if len(record.Bars) > 0 || !in.Holder.IsZero() {
			return nil, err
		}
	} else if key == nil {
		known = known && in.Holder.IsZero()
	} else if err := job.Version.CheckHolderTag(key, in, record); err != nil {
		return nil, err
	}
	if rules.Since(registry.RulesOfRelations) {
		if err := job.Version.CheckFacts(registry.DateOf(s.now())); err != nil {
			return nil, err
		}
		if err := job.Version.CheckNumberTag(in); err != nil {
			return nil, err
		}
		if err := checkNumber(law, job, rules, told); err != nil {
			return nil, err
		}
	}
	if later && job.Present != nil {
		if err := registry.CheckAlteration(in.Law(), job.Version.Type, job.Present.Facts, job.Version.Facts); err != nil {
			return nil, err
		}
	}
	if known {
		return nil, nil
	}
	return []LogLine{{Use: UseNotRecomputed, Subject: in.Digest()}}, nil
}

// checkNumber holds the number in the fields against the type's rule and the
// issuer's region and blocks. told is false when the ledger does not tell what the
// license said before: then its number may be the one before.
func checkNumber(law registry.Gatherer, job *registry.SealJob, rules *registry.Rules, told bool) error {
	in, before := &job.Intent, ""
	switch {
	case job.Present != nil:
		before = job.Present.Facts.Number
	case !told:
		before = job.Version.Facts.Number
	}
	issuer, err := registry.RecordOf[*registry.Organization](law.Records, registry.KindOrganization, in.Identifier.Issuer)
	if err != nil {
		return err
	}
	instance, err := registry.RecordOf[*registry.Instance](law.Records, registry.KindInstance, in.Named().Instance())
	if err != nil {
		return err
	}
	if issuer == nil {
		return registry.Errorf(registry.CodeOrganization, "identifier", "issuer %s is not registered", in.Identifier.Issuer)
	}
	giver := registry.Powers{Rules: rules, Issuer: issuer, Instance: instance}
	return giver.CheckNumber(in, job.Version.Type, job.Version.Facts.Number, before)
}

// recomputePresent holds the version that an act follows against the license on
// the ledger; known is false when the ledger does not tell what it said, and when
// a license replaced has its row in another registry.
func (s *Service) recomputePresent(ctx context.Context, law registry.Gatherer, job *registry.SealJob, in *registry.Intent) (known bool, err error) {
	issuer, err := registry.RecordOf[*registry.Organization](law.Records, registry.KindOrganization, in.Identifier.Issuer)
	if err != nil {
		return false, err
	}
	if issuer == nil {
		return false, registry.Errorf(registry.CodeOrganization, "identifier", "issuer %s is not registered", in.Identifier.Issuer)
	}
	l, err := s.cfg.Records.License(ctx, issuer.Member, in.Identifier.Base())
	switch {
	case err != nil:
		return false, err
	case l == nil || l.Sequence+1 < in.Sequence:
		return false, registry.Errorf(registry.CodeUnavailable, "", "the ledger, as this signer reads it, does not have what the act follows yet")
	case l.Sequence >= in.Sequence:
		return false, registry.Errorf(registry.CodeSequenceTaken, "sequence", "another entry is number %d", in.Sequence)
	case l.Head != in.Previous:
		return false, registry.Errorf(registry.CodePreviousHead, "previous", "the ledger's head is another entry")
	case job.Present == nil && job.Intent.Replaces() && in.Act != registry.Correct:
		return false, nil
	case job.Present == nil:
		return false, registry.Errorf(registry.CodeContent, "present", "a later version comes with the one that it follows")
	}
	record, err := typeRecord(law, in.Identifier.Type, l.Type)
	if err != nil {
		return false, err
	}
	return job.Present.CheckPresent(in.Identifier.Base(), l, record)
}

func typeRecord(law registry.Gatherer, code string, version int) (*registry.TypeRecord, error) {
	record, err := registry.RecordOf[*registry.TypeRecord](law.Records, registry.KindType, registry.TypeName(code, version))
	if err == nil && record == nil {
		err = registry.Errorf(registry.CodeTypeUnknown, "type_version", "type %s version %d is not registered", code, version)
	}
	return record, err
}
