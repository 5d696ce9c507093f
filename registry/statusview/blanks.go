package statusview

import (
	"bytes"
	"encoding/binary"
	"strings"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// Which blanks of a stock are used, and what became of their sheets, is counted by
// change: for each number, for each beginning of numbers of one length, two
// characters shorter at a time, and for all. What lies in a range is a sum over
// beginnings: it costs what the numbers are long, not how many are used.

// usesStep is by how many characters each level of beginnings is shorter.
const usesStep = 2

// usesKey is the key of the numbers of one length with a beginning; rest is by how
// much it is shorter.
func usesKey(stock string, length, rest int, beginning string) []byte {
	return append(append([]byte(stock), 0, byte(length), byte(rest)), beginning...)
}

func allUsesKey(stock string) []byte { return usesKey(stock, 0, 0, "") }

// topRest is the rest of the shortest beginnings of numbers of a length.
func topRest(length int) int { return (length - 1) / usesStep * usesStep }

// useBlanks counts what an act did to sheets on numbered blanks.
func (t *taking) useBlanks(in *registry.Intent, before, after *registry.License) error {
	base := in.Identifier.Base()
	if err := t.bindBlanks(base, in); err != nil {
		return err
	}
	was := map[uint32]registry.PrintingState{}
	if before != nil {
		for _, sheet := range before.Printings {
			was[sheet.Number] = sheet.State
		}
	}
	for _, sheet := range after.Printings {
		if err := t.turn(base, sheet.Number, was[sheet.Number], sheet.State); err != nil {
			return err
		}
	}
	return nil
}

// bindBlanks keeps on which blanks an act's sheets are.
func (t *taking) bindBlanks(base string, in *registry.Intent) error {
	for _, p := range in.Printings {
		if p.Blank.Number == "" {
			continue
		}
		blank := registry.StockName(in.Identifier.Type, p.Blank.Form, p.Blank.Run, in.Organization) + "\x00" + p.Blank.Number
		if err := t.tx.Bucket(bucketSheets).Put(chainKey(base, uint64(p.Number)), []byte(blank)); err != nil {
			return err
		}
	}
	return nil
}

// turn takes a sheet's blank from one state to another; what is on plain paper has
// none.
func (t *taking) turn(base string, sheet uint32, from, to registry.PrintingState) error {
	if from == to {
		return nil
	}
	stock, number, ok := strings.Cut(string(t.tx.Bucket(bucketSheets).Get(chainKey(base, uint64(sheet)))), "\x00")
	if !ok {
		return nil
	}
	keys := [][]byte{allUsesKey(stock)}
	for rest := 0; rest < len(number); rest += usesStep {
		keys = append(keys, usesKey(stock, len(number), rest, number[:len(number)-rest]))
	}
	bucket := t.tx.Bucket(bucketUses)
	for _, key := range keys {
		uses := usesOf(bucket.Get(key))
		if from != registry.PrintingNone {
			uses[from]--
		}
		if to != registry.PrintingNone {
			uses[to]++
		}
		if err := bucket.Put(key, usesBytes(uses)); err != nil {
			return err
		}
	}
	return nil
}

func usesBytes(uses registry.Uses) (raw []byte) {
	for _, n := range uses {
		raw = binary.AppendUvarint(raw, uint64(n))
	}
	return raw
}

func usesOf(raw []byte) (uses registry.Uses) {
	for i := 0; i < len(uses) && len(raw) > 0; i++ {
		n, size := binary.Uvarint(raw)
		if size <= 0 {
			break
		}
		uses[i], raw = int(n), raw[size:]
	}
	return uses
}

// BlankUses counts, of the blanks that the acts of a stock's organization took, those
// in each range and all of them, by the present state of their sheets, in one state
// of the ledger.
func (v *View) BlankUses(stock string, ranges []registry.BlankRange) (in []registry.Uses, all registry.Uses, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(bucketUses)
		if bucket == nil {
			return uncounted()
		}
		all = usesOf(bucket.Get(allUsesKey(stock)))
		for _, r := range ranges {
			uses := usesBelow(bucket, stock, r.To).Plus(usesOf(bucket.Get(usesKey(stock, len(r.To), 0, r.To))), 1)
			in = append(in, uses.Plus(usesBelow(bucket, stock, r.From), -1))
		}
		return nil
	})
	return in, all, err
}

// usesBelow counts the used numbers of a number's length before it: level by level
// those with an earlier beginning under the same one.
func usesBelow(bucket *bolt.Bucket, stock, number string) (sum registry.Uses) {
	cursor := bucket.Cursor()
	for rest := topRest(len(number)); rest >= 0; rest -= usesStep {
		beginning := number[:len(number)-rest]
		key, raw := cursor.Seek(usesKey(stock, len(number), rest, beginning[:max(len(beginning)-usesStep, 0)]))
		for until := usesKey(stock, len(number), rest, beginning); key != nil && bytes.Compare(key, until) < 0; key, raw = cursor.Next() {
			sum = sum.Plus(usesOf(raw), 1)
		}
	}
	return sum
}

// UsedBlanks lists the numbers of a range that the acts of a stock's organization
// took, in order; at most limit, all when it is 0.
func (v *View) UsedBlanks(stock string, of registry.BlankRange, limit int) (numbers []string, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(bucketUses)
		if bucket == nil {
			return uncounted()
		}
		if len(of.From) != len(of.To) {
			return nil // no number lies between them
		}
		cursor, last := bucket.Cursor(), usesKey(stock, len(of.To), 0, of.To)
		for key, _ := cursor.Seek(usesKey(stock, len(of.From), 0, of.From)); key != nil && bytes.Compare(key, last) <= 0; key, _ = cursor.Next() {
			numbers = append(numbers, string(key[len(key)-len(of.From):]))
			if len(numbers) == limit {
				break
			}
		}
		return nil
	})
	return numbers, err
}

// makeUses counts used blanks license by license.
func makeUses(tx *bolt.Tx) error {
	t := &taking{tx: tx}
	return tx.Bucket(bucketLicenses).ForEach(func(key, _ []byte) error {
		base := string(key)
		entries, err := chain(tx, bucketEntries, base)
		if err != nil {
			return err
		}
		for _, made := range entries {
			if made.Entry.Intent != nil {
				if err := t.bindBlanks(base, made.Entry.Intent); err != nil {
					return err
				}
			}
		}
		l, err := get[registry.License](tx, bucketLicenses, key)
		if err != nil {
			return err
		}
		for _, sheet := range l.Printings {
			if err := t.turn(base, sheet.Number, registry.PrintingNone, sheet.State); err != nil {
				return err
			}
		}
		return nil
	})
}
