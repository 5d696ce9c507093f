package registry

import (
	"cmp"
	"slices"
	"strconv"
)

// NumberBlock (号段) is a range of license numbers that one instance gives out:
// the {seq} of its type's number rule, both ends included. The ledger
// gives a number to one instance, which keeps it. Since RulesOfRelations.
type NumberBlock struct {
	Type string `cbor:"1,keyasint" json:"type"` // license type code
	From uint64 `cbor:"2,keyasint" json:"from"` // from 1
	To   uint64 `cbor:"3,keyasint" json:"to"`
}

// Bounds of an instance's number blocks.
const (
	maxBlocks   = 256
	maxSequence = 999_999_999_999_999
)

// Overlaps tells whether two blocks have a number in common.
func (b NumberBlock) Overlaps(o NumberBlock) bool {
	return b.Type == o.Type && b.From <= o.To && o.From <= b.To
}

func (b NumberBlock) holds(sequence uint64) bool { return b.From <= sequence && sequence <= b.To }

// checkNumbers tells whether the instance's blocks are well formed.
func (i *Instance) checkNumbers() error {
	if len(i.Numbers) > maxBlocks {
		return recordError("numbers", "at most %d number blocks", maxBlocks)
	}
	for n, b := range i.Numbers {
		if !typeForm.MatchString(b.Type) || b.From == 0 || b.To < b.From || b.To > maxSequence {
			return recordError("numbers", "block %d: a type code, from 1 or more, upward", n+1)
		}
		if slices.ContainsFunc(i.Numbers[:n], b.Overlaps) {
			return recordError("numbers", "block %d has numbers of an earlier one", n+1)
		}
	}
	return nil
}

// Blocks are the instance's number blocks of a type, in ascending order; none for
// a nil instance.
func (i *Instance) Blocks(typeCode string) (blocks []NumberBlock) {
	if i == nil {
		return nil
	}
	for _, b := range i.Numbers {
		if b.Type == typeCode {
			blocks = append(blocks, b)
		}
	}
	slices.SortFunc(blocks, func(a, b NumberBlock) int { return cmp.Compare(a.From, b.From) })
	return blocks
}

// CheckNumber tells whether a version may bear a number: it has the form of the
// type's rule (CodeNumberForm), and is the issuer's to give (CodeNumberRange), so
// that no two members give the same one. A number with a region has the issuer's
// own. Where the instance has blocks of the type the number lies in one of them;
// where the rule names no region and the ledger has several members it must have
// one. Numbers without a sequence are made of what the license says and nobody
// divides them. before is the number that the license bore, or that of the license
// which this one continues: it stays, as do the numbers of what exists on paper.
func (p *Powers) CheckNumber(in *Intent, t *LicenseType, number, before string) error {
	region, sequence, err := t.Number.read(number)
	if err != nil || in.Existed() || number == before {
		return err
	}
	if own := p.Issuer.numberRegion(); region != "" && region != own {
		return Errorf(CodeNumberRange, "number", "the number names region %s, the issuer's is %s: leave it out to have one made", region, own)
	}
	if sequence == "" {
		return nil
	}
	blocks := p.Instance.Blocks(t.Code)
	n, err := strconv.ParseUint(sequence, 10, 64)
	switch {
	case err != nil:
		return Errorf(CodeNumberForm, "number", "sequence %s", sequence)
	case len(blocks) == 0 && region == "" && p.Rules != nil && len(p.Rules.Members) > 1:
		return Errorf(CodeNumberRange, "number", "no number block of type %s: several members give its numbers, ask the city for a block", t.Code)
	case len(blocks) > 0 && !slices.ContainsFunc(blocks, func(b NumberBlock) bool { return b.holds(n) }):
		return Errorf(CodeNumberRange, "number", "%s lies in none of this instance's number blocks: leave it out to have one made", sequence)
	}
	return nil
}

// DrawsNumber tells whether the application's version gets a number made by the
// type's rule. present is nil for an issue.
func (app *Application) DrawsNumber(t *LicenseType, present *Facts) bool {
	return app.Act.MakesVersion() && app.Number == "" && (present == nil || present.Number == "" || !app.keepsNumber(t))
}

// keepsNumber: a number survives as the type says, into a license that replaces
// another one, too; a correction mends it at most.
func (app *Application) keepsNumber(t *LicenseType) bool {
	act := app.Act
	if app.Closes != nil {
		act = app.Closes.As
	}
	return t.Number.Survives || act == Correct
}

// firstSequence is the first that the instance may give of a type; 1 for a nil
// instance.
func (i *Instance) firstSequence(t *LicenseType) int {
	if blocks := i.Blocks(t.Code); len(blocks) > 0 {
		return int(blocks[0].From)
	}
	return 1
}
