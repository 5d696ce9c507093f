package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// SetSealState gives a seal a new state on the ledger: suspended, lost, in use
// again, retired. What was sealed before stays as it is. It is ordered in the owner's
// name; the city orders it in its own of a seal whose owner has another registry.
func (o *Governing) SetSealState(ctx context.Context, by registry.Actor, id string, state registry.SealState, basis string) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	filed, err := recordOf[*registry.SealRecord](o.common, registry.KindSeal, id)
	switch {
	case err != nil:
		return err
	case filed == nil:
		return registry.Errorf(registry.CodeSealUnknown, "seal", "seal %s is not on file", id)
	case basis == "":
		return registry.Errorf(registry.CodeMissing, "basis", "a seal's state changes on a basis: report, decision, notice")
	}
	now := o.now().Unix()
	switch was := filed.StateAt(now); {
	case was == state:
		return nil
	case was == registry.SealRetired:
		return registry.Errorf(registry.CodeSealState, "seal", "seal %s is retired for good", id)
	}
	changed := *filed
	event := registry.SealEvent{State: state, At: now, Basis: basis}
	organization, err := o.inNameOf(filed.Owner)
	if err != nil {
		return err
	}
	if organization != filed.Owner {
		event.By = organization
	}
	changed.History = append(slices.Clone(filed.History), event)
	return o.govern(ctx, by, []OrderDraft{{Organization: organization, Record: &changed, Basis: basis}})
}

// FileSeal puts a seal on the ledger that the signer has checked and kept.
func (o *Governing) FileSeal(ctx context.Context, by registry.Actor, record *registry.SealRecord, basis string) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	if before, err := recordOf[*registry.SealRecord](o.common, registry.KindSeal, record.ID); err != nil {
		return err
	} else if before != nil {
		if before.Digest == record.Digest {
			return nil
		}
		return registry.Errorf(registry.CodeStale, "seal", "seal %s is on file with another impression or certificate: file the new one under its new id and retire this", record.ID)
	}
	organization, err := o.orderer(record.Owner)
	if err != nil {
		return err
	}
	return o.govern(ctx, by, []OrderDraft{{Organization: organization, Record: record, Basis: basis}})
}
