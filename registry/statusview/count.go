package statusview

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// How many licenses have which word changes with the ledger and with the days. What
// is kept is by how many the number changes on which day (registry.Standing.Course),
// by year, month and day: the number of a day is the sum over the years before, the
// months before in its year, and the days up to it in its month. A license costs
// what its own course changes, a sum what the calendar has.

// Spans of a key: what a change is added up over.
const (
	spanYear  = 'y'
	spanMonth = 'm' // counted from year 0
	spanDay   = 'd' // registry.Date
)

// slot is what is counted together.
type slot struct {
	issuer, kind string
	word         registry.Word
}

// key begins the keys of a slot; a span and its number follow.
func (s slot) key() []byte {
	return []byte(s.issuer + "\x00" + s.kind + "\x00" + string(s.word) + "\x00")
}

func spanKey(slot []byte, span byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32(append(bytes.Clone(slot), span), number)
}

// calendar tells in which year and which month, counted from year 0, a day is.
func calendar(day registry.Date) (year, month uint32) {
	t := time.Unix(int64(day)*86400, 0).UTC()
	return uint32(t.Year()), uint32(t.Year()*12 + int(t.Month()) - 1)
}

// course reads the words of a license as the file has it now.
func (t *taking) course(base string) ([]registry.Turn, error) {
	s := &registry.Standing{}
	var err error
	if s.License, err = get[registry.License](t.tx, bucketLicenses, []byte(base)); err != nil {
		return nil, err
	}
	if s.Oversight, err = get[registry.Oversight](t.tx, bucketOversight, []byte(base)); err != nil {
		return nil, err
	}
	return s.Course(), nil
}

// recount takes a license's former course out of the counts, and its present one in.
func (t *taking) recount(base string, before []registry.Turn) error {
	after, err := t.course(base)
	if err != nil || slices.Equal(before, after) {
		return err
	}
	parts := strings.Split(base, ".") // type, issuer, serial
	if len(parts) != 3 {
		return nil
	}
	type change struct {
		word registry.Word
		day  registry.Date
	}
	changes := map[change]int64{}
	for _, course := range []struct {
		turns []registry.Turn
		by    int64
	}{{before, -1}, {after, 1}} {
		for i, turn := range course.turns {
			changes[change{turn.Word, turn.From}] += course.by
			if i > 0 {
				changes[change{course.turns[i-1].Word, turn.From}] -= course.by
			}
		}
	}
	for c, by := range changes {
		if by == 0 {
			continue
		}
		year, month := calendar(c.day)
		key := slot{parts[1], parts[0], c.word}.key()
		for _, k := range [][]byte{spanKey(key, spanYear, year), spanKey(key, spanMonth, month), spanKey(key, spanDay, uint32(c.day))} {
			if err := addTo(t.tx.Bucket(bucketCounts), k, by); err != nil {
				return err
			}
		}
	}
	if before == nil {
		return t.serial(parts[1], parts[2])
	}
	return nil
}

// addTo changes a number; one that is zero is not kept.
func addTo(bucket *bolt.Bucket, key []byte, by int64) error {
	sum := by
	if raw := bucket.Get(key); len(raw) == 8 {
		sum += int64(binary.BigEndian.Uint64(raw))
	}
	if sum == 0 {
		return bucket.Delete(key)
	}
	return bucket.Put(key, binary.BigEndian.AppendUint64(nil, uint64(sum)))
}

// serial keeps the highest counter of an instance's serials. One of another scheme
// is not ours to count.
func (t *taking) serial(issuer, serial string) error {
	if len(serial) <= registry.PrefixLength {
		return nil
	}
	counter, err := strconv.ParseInt(serial[registry.PrefixLength:], 10, 64)
	if err != nil {
		return nil
	}
	key := []byte((&registry.Instance{Issuer: issuer, Prefix: serial[:registry.PrefixLength]}).Name())
	last, err := get[int64](t.tx, bucketSerials, key)
	if err != nil || last != nil && *last >= counter {
		return err
	}
	return put(t.tx, bucketSerials, key, counter)
}

// LastSerial is the highest counter among the serials that the ledger has of an
// instance (registry.Instance.Name); 0 for none.
func (v *View) LastSerial(instance string) (last int64, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketSerials) == nil {
			return uncounted()
		}
		kept, err := get[int64](tx, bucketSerials, []byte(instance))
		if kept != nil {
			last = *kept
		}
		return err
	})
	return last, err
}

func uncounted() error {
	return registry.Errorf(registry.CodeUnavailable, "", "a view of before, opened for reading only, has no counts: start the program on it once")
}

// Counts tells how many licenses of the issuers have which word on a day, by type,
// in one state of the ledger; none is left out.
func (v *View) Counts(issuers []string, day registry.Date) (tallies []registry.Tally, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketCounts) == nil {
			return uncounted()
		}
		for _, issuer := range issuers {
			tallies = append(tallies, countsOf(tx.Bucket(bucketCounts).Cursor(), issuer, day)...)
		}
		return nil
	})
	return tallies, err
}

// countsOf goes from slot to slot, and reads in each what the day needs.
func countsOf(cursor *bolt.Cursor, issuer string, day registry.Date) (tallies []registry.Tally) {
	year, month := calendar(day)
	first := registry.Date(time.Date(int(year), time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	prefix := []byte(issuer + "\x00")
	for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); {
		parts := bytes.SplitN(key, []byte{0}, 4)
		if len(parts) != 4 {
			break
		}
		s := slot{issuer, string(parts[1]), registry.Word(parts[2])}
		at := s.key()
		sum := sumOver(cursor, spanKey(at, spanYear, 0), spanKey(at, spanYear, year)) +
			sumOver(cursor, spanKey(at, spanMonth, year*12), spanKey(at, spanMonth, month)) +
			sumOver(cursor, spanKey(at, spanDay, uint32(first)), spanKey(at, spanDay, uint32(day)+1))
		if sum != 0 {
			tallies = append(tallies, registry.Tally{Issuer: s.issuer, Type: s.kind, Word: s.word, Licenses: int(sum)})
		}
		key, _ = cursor.Seek(append(bytes.Clone(at), spanYear+1)) // the greatest of the spans is behind us
	}
	return tallies
}

func sumOver(cursor *bolt.Cursor, from, until []byte) (sum int64) {
	for key, raw := cursor.Seek(from); key != nil && bytes.Compare(key, until) < 0; key, raw = cursor.Next() {
		sum += int64(binary.BigEndian.Uint64(raw))
	}
	return sum
}

// makeCounts counts license by license.
func makeCounts(tx *bolt.Tx) error {
	t := &taking{tx: tx}
	return tx.Bucket(bucketLicenses).ForEach(func(base, _ []byte) error { return t.recount(string(base), nil) })
}
