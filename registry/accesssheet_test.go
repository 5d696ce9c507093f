package registry_test

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

const (
	theCity   = "113607000000000000"
	aCounty   = "113607320000000000"
	elsewhere = "113607310000000000"
)

// everyone is who may come to an order sheet, by relation.
var everyone = map[string]registry.Actor{
	"nobody":                  {},
	"examiner of the county":  {Account: "xg-examiner", Organization: aCounty, Roles: []registry.Role{registry.RoleExaminer, registry.RoleApprover}},
	"governor of the county":  {Account: "xg-governor", Organization: aCounty, Roles: []registry.Role{registry.RoleGovernor}},
	"another of the county":   {Account: "xg-governor-2", Organization: aCounty, Roles: []registry.Role{registry.RoleGovernor}},
	"governor elsewhere":      {Account: "yd-governor", Organization: elsewhere, Roles: []registry.Role{registry.RoleGovernor}},
	"governor of the city":    {Account: "gz-governor", Organization: theCity, Roles: []registry.Role{registry.RoleGovernor}},
	"approver of the city":    {Account: "gz-approver", Organization: theCity, Roles: []registry.Role{registry.RoleApprover}},
	"governor without a unit": {Account: "lost", Roles: []registry.Role{registry.RoleGovernor}},
	"operator":                {Account: "operator", Roles: []registry.Role{registry.RoleOperator}, Admin: true},
	"operator of the city":    {Account: "gz-operator", Organization: theCity, Roles: []registry.Role{registry.RoleOperator}, Admin: true},
}

// TestWhoSeesAnOrderSheet: every relation to every sort of sheet; whoever is not
// named may not.
func TestWhoSeesAnOrderSheet(t *testing.T) {
	city := []string{"governor of the city"}
	county := append([]string{"governor of the county", "another of the county"}, city...)
	for name, test := range map[string]struct {
		sheet registry.SheetParties
		may   []string
	}{
		"the city's":                 {registry.SheetParties{Drafter: "gz-governor", Organizations: []string{theCity}, City: theCity}, city},
		"the city's, by a machine":   {registry.SheetParties{Organizations: []string{theCity}, City: theCity}, city},
		"the city's, by an operator": {registry.SheetParties{Drafter: "operator", Organizations: []string{theCity}, City: theCity}, append([]string{"operator"}, city...)},
		"the county's":               {registry.SheetParties{Drafter: "xg-governor", Organizations: []string{aCounty}, City: theCity}, county},
		"of both":                    {registry.SheetParties{Drafter: "gz-governor", Organizations: []string{theCity, aCounty}, City: theCity}, county},
		"drafted by an outsider":     {registry.SheetParties{Drafter: "yd-governor", Organizations: []string{aCounty}, City: theCity}, append([]string{"governor elsewhere"}, county...)},
		"drafted by no governor":     {registry.SheetParties{Drafter: "xg-examiner", Organizations: []string{theCity}, City: theCity}, city},
		"before the rules":           {registry.SheetParties{Drafter: "operator", Organizations: []string{theCity}}, append([]string{"operator"}, city...)},
		"of nobody":                  {registry.SheetParties{Organizations: []string{""}, City: ""}, nil},
	} {
		for who, actor := range everyone {
			if got, want := actor.MaySeeSheet(test.sheet), slices.Contains(test.may, who); got != want {
				t.Errorf("%s, %s: %t, want %t", name, who, got, want)
			}
		}
	}
}

// TestWhoDraftsAnOrder: in whose name, about which record.
func TestWhoDraftsAnOrder(t *testing.T) {
	rules := &registry.Rules{Version: registry.NewestRules, City: theCity}
	grant := registry.Grant{ID: "g", Decider: aCounty, RecallBy: aCounty}
	ended := grant
	ended.End, ended.EndBasis = 2, "b"
	county := []string{"governor of the county", "another of the county", "operator", "operator of the city"}
	city := []string{"governor of the city", "operator", "operator of the city"}
	both := append([]string{"governor of the city"}, county...)
	for name, test := range map[string]struct {
		rules        *registry.Rules
		in           string
		before, what registry.GovernanceRecord
		may          []string
	}{
		"a matter by the city":              {rules, theCity, nil, &registry.Matter{Code: "1"}, city},
		"a matter in the county's name":     {rules, aCounty, nil, &registry.Matter{Code: "1"}, both}, // the city's to set: the ledger refuses it to the county
		"a power of the county's to end":    {rules, aCounty, &grant, &ended, county},                 // not the city's to set
		"the same in the city's name":       {rules, theCity, &grant, &ended, city},                   // its own name: the ledger refuses it
		"genesis":                           {nil, theCity, nil, &registry.Rules{City: theCity}, city},
		"genesis in the name of a stranger": {nil, aCounty, nil, &registry.Rules{City: aCounty}, county},
		"in nobody's name":                  {nil, "", nil, &registry.Matter{Code: "1"}, []string{"operator", "operator of the city"}},
	} {
		for who, actor := range everyone {
			if got, want := actor.MayDraft(test.rules, test.in, test.before, test.what, 1), slices.Contains(test.may, who); got != want {
				t.Errorf("%s, %s: %t, want %t", name, who, got, want)
			}
		}
	}
}

// TestWhoEnrollsAKey: for one's own organization, with offices that one has.
func TestWhoEnrollsAKey(t *testing.T) {
	for name, test := range map[string]struct {
		key registry.Approver
		may []string
	}{
		"a governor of the county":  {registry.Approver{Organization: aCounty, Roles: []registry.Role{registry.RoleGovernor}}, []string{"governor of the county", "another of the county"}},
		"an approver of the county": {registry.Approver{Organization: aCounty, Roles: []registry.Role{registry.RoleApprover}}, []string{"examiner of the county"}},
		"an approver of the city":   {registry.Approver{Organization: theCity, Roles: []registry.Role{registry.RoleApprover}}, []string{"approver of the city"}},
		"of nobody":                 {registry.Approver{Roles: []registry.Role{registry.RoleGovernor}}, nil},
	} {
		for who, actor := range everyone {
			if got, want := actor.MayEnroll(&test.key) == nil, slices.Contains(test.may, who); got != want {
				t.Errorf("%s, %s: %t, want %t", name, who, got, want)
			}
		}
	}
}
