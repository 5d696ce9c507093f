package office

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

// The public page tells where to apply for review by statute (复议法24, 27): of a
// county's bureau to the county, of a city bureau's branch to the city or as well
// to the county, of a vertically led bureau to the bureau above; nothing where
// the ledger does not know the body.
func TestPublicAnswersNameTheReviewBody(t *testing.T) {
	organization := func(code string, rank registry.Rank, superiors ...string) *registry.Organization {
		return &registry.Organization{Code: code, FullName: "名 " + code, Rank: rank, Superiors: superiors}
	}
	branch := organization("branch", registry.RankDepartment, "city-bureau", "city")
	branch.Management, branch.Seat = registry.ManagedBranch, "county"
	vertical := organization("vertical", registry.RankDepartment, "city-bureau", "city")
	vertical.Management = registry.ManagedVertical
	lone := organization("lone", registry.RankDepartment, "unknown-bureau", "city")
	lone.Management = registry.ManagedVertical
	dissolved := organization("dissolved", registry.RankDepartment, "county", "city")
	dissolved.Dissolved, dissolved.Successor = 1, "vertical"
	o := &Scan{common: &common{view: recordsView{records: []registry.GovernanceRecord{branch, vertical, lone, dissolved,
		organization("bureau", registry.RankDepartment, "county", "city"), organization("city-bureau", registry.RankDepartment, "city"),
		organization("county", registry.RankGovernment, "city"), organization("city", registry.RankGovernment)}}}}
	for decider, want := range map[string][]string{
		"bureau": {"名 county"}, "city-bureau": {"名 city"}, "branch": {"名 city", "名 county"}, "vertical": {"名 city-bureau"},
		"lone": {""}, "dissolved": {"名 city-bureau"}, "unregistered": {""},
	} {
		a := o.answers(&registry.Grant{Mode: registry.ModeOwn, Decider: decider})
		if got := append([]string{a.Review}, a.ReviewAlso...); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", decider, got, want)
		}
	}
}
