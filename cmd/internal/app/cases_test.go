package app_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// desk is a person with a key of their own, enrolled on the ledger.
type desk struct {
	key          *sm2.PrivateKey
	organization string
	actor        registry.Actor // the person's account
}

func enrollDesk(t *testing.T, a *app.App, city, organization string, roles ...registry.Role) desk {
	t.Helper()
	path := filepath.Join(t.TempDir(), fmt.Sprintf("%s-%s.pem", organization, roles[0]))
	key, err := person.Key(path)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	id := sm.KeyIDOf(spki)
	who := registry.Actor{Account: "test", Person: "p" + string(id[:8]), Organization: organization, Roles: roles}
	err = a.Office.Governing.Govern(context.Background(), registry.Operator("test"), []office.OrderDraft{{Organization: city, Basis: "test", Record: &registry.Approver{KeyID: id, Algorithm: registry.SM2SM3,
		Public: spki, Person: who.Person, Organization: organization, Roles: roles, From: a.Config.Clock().Unix() - 1}}})
	if err != nil {
		t.Fatal(err)
	}
	return desk{key, organization, who}
}

// TestReviewCase: acceptance, a visit with the opinions of two authorities,
// sent back, forwarded, seal asked for and confirmed; every step by another
// person's key, out of turn by nobody, and the ledger knows of it.
func TestReviewCase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := openFor(t, ownPlace(t), nil)
	defer a.Close()
	rules, _, err := a.View.Record(registry.KindRules, "current")
	if err != nil {
		t.Fatal(err)
	}
	city := rules.(*registry.Rules).City
	grants, err := a.View.Records(registry.KindGrant)
	if err != nil {
		t.Fatal(err)
	}
	var grant *registry.Grant
	for _, record := range grants {
		if g := record.(*registry.Grant); g.Mode == registry.ModeReview && g.Examiner != "" && g.InForce(a.Config.Clock().Unix()) == nil {
			grant = g
			break
		}
	}
	if grant == nil {
		t.Fatal("the demonstration city has no review grant")
	}
	acceptor := enrollDesk(t, a, city, first(grant.Acceptor, grant.Examiner), registry.RoleAcceptor, registry.RoleExaminer)
	examiner := enrollDesk(t, a, city, grant.Examiner, registry.RoleExaminer)
	keeper := enrollDesk(t, a, city, grant.Decider, registry.RoleSealKeeper)
	visitor := enrollDesk(t, a, city, city, registry.RoleExaminer)
	stranger := enrollDesk(t, a, city, strangerTo(t, a, grant, city), registry.RoleExaminer)

	take := func(by desk, kind registry.CaseKind, want registry.Code, change func(*registry.CaseStatement), content string) *registry.CaseFile {
		t.Helper()
		s := registry.CaseStatement{Grant: grant.ID, Case: "审〔2026〕1号", Kind: kind, Organization: by.organization}
		if change != nil {
			change(&s)
		}
		next, err := a.Office.Cases.Next(ctx, by.actor, s, content)
		var f *registry.CaseFile
		if err == nil {
			var digest sm.Digest
			if digest, err = next.Digest(); err != nil {
				t.Fatal(err)
			}
			approval, signErr := person.Approve(by.key, digest)
			if signErr != nil {
				t.Fatal(signErr)
			}
			f, err = a.Office.Cases.Record(ctx, by.actor, registry.CaseStep{Statement: *next, Approval: approval, Content: content})
		}
		if registry.CodeOf(err) != want {
			t.Fatalf("%s by %s: %v, want %q", kind, by.organization, err, want)
		}
		return f
	}
	days := func(s *registry.CaseStatement) { s.Days = 20 }
	result := func(r registry.ExaminationResult) func(*registry.CaseStatement) {
		return func(s *registry.CaseStatement) { s.Result = r }
	}
	take(examiner, registry.CaseExamine, registry.CodeActState, result(registry.Forward), "") // nothing accepted yet
	take(keeper, registry.CaseAccept, registry.CodeForbidden, days, "")                       // not the city's to accept
	take(stranger, registry.CaseAccept, registry.CodeNotFound, days, "")                      // there is no case for others
	f := take(acceptor, registry.CaseAccept, "", days, "")
	if f.Due <= registry.DateOf(a.Config.Clock())+20 {
		t.Errorf("20 working days end on %s", f.Due)
	}
	take(acceptor, registry.CaseAccept, registry.CodeActState, days, "")
	take(acceptor, registry.CaseOpinion, "", nil, "现场布局符合要求")
	take(visitor, registry.CaseOpinion, registry.CodeNotFound, nil, "消防通道畅通") // uninvited
	take(acceptor, registry.CaseInvite, "", func(s *registry.CaseStatement) {
		s.Invited, s.Purpose, s.Due = city, registry.InviteVisit, registry.DateOf(a.Config.Clock())+5
	}, "")
	take(visitor, registry.CaseOpinion, "", nil, "消防通道畅通")
	take(stranger, registry.CaseOpinion, registry.CodeNotFound, nil, "我也来看看")
	take(visitor, registry.CaseExamine, registry.CodeForbidden, result(registry.Forward), "")      // invited, and no examiner
	take(acceptor, registry.CaseExamine, registry.CodeApprovalTwice, result(registry.Forward), "") // who accepted does not examine
	take(examiner, registry.CaseExamine, "", result(registry.SendBack), "补充平面图")
	take(examiner, registry.CaseSealRequest, registry.CodeActState, nil, "") // not forwarded
	f = take(examiner, registry.CaseExamine, "", result(registry.Forward), "")
	if f.Late || f.Stage != registry.CaseExamine {
		t.Errorf("%+v", f)
	}
	take(keeper, registry.CaseSealConfirm, registry.CodeActState, nil, "") // not asked for
	take(examiner, registry.CaseSealRequest, "", nil, "")
	take(examiner, registry.CaseSealConfirm, registry.CodeForbidden, nil, "") // the county does not confirm to itself
	f = take(keeper, registry.CaseSealConfirm, "", nil, "")
	record, _, err := a.View.Record(registry.KindExamination, registry.ExaminationName(grant.ID, "审〔2026〕1号"))
	if err != nil {
		t.Fatal(err)
	}
	x, ok := record.(*registry.Examination)
	if !ok || x.Result != registry.Forward || x.Confirmed == 0 || len(x.Opinions) != 2 || x.Due != f.Due {
		t.Errorf("on the ledger: %+v", record)
	}
	// Somebody with the database forges an opinion: the file does not hold.
	kept, err := a.Store.Cases.Case(ctx, grant.ID, "审〔2026〕1号")
	if err != nil || len(kept.Steps) != 8 || kept.Home != "" || kept.Held != nil {
		t.Fatalf("%+v: %v", kept, err)
	}
	steps := kept.Steps
	forged := steps[1]
	forged.Statement.Number = 9
	if _, err := a.Office.Cases.Record(ctx, acceptor.actor, forged); registry.CodeOf(err) != registry.CodeStale {
		t.Errorf("a step out of its place: %v", err)
	}
	if err := a.Store.Cases.AddCaseSteps(ctx, office.CaseAddition{Steps: steps[7:]}); registry.CodeOf(err) != registry.CodeStale {
		t.Errorf("a number taken twice: %v", err)
	}
}

// strangerTo is an organization that has nothing to do with the grant.
func strangerTo(t *testing.T, a *app.App, grant *registry.Grant, city string) string {
	t.Helper()
	all, err := a.View.Records(registry.KindOrganization)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range all {
		if o := record.(*registry.Organization); o.Code != city && !slices.Contains(grant.Parties(), o.Code) {
			return o.Code
		}
	}
	t.Fatal("everybody has to do with it")
	return ""
}

func first(codes ...string) string {
	for _, code := range codes {
		if code != "" {
			return code
		}
	}
	return ""
}
