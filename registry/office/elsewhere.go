package office

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
)

// Members is what is known of the other registries on the ledger. Whose a license is
// and where its registry is reached is the ledger's word; keys are those that fit it.
type Members interface {
	// Elsewhere is whose an issuer's licenses are; nil for this registry's own, and
	// where the ledger does not say.
	Elsewhere(issuer string) *registry.Elsewhere
	// At is whose codes lead to an address, Path by the part that stands for a member;
	// nil for this registry's own and for nobody's.
	At(address string) *registry.Elsewhere
	Path(part string) *registry.Elsewhere
	// Others lists all of them.
	Others() []registry.Elsewhere
	// Keys is what is held of a member, for the signer to hold against its own copy of
	// the ledger; zero for nothing.
	Keys(member string) registry.MemberKeys
}

// alone is a registry that knows of no other.
type alone struct{}

func (alone) Elsewhere(string) *registry.Elsewhere { return nil }
func (alone) At(string) *registry.Elsewhere        { return nil }
func (alone) Path(string) *registry.Elsewhere      { return nil }
func (alone) Others() []registry.Elsewhere         { return nil }
func (alone) Keys(string) registry.MemberKeys      { return registry.MemberKeys{} }

func membersOf(m Members) Members {
	if m == nil {
		return alone{}
	}
	return m
}

// serves tells whether this registry is that of an organization's member, by the
// addresses on the ledger. The city's serves members without one of their own; one
// whose address is on no record is taken for it, as under rules that know none.
func (d *common) serves(organization string) (bool, error) {
	owner, err := recordOf[*registry.Organization](d, registry.KindOrganization, organization)
	if err != nil || owner == nil {
		return false, err
	}
	own, err := recordOf[*registry.Service](d, registry.KindService, owner.Member)
	if err != nil {
		return false, err
	}
	if own == nil {
		rules, err := d.rules()
		if err != nil || rules.City == organization {
			return err == nil, err
		}
		return d.serves(rules.City)
	}
	records, err := d.view.Records(registry.KindService)
	if err != nil {
		return false, err
	}
	named := slices.ContainsFunc(records, func(record registry.GovernanceRecord) bool {
		service, ok := record.(*registry.Service)
		return ok && service.Public == d.config.PublicURL
	})
	return own.Public == d.config.PublicURL || !named, nil
}

// elsewhere tells whether the ledger says that an organization's rows and keys are
// another registry's.
func (d *common) elsewhere(organization string) (bool, error) {
	owner, err := recordOf[*registry.Organization](d, registry.KindOrganization, organization)
	if err != nil || owner == nil {
		return false, err
	}
	here, err := d.serves(organization)
	return !here, err
}

// issuedElsewhere tells by its issuer whose an identifier is. It asks nothing of the
// license: whoever walks through identifiers learns of none whether it exists.
func (o *Scan) issuedElsewhere(id registry.Identifier) *registry.Elsewhere {
	if id.IsZero() {
		return nil
	}
	return o.members.Elsewhere(id.Issuer)
}

// contradicted tells whether the ledger names another member's sheet for a token that
// a row here claims. The row stands when its token was made for it: then it is the other
// entry that lies.
func (o *Scan) contradicted(ctx context.Context, ref *PrintingRef, placed *registry.Placed) bool {
	if placed == nil || placed.Identifier == ref.Identifier && placed.Printing == ref.Printing.Number || o.members.Elsewhere(placed.Identifier.Issuer) == nil {
		return false
	}
	if belongs, err := o.belongs(ctx, ref); err == nil && belongs { // by its mark also while the signer is away
		return false
	}
	o.log.Warn("a stored row claims the token of another member's sheet", "identifier", ref.Identifier, "ledger", placed.Identifier)
	return true
}

// findNamed goes by the ledger where no row here is the code's.
func (o *Scan) findNamed(f *find, token registry.Token, placed *registry.Placed) {
	f.token = token
	if placed == nil {
		return
	}
	f.identifier, f.printing = placed.Identifier, placed.Printing
	f.elsewhere = o.members.Elsewhere(f.identifier.Issuer)
	if f.elsewhere == nil {
		f.checks = append(f.checks, registry.Pass(registry.CheckQRToken, "二维码属于账本登记的此份印件", "the code is the one that the ledger names for this sheet"), recordLost())
	}
}

// findCode goes by what a code says of itself, and by the address that it leads to.
func (o *Scan) findCode(f *find, report *registry.QRReport) {
	if !report.Payload {
		if f.identifier.IsZero() {
			f.unnamed(o.members.At(report.Address))
		}
		return
	}
	e := o.members.Elsewhere(report.Identifier.Issuer)
	if e == nil && f.elsewhere == nil {
		return
	}
	if !f.identifier.IsZero() && (report.Identifier != f.identifier || report.Printing != f.printing) && !o.namesToo(report) {
		f.checks = append(f.checks, registry.Fail(registry.CheckQRSignature, "payload-mismatch", "二维码所载内容与账本登记不符", "what the code says differs from the ledger"))
		return
	}
	f.elsewhere, f.code = e, report
	f.identifier, f.printing = report.Identifier, report.Printing
}

// namesToo tells whether the ledger names the code's token for the sheet that the code
// says it is of, whoever else named it before: a member that copies a digest in time
// does not make its neighbor's paper another one.
func (o *Scan) namesToo(report *registry.QRReport) bool {
	standing, err := o.view.Standing(report.Identifier.Base())
	if err != nil {
		return false
	}
	check, named := standing.HoldsToken(report.Token, report.Printing)
	return named && check.Result == registry.Passed
}

// unnamed is a code of another member's whose sheet the ledger does not name.
func (f *find) unnamed(e *registry.Elsewhere) {
	if e != nil {
		f.elsewhere = e
		f.checks = append(f.checks, e.Token())
	}
}

// heldAgainstLedger holds another member's paper against what the ledger has of it:
// there are no rows here to compare it with.
func (o *Scan) heldAgainstLedger(f *find, q *registry.Question) {
	if f.version != nil || f.elsewhere == nil || f.identifier.IsZero() || q.Standing == nil {
		return
	}
	q.Checks = append(q.Checks, registry.HeldAgainst(q.Standing, f.elsewhere, registry.Shown{Version: f.identifier.Version, Code: f.code, Token: f.token, Printing: f.printing, Document: f.uploadedReport()})...)
	if made, ok := q.Standing.VersionEntry(f.identifier.Version); ok {
		q.Checks = append(q.Checks, o.comparePower(made))
	}
}

func (f *find) uploadedReport() *registry.DocumentReport {
	if !f.uploaded {
		return nil
	}
	return f.document
}

// namedType is a license type of the catalog, for its words; nil when there is none
// here, or not the one on the ledger.
func (o *Scan) namedType(ctx context.Context, code string, version int) *registry.LicenseType {
	t, err := o.types.Type(ctx, code, version)
	if err != nil {
		return nil
	}
	record, err := recordOf[*registry.TypeRecord](o.common, registry.KindType, registry.TypeName(code, version))
	if err != nil || record == nil || record.Digest != kinds.digest(t) {
		return nil
	}
	return t
}

// publicElsewhere is what the ledger knows of another member's license, where no number
// and no holder stand, and what a copy of it says, where there is one here.
func (o *Scan) publicElsewhere(ctx context.Context, f *find, standing *registry.Standing) *PublicView {
	if standing == nil || standing.License == nil {
		return nil
	}
	made, ok := standing.VersionEntry(f.identifier.Version)
	if !ok {
		return nil
	}
	in := made.Entry.Intent
	p := &PublicView{Identifier: f.identifier, TypeName: f.identifier.Type, Issuer: f.identifier.Issuer,
		Issued: registry.DateOf(time.Unix(in.Decided, 0)), Effective: in.Effective, Expires: in.Expires}
	t := o.namedType(ctx, f.identifier.Type, in.TypeVersion)
	if t != nil {
		p.TypeName, p.TypeEn = t.Name, t.English
	}
	if issuer, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, f.identifier.Issuer); err == nil && issuer != nil {
		p.Issuer = issuer.FullName
	}
	if sheet, ok := standing.Printing(f.printing); ok && f.printing != 0 {
		p.Sheet = &PublicSheet{Number: sheet.Number, Copy: sheet.Copy, Blank: sheet.Blank.Number, Ended: o.sheetEnded(t, standing, sheet.Number)}
	}
	if f.document != nil && f.document.SealName != "" {
		p.Seal = &PublicSeal{f.document.SealName, f.document.SealedAt}
	}
	if grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, in.Grant); err == nil && grant != nil {
		p.Basis, p.Mode, p.Answers = grant.Document, grant.Mode, o.answers(grant)
	}
	p.History = o.publicHistory(t, standing)
	o.fromCopy(ctx, p)
	return p
}

// fromCopy shows what the paper should read where the license library has a copy, which
// is held against the ledger before it is returned. The word rests on the ledger alone.
func (o *Scan) fromCopy(ctx context.Context, p *PublicView) {
	if o.copies == nil {
		return
	}
	if c, err := o.copies.Copy(ctx, p.Identifier); err == nil && c.Whole() == nil {
		p.say(c.Opened.Type, c.Opened.Facts)
	}
}
