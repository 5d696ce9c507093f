package chaincode

import (
	"slices"
	"strconv"

	"tongzheng/registry"
)

// Claims are what the contract itself keeps beside the records, so that two of
// them never give away the same thing: a blank number lies in one
// organization's stock at a time and in one member's namespace for ever, a
// status list and a block of license numbers belong to one instance. They are
// written with the order that makes them and never set by anybody.

// StockClaims is who holds which numbers of one print run.
type StockClaims struct {
	Held []Claim `cbor:"1,keyasint"`
	Used []Claim `cbor:"2,keyasint"` // By is a member: where a number may be used, once it was ever allotted

	Spent []Claim `cbor:"3,keyasint,omitempty"` // gone before any use; By is the organization that reported it
}

// Claim is one range and whose it is.
type Claim struct {
	By   string `cbor:"1,keyasint"`
	From string `cbor:"2,keyasint"`
	To   string `cbor:"3,keyasint"`
}

func (c Claim) overlaps(r registry.BlankRange) bool {
	return len(c.From) == len(r.From) && c.From <= r.To && r.From <= c.To
}

// ListClaim is whose a status list is.
type ListClaim struct {
	Instance string `cbor:"1,keyasint"`
}

// NumberClaims is which instance gives out which license numbers of one type.
type NumberClaims struct {
	Held []NumberClaim `cbor:"1,keyasint"`
}

// NumberClaim is one range of a number's sequence and whose it is.
type NumberClaim struct {
	By   string `cbor:"1,keyasint"` // an instance
	From uint64 `cbor:"2,keyasint"`
	To   uint64 `cbor:"3,keyasint"`
}

func (c NumberClaim) overlaps(b registry.NumberBlock) bool { return c.From <= b.To && b.From <= c.To }

func numberClaimKey(typeCode string) string { return "claims/number/" + typeCode }

func stockClaimKey(s *registry.Stock) string {
	return "claims/stock/" + s.Type + "." + s.Form + "." + s.Run
}

func listClaimKey(list uint32) string {
	return "claims/list/" + strconv.FormatUint(uint64(list), 10)
}

// claimKeys lists the keys that claim will read.
func claimKeys(record registry.GovernanceRecord) []string {
	switch r := record.(type) {
	case *registry.Stock:
		return []string{stockClaimKey(r)}
	case *registry.Instance:
		if r.Check() != nil {
			return nil // refused before; the number of lists is bounded
		}
		var keys []string
		for _, list := range r.Lists {
			keys = append(keys, listClaimKey(list))
		}
		for _, b := range r.Numbers {
			keys = append(keys, numberClaimKey(b.Type))
		}
		return keys
	}
	return nil
}

// claim takes what the record gives away, or refuses it.
func (v *view) claim(record registry.GovernanceRecord) error {
	switch r := record.(type) {
	case *registry.Stock:
		return v.claimStock(r)
	case *registry.Instance:
		if err := v.claimNumbers(r); err != nil {
			return err
		}
		for _, list := range r.Lists {
			if held := decodeValue[ListClaim](v.own[listClaimKey(list)]); held != nil && held.Instance != r.Name() {
				return registry.Errorf(registry.CodeListRange, "lists", "status list %d is %s's", list, held.Instance)
			}
		}
		for _, list := range r.Lists {
			v.put(listClaimKey(list), ListClaim{r.Name()})
		}
	}
	return nil
}

func (v *view) claimStock(s *registry.Stock) error {
	key := stockClaimKey(s)
	claims := decodeValue[StockClaims](v.own[key])
	if claims == nil {
		claims = &StockClaims{}
	}
	member := s.Member
	if owner := recordOf[*registry.Organization](v, registry.KindOrganization, s.Organization); member == "" && owner != nil {
		member = owner.Member
	}
	next := StockClaims{Used: slices.Clone(claims.Used)}
	for _, c := range claims.Spent {
		if c.By != s.Organization {
			next.Spent = append(next.Spent, c)
		}
	}
	others := len(next.Spent)
	for _, gone := range s.Spent {
		next.Spent = append(next.Spent, Claim{s.Organization, gone.Of.From, gone.Of.To})
	}
	for _, c := range claims.Held {
		if c.By != s.Organization {
			next.Held = append(next.Held, c)
		}
	}
	for i, r := range s.Ranges {
		if slices.ContainsFunc(next.Held, func(c Claim) bool { return c.overlaps(r) }) ||
			slices.ContainsFunc(claims.Used, func(c Claim) bool { return c.By != member && c.overlaps(r) }) {
			return registry.Errorf(registry.CodeBlankStock, "ranges", "range %d lies in another organization's stock", i+1)
		}
		if slices.ContainsFunc(next.Spent[:others], func(c Claim) bool { return c.overlaps(r) }) {
			return registry.Errorf(registry.CodeBlankStock, "ranges", "range %d has blanks that are gone", i+1)
		}
		next.Held = append(next.Held, Claim{s.Organization, r.From, r.To})
		if used := (Claim{member, r.From, r.To}); !slices.Contains(next.Used, used) {
			next.Used = append(next.Used, used)
		}
	}
	v.put(key, next)
	return nil
}

// claimNumbers takes the instance's number blocks. They stay its own, as status
// lists do: what it does not give out is a gap.
func (v *view) claimNumbers(i *registry.Instance) error {
	for n, b := range i.Numbers {
		claims := decodeValue[NumberClaims](v.own[numberClaimKey(b.Type)])
		if claims != nil && slices.ContainsFunc(claims.Held, func(c NumberClaim) bool { return c.By != i.Name() && c.overlaps(b) }) {
			return registry.Errorf(registry.CodeNumberBlock, "numbers", "block %d has numbers of another instance", n+1)
		}
	}
	for _, b := range i.Numbers {
		var claims NumberClaims
		if held := decodeValue[NumberClaims](v.own[numberClaimKey(b.Type)]); held != nil {
			claims = *held
		}
		if own := (NumberClaim{i.Name(), b.From, b.To}); !slices.Contains(claims.Held, own) {
			claims.Held = append(claims.Held, own)
			v.put(numberClaimKey(b.Type), claims)
		}
	}
	return nil
}
