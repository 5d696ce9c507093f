package app

import (
	"context"
	"time"

	"tongzheng/registry"
)

// countOn raises the counters before any work begins, or, when the ledger does
// not answer yet, as soon as it does.
func (a *App) countOn() error {
	running := a.live
	soon, cancel := context.WithTimeout(running, 5*time.Second)
	defer cancel()
	if a.UpToDate(soon) == nil {
		return a.raiseCounters(running)
	}
	a.Config.Log.Warn("the ledger does not answer yet: counters are raised when it does")
	a.start(func() {
		for running.Err() == nil {
			if a.UpToDate(running) != nil {
				continue
			}
			if err := a.raiseCounters(running); err != nil {
				a.Config.Log.Error("raising counters", "error", err)
			}
			return
		}
	})
	return nil
}

// raiseCounters makes the store count on from the ledger's maximum: after a
// restore of an older database no serial and no place in a status list is
// given a second time.
func (a *App) raiseCounters(ctx context.Context) error {
	records, err := a.View.Records(registry.KindInstance)
	if err != nil {
		return err
	}
	for _, record := range records {
		instance, ok := record.(*registry.Instance)
		if !ok {
			continue
		}
		indexes := map[uint32]uint32{}
		for _, list := range instance.Lists {
			last, any, err := a.View.LastPlace(list)
			if err != nil {
				return err
			}
			if any {
				indexes[list] = last
			}
		}
		serial, err := a.View.LastSerial(instance.Name())
		if err != nil {
			return err
		}
		if err := a.Store.RaiseCounters(ctx, instance.Issuer, instance.Prefix, serial, indexes); err != nil {
			return err
		}
	}
	return nil
}
