package registry

import "slices"

// Management says who leads an organization beside or instead of the government
// of its own level.
type Management string

const (
	ManagedBranch   Management = "branch"   // 派出机构 of a bureau, acting in its own name
	ManagedVertical Management = "vertical" // 垂直领导: by the bureau one level up alone
)

// ReviewBodies are those to whom one applies for review (行政复议) of what the
// organization decided; the first is the regular one, the others are a choice.
// find returns a registered organization, nil for an unknown one.
//
//   - 行政复议法24条1款: of a department the government of its level, of a
//     government the one above: the nearest government among its superiors.
//   - 24条4款: of a bureau's branch the government of the bureau's level; of a
//     city bureau's branch for a district or county also the government there.
//   - 27条: of a vertically led bureau the bureau one level up.
//
// None when the one that has to review is not registered. This is the law as
// revised in 2023, by which whoever applies now applies, whatever day is asked for.
func ReviewBodies(o *Organization, find func(code string) *Organization) (bodies []*Organization) {
	superiors := o.Superiors
	bureau := func(code string) bool { above := find(code); return above != nil && above.Rank == RankDepartment }
	if at := slices.IndexFunc(superiors, bureau); o.Management != "" && at >= 0 {
		if o.Management == ManagedVertical {
			return []*Organization{find(superiors[at])}
		}
		superiors = superiors[at+1:]
	} else if o.Management == ManagedVertical {
		return nil
	}
	for _, code := range superiors {
		if above := find(code); above != nil && (above.Rank == RankGovernment || above.Rank == "") {
			bodies = append(bodies, above)
			break
		}
	}
	if there := find(o.Seat); o.Management == ManagedBranch && there != nil && !slices.Contains(bodies, there) {
		bodies = append(bodies, there)
	}
	return bodies
}

func (o *Organization) checkManagement() error {
	switch {
	case o.Management != "" && o.Management != ManagedBranch && o.Management != ManagedVertical:
		return recordError("management", "want %s or %s", ManagedBranch, ManagedVertical)
	case o.Management != "" && len(o.Superiors) == 0:
		return recordError("management", "a branch and a vertically led bureau have a bureau above them")
	case o.Seat != "" && (o.Management != ManagedBranch || len(o.Seat) != 18):
		return recordError("seat", "a branch names the government of its place by credit code")
	}
	return nil
}
