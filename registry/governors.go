package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// GovernorsAsked is how many persons an order takes.
const GovernorsAsked = 2

// Digest names the order: the canonical bytes, hashed.
func (o *Order) Digest() sm.Digest { return sm.Tagged("tongzheng order v1", mustEncode(o)) }

// SheetDigest is what governors sign: one signature covers every order of a
// sheet, in its order. A sheet of one order is that order.
func SheetDigest(orders []sm.Digest) sm.Digest {
	if len(orders) == 1 {
		return orders[0]
	}
	var all []byte
	for _, d := range orders {
		all = append(all, d[:]...)
	}
	return sm.Tagged("tongzheng order sheet v1", all)
}

// Govern tells whether governors' signatures over digest are enough to order
// this in the organization's name: two persons, governors of that organization
// or of the city, with keys valid at the instant. While persons are missing and
// all else is right the error has CodeApprovalMissing.
func (c *Control) Govern(organization, city string, at int64, digest sm.Digest, approvals []Approval) error {
	people := map[string]bool{}
	for _, a := range approvals {
		key, known := c.Approvers[a.KeyID]
		switch {
		case !known || !key.Valid(at) || key.Organization != organization && key.Organization != city:
			return Errorf(CodeApprovalUnknown, "approvals", "key %s is not enrolled for this organization now", a.KeyID)
		case !slices.Contains(key.Roles, RoleGovernor):
			return Errorf(CodeApprovalRole, "approvals", "key %s is no governor's", a.KeyID)
		case people[key.Person]:
			return Errorf(CodeApprovalTwice, "approvals", "the person of key %s has already signed", a.KeyID)
		}
		if err := c.Verify(a, key, digest); err != nil {
			return err
		}
		people[key.Person] = true
	}
	if len(people) < GovernorsAsked {
		return Errorf(CodeApprovalMissing, "approvals", "a governance order needs the signatures of %d governors", GovernorsAsked)
	}
	return nil
}

// RecordKinds lists the kinds; the API enum is compared with it.
func RecordKinds() []RecordKind {
	return []RecordKind{KindRules, KindOrganization, KindMatter, KindType, KindGrant, KindSeal, KindStock, KindApprover, KindPolicy,
		KindInstance, KindHandover, KindExamination, KindCalendar, KindPublication, KindSuccession, KindTenure, KindService}
}
