package network

import (
	"fmt"
	"slices"
	"strings"
)

// Policy is the endorsement policy of a namespace, in Fabric's notation: the
// lead member and the namespace's own member; for governance and the lead's
// own namespace, the lead and any other. So no member can forge another's
// license, and none can veto an act of oversight.
//
// ok is false for a namespace whose member left: it keeps its last policy,
// which nobody can satisfy any more, and is only read.
func (d *Description) Policy(namespace string) (rule string, ok bool) {
	lead, _ := d.Member(d.Lead)
	if namespace != Governance && namespace != d.Lead {
		m, found := d.Member(namespace)
		if !found || m.Peer == nil {
			return "", false
		}
		return fmt.Sprintf("AND('%s.peer','%s.peer')", lead.MSP, m.MSP), true
	}
	var others []string
	for _, m := range d.PeerMembers() {
		if m.ID != d.Lead {
			others = append(others, "'"+m.MSP+".peer'")
		}
	}
	return fmt.Sprintf("AND('%s.peer',OR(%s))", lead.MSP, strings.Join(others, ",")), true
}

// OpenNamespaces are the namespaces that still take entries.
func (d *Description) OpenNamespaces() []string {
	return slices.DeleteFunc(slices.Clone(d.Namespaces), func(ns string) bool {
		_, ok := d.Policy(ns)
		return !ok
	})
}

// flatRule is the Readers and Writers rule of the channel: one flat signature
// rule over the members. The usual nested rule (any of the organizations' own
// rules) costs 1.4 to 2 times the throughput, because the orderers evaluate it
// for each transaction; the price is that it is edited when a member joins.
func flatRule(members []Member) string {
	var terms []string
	for _, m := range members {
		terms = append(terms, "'"+m.MSP+".member'")
	}
	return "OR(" + strings.Join(terms, ",") + ")"
}
