package office

import (
	"context"
	"strconv"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// access asks registry's rules who may see, with what they need at hand. It is
// the only place of the office that does for documents and licenses; what is not
// for the actor is not there: CodeNotFound. Who reads what a license says is
// written down here.
type access struct {
	*common
	acts interface {
		History(ctx context.Context, base string) ([]*Proceeding, error)
	}
	reviews interface { // nil: no review files are kept
		OpenReviews(ctx context.Context, organization, base string) ([]registry.ReviewFile, error)
	}
	trail interface {
		Audit(ctx context.Context, a AuditEvent) error
	}
}

// standpoint is what an actor's rights to one license are judged by.
type standpoint struct {
	by       registry.Actor
	id       registry.Identifier
	kin      *registry.Kinship
	anchored bool
	proposed bool                  // its issue is not anchored, and the actor sees it on its way
	files    []registry.ReviewFile // open ones of its organization that name the license
}

// standpoint gathers what the actor's rights to a license are judged by. Sight
// comes from anchored acts (registry.Kinship) and from review files: a proposal
// gives none, but of an issue that is not anchored yet to who issues it.
func (a *access) standpoint(ctx context.Context, by registry.Actor, id registry.Identifier) (*standpoint, error) {
	standing, err := a.view.Standing(id.Base())
	if err != nil {
		return nil, err
	}
	p := &standpoint{by: by, id: id, anchored: standing.License != nil}
	if p.kin, err = a.kinship(by, id, standing); err != nil {
		return nil, err
	}
	if a.reviews != nil && standing.License != nil && by.MayReview() == nil && !by.MaySeeLicense(p.kin, registry.MaySeeContent) {
		if p.files, err = a.reviews.OpenReviews(ctx, by.Organization, id.Base()); err != nil {
			return nil, err
		}
	}
	if standing.License == nil {
		p.proposed, err = a.seesIssue(ctx, by, id.Base())
	}
	return p, err
}

// kinship is what relations to the license are read from, its issuer's review
// bodies included.
func (a *access) kinship(by registry.Actor, id registry.Identifier, standing *registry.Standing) (*registry.Kinship, error) {
	kin, err := a.law().Kinship(id.Issuer, standing, by.Organization, a.now().Unix())
	if err != nil || kin.Issuer == nil {
		return kin, err
	}
	var failed error
	for _, body := range registry.ReviewBodies(kin.Issuer, func(code string) *registry.Organization {
		o, err := recordOf[*registry.Organization](a.common, registry.KindOrganization, code)
		if err != nil {
			failed = err
		}
		return o
	}) {
		kin.Reviewers = append(kin.Reviewers, body.Code)
	}
	return kin, failed
}

func (a *access) seesIssue(ctx context.Context, by registry.Actor, base string) (bool, error) {
	history, err := a.acts.History(ctx, base)
	if err != nil {
		return false, err
	}
	for _, p := range history {
		if p.Intent.Act == registry.Issue && a.seesProceeding(by, p) == nil {
			return true, nil
		}
	}
	return false, nil
}

// allows tells whether the actor has the right, and within which review file, if
// only within one. Before it is anchored nothing is said of a license but to those
// who see its issue on its way; paper that was let out as pending is handled by
// those who handle its issuer's.
func (p *standpoint) allows(right registry.Right) (may bool, file string) {
	if !p.anchored && right != registry.MaySeeDocument && right != registry.MaySeeSheets {
		return p.proposed && p.by.Sees(right), ""
	}
	if p.by.MaySeeLicense(p.kin, right) || p.proposed && p.by.Sees(right) {
		return true, ""
	}
	for i := range p.files {
		if p.by.MaySeeWithin(&p.files[i], p.id.Base(), p.kin, right) {
			return true, p.files[i].Number
		}
	}
	return false, ""
}

// sight is the most that the actor may see: what the license says, its result or
// its status. CodeNotFound when nothing.
func (p *standpoint) sight() (sight registry.Right, file string, err error) {
	for _, right := range []registry.Right{registry.MaySeeContent, registry.MaySeeResult, registry.MaySeeStatus} {
		if may, file := p.allows(right); may {
			return right, file, nil
		}
	}
	return "", "", hidden()
}

// license lets pass whoever has the right to the license.
func (a *access) license(ctx context.Context, by registry.Actor, id registry.Identifier, right registry.Right) error {
	_, err := a.admit(ctx, by, id, right)
	return err
}

// admit is license for what says something of the holder: it names the review
// file that the actor sees it within, if only within one, for the reading to be
// written down when it is handed out.
func (a *access) admit(ctx context.Context, by registry.Actor, id registry.Identifier, right registry.Right) (file string, err error) {
	p, err := a.standpoint(ctx, by, id)
	if err != nil {
		return "", err
	}
	may, file := p.allows(right)
	if !may {
		return "", hidden()
	}
	return file, nil
}

// read writes a reading of personal data down: who, of which organization, in
// which roles, of what, within which review file, at which face; no values.
// CodeUnavailable when it cannot be written.
func (a *access) read(ctx context.Context, by registry.Actor, what, subject, file string) error {
	if file != "" {
		file = "; file " + file
	}
	return a.readWith(ctx, by, what, subject, file)
}

// readNames writes down that a list named holders, and of how many licenses.
// Which it named follows from the audit trail's time and the organization's
// licenses; what was searched for is a name itself, and stays out.
func (a *access) readNames(ctx context.Context, by registry.Actor, what string, items []SearchItem) error {
	count := 0
	for i := range items {
		if items[i].HolderName != "" {
			count++
		}
	}
	return a.readNamed(ctx, by, what, count)
}

// readNamed is readNames for so many licenses; none is no reading.
func (a *access) readNamed(ctx context.Context, by registry.Actor, what string, count int) error {
	if count == 0 {
		return nil
	}
	return a.readWith(ctx, by, what, "names", "; licenses "+strconv.Itoa(count))
}

func (a *access) readWith(ctx context.Context, by registry.Actor, what, subject, more string) error {
	var roles []string
	for _, r := range by.Roles {
		roles = append(roles, string(r))
	}
	detail := "roles " + strings.Join(roles, ",")
	if by.Face != "" {
		detail += "; face " + by.Face
	}
	detail += more
	event := AuditEvent{At: a.now(), By: by, Operation: "read " + what, Subject: subject, Detail: detail}
	if err := a.trail.Audit(ctx, event); err != nil {
		return registry.Errorf(registry.CodeUnavailable, "", "who reads is written down, and the audit trail cannot be written").WithCause(err)
	}
	return nil
}

func hidden() error {
	return registry.Errorf(registry.CodeNotFound, "identifier", "no such license for this account")
}

// seesProceeding lets pass whoever may see the proceeding. CodeNotFound.
func (d *common) seesProceeding(by registry.Actor, p *Proceeding) error {
	grant, err := recordOf[*registry.Grant](d, registry.KindGrant, p.Intent.Grant)
	if err != nil {
		return err
	}
	kin, err := d.keeping(by, &p.Intent)
	if err != nil {
		return err
	}
	if !by.MaySeeProceeding(&p.Intent, grant, kin) {
		return registry.Errorf(registry.CodeNotFound, "intent", "no such proceeding for this account")
	}
	return nil
}

// proposal lets pass whoever may see what the proceeding's license says: of
// a version to be made those who see the proceeding, else by what the license is
// to them.
func (a *access) proposal(ctx context.Context, by registry.Actor, p *Proceeding) (file string, err error) {
	err = a.seesProceeding(by, p)
	switch {
	case err != nil:
		return "", err
	case !p.Intent.Act.MakesVersion():
		return a.admit(ctx, by, p.Intent.Identifier, registry.MaySeeContent)
	case !by.Sees(registry.MaySeeContent):
		return "", hidden()
	}
	return "", nil
}

// keeping is what an act's license is to the actor's organization.
func (d *common) keeping(by registry.Actor, in *registry.Intent) (*registry.Kinship, error) {
	standing, err := d.view.Standing(in.Identifier.Base())
	if err != nil {
		return nil, err
	}
	return d.law().Kinship(in.Identifier.Issuer, standing, by.Organization, d.now().Unix())
}

// signs lets pass whoever hands in a signature of their own. A key that the
// ledger does not have is for the law of approvals to refuse.
func (d *common) signs(by registry.Actor, key sm.KeyID) error {
	record, err := recordOf[*registry.Approver](d, registry.KindApprover, string(key))
	if err != nil || record == nil {
		return err
	}
	return by.MaySign(record)
}
