package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// Deputy (代为公布) is another member that publishes a member's status lists beside it.
// A list follows from the ledger at a height, so either can make it. The deputy signs
// with one status key of its own, for lists whose whole time, from the state they show
// to nextUpdate, lies within a period.
type Deputy struct {
	Member string   `cbor:"1,keyasint" json:"member"`
	Key    sm.KeyID `cbor:"2,keyasint" json:"key"`   // status key, in the deputy's key list
	From   int64    `cbor:"3,keyasint" json:"from"`  // Unix seconds
	Until  int64    `cbor:"4,keyasint" json:"until"` // Unix seconds; no list of the deputy's serves longer
}

// IsZero tells whether nobody is named.
func (d Deputy) IsZero() bool { return d == Deputy{} }

// Covers tells whether a list of this head is within the period.
func (d Deputy) Covers(head *StatusHead) bool {
	return !d.IsZero() && d.From <= head.Time && head.Next <= d.Until
}

// check tells whether the deputy of a member is well formed.
func (d Deputy) check(member string) error {
	switch {
	case d.IsZero():
		return nil
	case d.Member == "" || d.Member == Governance || d.Member == member:
		return recordError("deputy.member", "want another member")
	case !keyIDForm(d.Key):
		return recordError("deputy.key", "want the id of a status key: 32 digits 0-9a-f")
	case d.From <= 0 || d.Until <= d.From:
		return recordError("deputy.until", "want a period that ends after it began")
	}
	return nil
}

func keyIDForm(id sm.KeyID) bool {
	return len(id) == 32 && !slices.ContainsFunc([]byte(id), func(c byte) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') })
}

// checkDeputyOrder: whoever runs a registry names its deputy, nobody else, the city
// neither.
func checkDeputyOrder(old, now *Service, by string, refused refusal) error {
	before, operator := Deputy{}, now.Operator
	if old != nil {
		before, operator = old.Deputy, old.Operator
	}
	if now.Deputy != before && by != operator {
		return refused("whoever runs a registry names who publishes its lists beside it")
	}
	return nil
}
