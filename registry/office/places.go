package office

import (
	"maps"
	"slices"
	"strings"

	"tongzheng/registry"
)

// Place is a region with the name of its government, empty where none is
// registered.
type Place struct {
	Region string // 6 digits, 9 for a town or street
	Name   string
}

// places lists the regions that licenses under grants can belong to: the
// territories, and the regions of registered organizations within them.
func (o *Reading) places(grants []*registry.Grant) ([]Place, error) {
	organizations, err := recordsOf[*registry.Organization](o.common, registry.KindOrganization)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, g := range grants {
		names[g.Territory] = ""
		for _, org := range organizations {
			if registry.Within(org.Region, g.Territory) {
				names[org.Region] = ""
			}
		}
	}
	for _, org := range organizations {
		switch name, wanted := names[org.Region]; {
		case !wanted:
		case org.Rank == registry.RankGovernment:
			names[org.Region] = strings.TrimSuffix(org.FullName, "人民政府")
		case name == "" && len(org.Region) == 9 && org.Rank != registry.RankCenter: // 街道办事处
			names[org.Region] = strings.TrimSuffix(org.FullName, "办事处")
		}
	}
	var all []Place
	for _, region := range slices.Sorted(maps.Keys(names)) {
		all = append(all, Place{Region: region, Name: names[region]})
	}
	return all, nil
}
