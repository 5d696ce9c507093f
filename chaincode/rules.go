package chaincode

import "tongzheng/registry"

// RulesVersion is the newest version of the rules this contract applies; it
// also applies the one before. So members upgrade one by one, all judging by
// the old rules, until an order of the city (record Rules) puts the new ones in
// force for everybody in one transaction. What a version changes asks
// registry.Rules.Since, never which program runs.
const RulesVersion = 2

// checkRules: the batch was made for rules that are active here.
func (v *view) checkRules() error {
	active := v.batch.Rules // a ledger may begin with any rules that are carried here
	if rules := v.rules(); rules != nil {
		active = rules.Version
	} else if first := v.batch.Entries[0]; v.batch.Namespace != registry.Governance || first.Order == nil || first.Order.Kind != registry.KindRules {
		return registry.Errorf(registry.CodeRules, "", "the ledger begins with its rules")
	}
	if v.batch.Rules != active || active > RulesVersion || active < RulesVersion-1 {
		return registry.Errorf(registry.CodeRules, "rules", "the batch is made for rules %d, active are %d", v.batch.Rules, active)
	}
	return nil
}
