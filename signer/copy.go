package signer

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
)

// Copy is the signer's own copy of the ledger: what it composes from. It is built
// from the blocks of its member's peer or, on a single-node ledger, from the commits
// that the registry hands over and the signer executes again.
type Copy interface {
	// Standing is what the ledger says of a license, by its identifier without
	// version; one without a License for what was never anchored.
	Standing(base string) (*registry.Standing, error)
	// Lists are the status lists in one state of the ledger.
	Lists() ([]registry.ListState, registry.Block, error)
	// Place tells whose a place in a status list is; nil while it is free.
	Place(list, index uint32) (*registry.Placed, error)
	// Records lists the governance records of a kind.
	Records(kind registry.RecordKind) ([]registry.GovernanceRecord, error)
	// Newest is the newest block in the copy.
	Newest() registry.Block
	// Behind tells why the copy may lack what the ledger has: CodeUnavailable.
	Behind() error
}

// Attester is what the signer says of the ledger: lists, publications, statements,
// heads of bundles, and the tokens that address a sheet. It composes what it signs
// from its copy, and takes from the registry no more than what is asked.
type Attester struct {
	cfg        *ServiceConfig
	service    *Service
	publishing publishing
}

// Attester says what this signer's copy of the ledger says.
func (s *Service) Attester() *Attester { return s.attester }

// copied is the copy, when it is there and not behind the ledger.
func (a *Attester) copied() (Copy, error) {
	if a.cfg.Copy == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "this signer keeps no copy of the ledger: it says nothing of it")
	}
	return a.cfg.Copy, a.cfg.Copy.Behind()
}

// knowledge says how old the copy is. What is older than MostValid is unknown:
// whoever runs the registry lets the ledger's heart beat (Publication).
func (a *Attester) knowledge(c Copy, now time.Time) registry.Knowledge {
	block := c.Newest()
	k := registry.Knowledge{AsOf: time.Unix(block.Time, 0), Height: block.Height}
	if now.Sub(k.AsOf) > registry.MostValid {
		k.Stale, k.Reason = true, "the newest block is of "+k.AsOf.In(registry.China).Format("2006-01-02 15:04:05")
	}
	return k
}

// service is the record of a member's registry; nil where the ledger has none.
func (s *Service) service(ctx context.Context, member string) (*registry.Service, error) {
	return registry.RecordOf[*registry.Service](s.law(ctx).Records, registry.KindService, member)
}

// member is whose namespace an organization's licenses stand in.
func (s *Service) member(ctx context.Context, organization string) (string, error) {
	record, err := registry.RecordOf[*registry.Organization](s.law(ctx).Records, registry.KindOrganization, organization)
	if err == nil && record == nil {
		err = registry.Errorf(registry.CodeOrganization, "identifier", "issuer %s is not registered", organization)
	}
	if err != nil {
		return "", err
	}
	return record.Member, nil
}

// address is where codes of an issuer's licenses lead to, as the
// ledger says; under rules that know no service, and nowhere else, it is what the
// registry says.
func (s *Service) address(ctx context.Context, issuer, said string) (string, error) {
	rules, err := s.law(ctx).Rules()
	if err != nil {
		return "", err
	}
	if !rules.Since(registry.RulesOfRelations) {
		return said, nil
	}
	member, err := s.member(ctx, issuer)
	if err != nil {
		return "", err
	}
	service, err := s.service(ctx, member)
	switch {
	case err != nil:
		return "", err
	case service == nil:
		return "", registry.Errorf(registry.CodeUnavailable, "service", "the ledger does not say where the registry of %s is reached: the city records it (service)", member)
	}
	return service.OnPaper(), nil
}

// speaksAt is the address of the registry in whose name this signer speaks of an
// issuer's license: that of the issuer's member where it is run here.
func (a *Attester) speaksAt(ctx context.Context, c Copy, issuer, said string) (string, error) {
	members, err := a.publishes(c)
	if err != nil {
		return "", err
	}
	member, err := a.service.member(ctx, issuer)
	if err != nil {
		return "", err
	}
	if len(members) == 0 {
		return a.service.address(ctx, issuer, said)
	}
	if !slices.Contains(members, member) {
		member = members[0]
	}
	service, err := a.service.service(ctx, member)
	if err != nil || service == nil {
		return "", err
	}
	return service.Public, nil
}

// holds tells whether the organization's act key is here.
func (c *ServiceConfig) holds(organization string) bool {
	_, ok := c.Keys.Current(ActLabel(organization))
	return ok
}

// mine are the numbers of the status lists that this signer answers for, with their
// members: those of issuers whose act keys are here.
func (a *Attester) mine(ctx context.Context, c Copy) (map[uint32]string, error) {
	records, err := c.Records(registry.KindInstance)
	if err != nil {
		return nil, err
	}
	lists := map[uint32]string{}
	for _, record := range records {
		instance, ok := record.(*registry.Instance)
		if !ok || !a.cfg.holds(instance.Issuer) {
			continue
		}
		member, err := a.service.member(ctx, instance.Issuer)
		if err != nil {
			return nil, err
		}
		for _, list := range instance.Lists {
			lists[list] = member
		}
	}
	return lists, nil
}

// publishes are the members whose registry is run by an organization of this signer.
func (a *Attester) publishes(c Copy) (members []string, err error) {
	records, err := c.Records(registry.KindService)
	for _, record := range records {
		if service, ok := record.(*registry.Service); ok && a.cfg.holds(service.Operator) {
			members = append(members, service.Member)
		}
	}
	slices.Sort(members)
	return members, err
}

// freePlaces refuses an act whose printings would take the place of another sheet in
// a status list: it would answer for that one, too.
func (s *Service) freePlaces(in *registry.Intent) error {
	err := s.db.View(func(tx *bbolt.Tx) error {
		for _, p := range in.Printings {
			if err := checkPlace(tx, p, printingKey(in.Identifier, p.Number)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || s.cfg.Copy == nil {
		return err
	}
	for _, p := range in.Printings {
		placed, err := s.cfg.Copy.Place(p.List, p.Index)
		if err != nil {
			return err
		}
		if placed != nil && (placed.Identifier.Base() != in.Identifier.Base() || placed.Printing != p.Number) {
			return placeTaken(p)
		}
	}
	return nil
}

// checkPlace refuses a place that this signer gave to another sheet, in the ledger or
// not. A refused attempt gives it up to nobody.
func checkPlace(tx *bbolt.Tx, p registry.Printing, sheet []byte) error {
	if taken := tx.Bucket(bucketPlaces).Get(placeKey(p)); taken != nil && !bytes.Equal(taken, sheet) {
		return placeTaken(p)
	}
	return nil
}

func placeKey(p registry.Printing) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, p.List), p.Index)
}

func placeTaken(p registry.Printing) error {
	return registry.Errorf(registry.CodeListRange, "printings", "place %d of status list %d belongs to another sheet", p.Index, p.List)
}
