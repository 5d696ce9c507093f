package chaincode

import (
	"time"

	"tongzheng/registry"
)

// MaxSkew is how far the client's time may be from the peer's clock.
const MaxSkew = registry.MaxSkew

// CheckClock refuses a whole batch, CodeClock, whose time is further than most
// from the clock of the peer that is asked to endorse it. The shells call it;
// no clock ever shapes a result. rules is the stored value that the governance
// namespace has under RulesKey, nil before genesis: a ledger whose rules say
// so, or whose genesis says so, runs on a simulated clock and is not compared.
func CheckClock(rules []byte, batch *registry.Batch, clock time.Time, most time.Duration) error {
	if simulated(rules, batch) {
		return nil
	}
	apart := clock.Sub(time.Unix(batch.Time, 0)).Abs()
	if apart > most {
		return registry.Errorf(registry.CodeClock, "time", "client and ledger are %s apart, at most %s", apart.Round(time.Second), most)
	}
	return nil
}

// RulesKey is the governance key of the rules in force.
func RulesKey() string { return registry.RecordKey(registry.KindRules, "current") }

func simulated(stored []byte, batch *registry.Batch) bool {
	var record registry.GovernanceRecord
	var err error
	switch {
	case stored != nil:
		record, _, err = registry.DecodeStored(registry.KindRules, stored)
	case len(batch.Entries) > 0 && batch.Entries[0] != nil && batch.Entries[0].Order != nil:
		record, err = batch.Entries[0].Order.Decode()
	}
	rules, ok := record.(*registry.Rules)
	return err == nil && ok && rules.Simulated
}
