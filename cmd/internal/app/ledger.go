package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/gateway"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/statusview"
	"tongzheng/signer/check"
)

// LedgerFile is the embedded ledger's file in the data folder.
const LedgerFile = "ledger.db"

// openLedger opens the embedded ledger, or the Fabric network whose member
// profiles (JSON, as network writes them) stand in the folder named.
func (a *App) openLedger(ctx context.Context) (office.Ledger, error) {
	if a.onNetwork() {
		return a.openNetwork(a.Config.Ledger)
	}
	if a.Config.Beside != nil {
		return a.shareLedger(a.Config.Beside)
	}
	key, _, err := a.Keys.SignCheckpoint(ctx, nil)
	if err != nil {
		return nil, err
	}
	ledger, err := embedded.Open(embedded.Config{Path: a.path(LedgerFile), Clock: a.Config.Clock, Key: key,
		Sign: func(message []byte) ([]byte, error) {
			_, signature, err := a.Keys.SignCheckpoint(context.Background(), message)
			return signature, err
		}})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, ledger)
	return ledger, nil
}

// shareLedger takes another member's embedded ledger in this process, and, as from a
// network's profile, the one key of it that receipts rest on. Its other keys are
// that member's, and no more trusted here than on a network.
func (a *App) shareLedger(of *App) (office.Ledger, error) {
	keys, ok := of.Keys.(*keyring.Keys)
	if !ok || of.onNetwork() {
		return nil, errors.New("only an embedded ledger whose keys are in this process is shared")
	}
	id, _, err := keys.SignCheckpoint(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	certificate, err := keys.Store.Certificate(id)
	if err != nil {
		return nil, err
	}
	var anchor check.Roots
	if err := anchor.Add(certificate, check.UseCheckpoint); err != nil {
		return nil, err
	}
	a.network = anchor.PEM()
	return of.ledger, nil
}

// onNetwork: the ledger is a Fabric network, not the embedded one.
func (a *App) onNetwork() bool { return a.Config.Ledger != "" && a.Config.Ledger != "embedded" }

// profilesIn lists the member profiles of a folder; a file is one profile.
func profilesIn(folder string) ([]string, error) {
	if strings.HasSuffix(folder, ".json") {
		return []string{folder}, nil
	}
	profiles, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(profiles) == 0 {
		return nil, fmt.Errorf("TONGZHENG_LEDGER=%s: no member profile (*.json) in this folder; is the network up (make network-up)?", folder)
	}
	return profiles, nil
}

func (a *App) openNetwork(folder string) (office.Ledger, error) {
	profiles, err := profilesIn(folder)
	if err != nil {
		return nil, err
	}
	ledger, err := gateway.Open(gateway.Config{Profiles: profiles, Log: a.Config.Log})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, ledger)
	trust, err := gateway.Trust(profiles[0])
	if err != nil {
		return nil, err
	}
	a.network, err = trust.PEM()
	return ledger, err
}

// UpToDate waits until the view has everything that the ledger had, so that
// what is missing in it is missing on the ledger.
func (a *App) UpToDate(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for began := a.Config.Clock(); ; {
		k := a.View.Knowledge(a.Config.Clock())
		if !k.Stale && !k.AsOf.Before(began) {
			return nil
		}
		select {
		case <-wait.Done():
			return fmt.Errorf("the ledger does not answer: %s", k.Reason)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ready tells what is out of reach, by name.
func (a *App) ready(ctx context.Context) map[string]error {
	missing := map[string]error{}
	if err := a.Store.Ping(ctx); err != nil {
		missing["database"] = err
	}
	if k := a.View.Knowledge(a.Config.Clock()); k.Stale {
		missing["ledger"] = fmt.Errorf("status view: %s", k.Reason)
	}
	if err := a.tagKeyFits(ctx); err != nil {
		missing["tag-key"] = err
	}
	if err := a.addressFits(); err != nil {
		missing["service"] = err
	}
	return missing
}

// addressFits tells whether the ledger has this registry's public address: the signer
// puts no other one on paper.
func (a *App) addressFits() error {
	rules, err := registry.RecordOf[*registry.Rules](viewRecords{a.View}, registry.KindRules, registry.CurrentRules)
	if err != nil || rules == nil || !rules.Since(registry.RulesOfRelations) {
		return err
	}
	records, err := a.View.Records(registry.KindService)
	if err != nil {
		return err
	}
	for _, record := range records {
		if service, ok := record.(*registry.Service); ok && service.Public == a.Config.PublicURL {
			return a.pageFits(service)
		}
	}
	return fmt.Errorf("no member's registry is on record at %s (TONGZHENG_PUBLIC_URL): codes on paper lead to where the ledger says (tongzheng govern record service)", a.Config.PublicURL)
}

// pageFits tells whether the ledger names the signer's page: passkeys count at the named
// one alone.
func (a *App) pageFits(service *registry.Service) error {
	at, err := a.SigningPage(a.live)
	if err != nil || at == "" || service.Sign == "" || service.Sign == at {
		return err
	}
	return fmt.Errorf("the signer's page is at %s (TONGZHENG_SIGN_URL), the ledger's record service of %s names %q: nobody signs with a passkey until they are the same (tongzheng govern record service)", at, service.Member, service.Sign)
}

// tagKeyFits tells whether the signer has the tag key that the ledger names:
// without it no license of a type that bars holders is drafted or sealed.
func (a *App) tagKeyFits(ctx context.Context) error {
	rules, err := registry.RecordOf[*registry.Rules](viewRecords{a.View}, registry.KindRules, registry.CurrentRules)
	if err != nil || rules == nil || rules.TagKey.IsZero() {
		return err
	}
	has, err := a.Keys.TagKey(ctx)
	switch {
	case err != nil:
		return err
	case has.IsZero():
		return errors.New("the signer does not have the deployment's tag key: tongzheng keys tag request, hand, take")
	case has != rules.TagKey:
		return fmt.Errorf("SM3 of the signer's tag key is %s, the ledger names %s: tongzheng keys tag take brings the right one", has, rules.TagKey)
	}
	return nil
}

// viewRecords are the governance records of the status view.
type viewRecords struct{ view *statusview.View }

// Record implements registry.Records.
func (r viewRecords) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	record, _, err := r.view.Record(kind, name)
	return record, err
}
