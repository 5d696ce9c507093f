package office

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// remarkSalt is what keeps a short remark from being guessed by its digest on
// the ledger. It is derived, and disclosed with the remark to whoever may check.
func (d *common) remarkSalt(id registry.Identifier, sequence uint64) sm.Digest {
	return sm.MAC(d.config.Secret, fmt.Appendf(nil, "tongzheng remark salt v1\x00%s\x00%d", id, sequence))
}

// caseFile is the case file that an act of the organization rests on; nil when
// there is none, when files are kept elsewhere, and for an organization that its
// grant does not make a party: a number that somebody names opens no file. To write
// the number in another form, or to name another grant of the decider's for the
// matter, leaves no file behind.
func (o *Issuing) caseFile(ctx context.Context, organization, grant, caseNumber string) (*registry.CaseFile, error) {
	if o.cases == nil || caseNumber == "" || grant == "" {
		return nil, nil
	}
	named, err := recordOf[*registry.Grant](o.common, registry.KindGrant, grant)
	if err != nil || named == nil || !slices.Contains(named.Parties(), organization) {
		return nil, err
	}
	return o.cases.decided(ctx, grant, caseNumber)
}

// caseEvidence binds a decision to its case file: the digest of the file's end
// with the remark. Without a file it is the remark's digest alone.
func (o *Issuing) caseEvidence(f *registry.CaseFile, remarkText string, id registry.Identifier, sequence uint64) sm.Digest {
	var remark sm.Digest
	if remarkText != "" {
		salt := o.remarkSalt(id, sequence)
		remark = sm.Tagged("tongzheng remark v1", append(salt[:], remarkText...))
	}
	if f == nil {
		return remark
	}
	return sm.Tagged("tongzheng case evidence v1", append(f.Digest[:], remark[:]...))
}

// checkCase: nothing is decided while the case is not accepted or something of
// it is missing, and a decision rests on the commitment that the file keeps.
func checkCase(f *registry.CaseFile, act registry.Act, commitment sm.Digest) error {
	class := act.Class()
	if f == nil || class != registry.ClassVersion && class != registry.ClassState {
		return nil
	}
	if err := f.Decidable(); err != nil {
		return err
	}
	if act.Commits() && commitment != f.Commitment {
		return registry.Errorf(registry.CodeStale, "case", "the case file has another commitment: propose again")
	}
	return nil
}

// sinceReceipt dates the acceptance of a renewal by its application, where the
// case has a receipt and the application names no other time: what counts is
// when the holder applied (行政许可法50条). It is not dated before the license's
// last act; what the ledger takes no more as timely is registered as late.
func sinceReceipt(app *registry.Application, f *registry.CaseFile, s registry.Situation) {
	if app.Act != registry.AcceptRenewal || !app.Decided.IsZero() || f == nil || f.Receipt == nil || s.Powers.Rules == nil {
		return
	}
	at := f.Receipt.Received
	if s.Standing != nil && s.Standing.License != nil {
		at = max(at, s.Standing.License.Decided)
	}
	app.Decided = time.Unix(at, 0)
	app.Register = app.Register || s.Now.Unix()-at > s.Powers.Rules.MaxBackdate
}
