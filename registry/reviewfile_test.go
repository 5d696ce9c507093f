package registry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
)

// TestWhoSeesWithinAFile: every condition alone takes the sight away.
func TestWhoSeesWithinAFile(t *testing.T) {
	kin := func() *registry.Kinship {
		return &registry.Kinship{Issuer: &registry.Organization{Code: "issuer", Superiors: []string{"above"}}, Reviewers: []string{"body"}}
	}
	file := func() *registry.ReviewFile {
		return &registry.ReviewFile{Number: "1", Organization: "above", Kind: registry.ReviewOversight, Licenses: []string{"a", "b"}}
	}
	by := func(organization string, roles ...registry.Role) registry.Actor {
		return registry.Actor{Account: "x", Organization: organization, Roles: roles}
	}
	reconsideration := file()
	reconsideration.Organization, reconsideration.Kind = "body", registry.ReviewReconsideration
	complaint := file()
	complaint.Organization, complaint.Kind = "body", registry.ReviewComplaint
	closed := file()
	closed.Closed = time.Unix(1, 0)
	for name, test := range map[string]struct {
		by    registry.Actor
		file  *registry.ReviewFile
		base  string
		kin   *registry.Kinship
		right registry.Right
		may   bool
	}{
		"content":                        {by("above", registry.RoleAcceptor), file(), "b", kin(), registry.MaySeeContent, true},
		"document":                       {by("above", registry.RoleRegulator), file(), "a", kin(), registry.MaySeeDocument, true},
		"sheets":                         {by("above", registry.RoleAcceptor), file(), "a", kin(), registry.MaySeeSheets, false},
		"to decide":                      {by("above", registry.RoleAcceptor), file(), "a", kin(), registry.MayDecideOn, false},
		"another license":                {by("above", registry.RoleAcceptor), file(), "c", kin(), registry.MaySeeContent, false},
		"closed":                         {by("above", registry.RoleAcceptor), closed, "a", kin(), registry.MaySeeContent, false},
		"another's file":                 {by("top", registry.RoleAcceptor), file(), "a", kin(), registry.MaySeeContent, false},
		"a governor":                     {by("above", registry.RoleGovernor), file(), "a", kin(), registry.MaySeeContent, false},
		"a printer":                      {by("above", registry.RolePrinter), file(), "a", kin(), registry.MaySeeContent, false},
		"no longer above":                {by("above", registry.RoleAcceptor), file(), "a", &registry.Kinship{Issuer: &registry.Organization{Code: "issuer"}}, registry.MaySeeContent, false},
		"the issuer's own":               {by("issuer", registry.RoleAcceptor), &registry.ReviewFile{Organization: "issuer", Kind: registry.ReviewOversight, Licenses: []string{"a"}}, "a", kin(), registry.MaySeeContent, false},
		"a review body, reconsideration": {by("body", registry.RoleExaminer), reconsideration, "a", kin(), registry.MaySeeContent, true},
		"a review body, complaint":       {by("body", registry.RoleExaminer), complaint, "a", kin(), registry.MaySeeContent, false},
		"an operator":                    {registry.Operator("o"), file(), "a", kin(), registry.MaySeeContent, false},
	} {
		if got := test.by.MaySeeWithin(test.file, test.base, test.kin, test.right); got != test.may {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestReviewFileForm: all faults at once, each with its field.
func TestReviewFileForm(t *testing.T) {
	good := registry.ReviewFile{Number: "兴府调〔2026〕1号", Kind: registry.ReviewComplaint, Basis: "行政许可法第六十条", Licenses: []string{"a"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	if all := new(registry.ReviewFile).Faults(); len(all) != 4 {
		t.Errorf("nothing filled in: %v", all)
	}
	for field, change := range map[string]func(*registry.ReviewFile){
		"number":   func(f *registry.ReviewFile) { f.Number = "a/b" },
		"basis":    func(f *registry.ReviewFile) { f.Basis = strings.Repeat("长", 201) },
		"kind":     func(f *registry.ReviewFile) { f.Kind = "curiosity" },
		"licenses": func(f *registry.ReviewFile) { f.Licenses = make([]string, registry.MaxReviewed+1) },
	} {
		bad := good
		change(&bad)
		all := bad.Faults()
		var fault *registry.Error
		if len(all) != 1 || !errors.As(all[0], &fault) || fault.Field != field {
			t.Errorf("%s: %v", field, all)
		}
	}
}
