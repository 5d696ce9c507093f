package registry

import "slices"

// Rights inside an organization: what it may see, it sees through its people,
// each as far as the work of a role needs it. MaySeeStatus and its like need the
// organization's relation too (Actor.MaySeeLicense).
const (
	MaySeeCases    Right = "case"      // files of cases that the organization takes part in
	MaySeeActs     Right = "act"       // every act on its way, and what it would make of the license
	MaySeePaper    Right = "paper-act" // acts on paper alone, without what the license says
	MaySeeTasks    Right = "tasks"     // acts that wait for a signature or were refused
	MaySearchNames Right = "search"    // lists of licenses with numbers and names
	MaySeeReviews  Right = "review"    // review files, and within them what their licenses say
	MaySeeOrders   Right = "orders"    // order sheets
)

// InsideRights lists the rights in the order of the documented table.
func InsideRights() []Right {
	return []Right{MaySeeStatus, MaySeeResult, MaySeeContent, MaySeeDocument, MaySeeSheets, MaySeeCases, MaySeeActs, MaySeePaper, MaySeeTasks, MaySearchNames, MaySeeReviews, MaySeeOrders}
}

var (
	sealWork = append(slices.Clone(seesAll), MaySeeCases, MaySeeActs, MaySeePaper, MaySeeTasks, MaySearchNames)
	caseWork = append(slices.Clone(sealWork), MaySeeReviews)
)

// roleTable is the one table of what a role sees of what its organization may
// see; docs/relations.md is printed from it. What stands in no row nobody sees.
var roleTable = []struct {
	Role    Role
	Chinese string
	Sees    []Right
}{
	{RoleAcceptor, "受理", caseWork},
	{RoleExaminer, "审查", caseWork},
	{RoleApprover, "决定", caseWork},
	{RoleSealKeeper, "用印", sealWork},
	{RolePrinter, "制证", []Right{MaySeeStatus, MaySeeResult, MaySeeSheets, MaySeePaper, MaySeeTasks, MaySearchNames}},
	{RoleWitness, "监销", []Right{MaySeeStatus, MaySeePaper, MaySeeTasks}},
	{RoleRegulator, "监管", append(slices.Clone(seesAll), MaySearchNames, MaySeeReviews)},
	{RoleGovernor, "治理", []Right{MaySeeStatus, MaySeeOrders}},
	{RoleOperator, "运维", []Right{MaySeeStatus, MaySeeOrders}},
}

// Sees tells whether the work of the role needs such sight.
func (r Role) Sees(right Right) bool {
	for _, row := range roleTable {
		if row.Role == r {
			return slices.Contains(row.Sees, right)
		}
	}
	return false
}

// Chinese is how the role is said.
func (r Role) Chinese() string {
	for _, row := range roleTable {
		if row.Role == r {
			return row.Chinese
		}
	}
	return ""
}

// Sees tells whether one of the actor's roles needs such sight. An actor
// without roles sees nothing.
func (a Actor) Sees(right Right) bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Sees(right) })
}

// SeesAct tells whether the actor's work has to do with such acts on their way.
func (a Actor) SeesAct(act Act) bool {
	return a.Sees(MaySeeActs) || act.Class() == ClassPaper && a.Sees(MaySeePaper)
}
