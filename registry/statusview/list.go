package statusview

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// chunk is how many bytes of codes stand in one value of the file: an act writes
// one or two of them, whatever the length of the list.
const chunk = 1024

// journalMost is how many changes of one list are remembered for those who have
// an older state; more than that are told in full.
const journalMost = 4096

// lists are the codes of all status lists, kept by change: what an entry touches
// is judged anew, nothing else. The file has the same in chunks.
type lists struct {
	mu    sync.Mutex
	known map[uint32]*registry.ListState
}

// placed is a printing with its place.
type placed struct {
	identifier registry.Identifier
	printing   registry.Printing
}

// Lists returns the status lists in one state of the ledger, by their numbers,
// and the newest block that this state holds. The codes are the caller's own.
// CodeInternal for a view that does not keep them (Config.Lists).
func (v *View) Lists() ([]registry.ListState, registry.Block, error) {
	if !v.config.Lists {
		return nil, registry.Block{}, registry.Errorf(registry.CodeInternal, "", "this view keeps no status lists")
	}
	v.lists.mu.Lock()
	defer v.lists.mu.Unlock()
	var all []registry.ListState
	for _, list := range slices.Sorted(maps.Keys(v.lists.known)) {
		state := *v.lists.known[list]
		state.Codes, state.Changes = bytes.Clone(state.Codes), slices.Clone(state.Changes)
		all = append(all, state)
	}
	return all, v.Newest(), nil
}

// LastPlace is the highest place of a status list that the ledger has given, and
// whether there is any.
func (v *View) LastPlace(list uint32) (index uint32, any bool, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(bucketLists).Cursor()
		key, _ := cursor.Seek(binary.BigEndian.AppendUint64(nil, (uint64(list)+1)<<32))
		if key == nil {
			key, _ = cursor.Last()
		} else {
			key, _ = cursor.Prev()
		}
		if any = len(key) == 8 && binary.BigEndian.Uint32(key) == list; any {
			index = binary.BigEndian.Uint32(key[4:])
		}
		return nil
	})
	return index, any, err
}

// Place tells whose a place in a status list is; nil while it is free.
func (v *View) Place(list, index uint32) (found *registry.Placed, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		found, err = get[registry.Placed](tx, bucketLists, listKey(list, index))
		return err
	})
	return found, err
}

// takePlaces keeps whose the places of an act's printings are. A place stays with
// the first who had it: another license's sheet does not speak for it.
func (t *taking) takePlaces(in *registry.Intent) error {
	for _, p := range in.Printings {
		key := listKey(p.List, p.Index)
		if t.tx.Bucket(bucketLists).Get(key) != nil {
			continue
		}
		if err := put(t.tx, bucketLists, key, registry.Placed{Identifier: in.Identifier, Printing: p.Number}); err != nil {
			return err
		}
	}
	return nil
}

// recode judges the places of a license anew.
func (t *taking) recode(base string) error {
	if !t.lists {
		return nil
	}
	standing, places, err := placesOf(t.tx, base)
	if err != nil {
		return err
	}
	for _, p := range places {
		key := listKey(p.printing.List, p.printing.Index)
		if first, err := get[registry.Placed](t.tx, bucketLists, key); err != nil || first == nil || first.Identifier != p.identifier || first.Printing != p.printing.Number {
			if err != nil {
				return err
			}
			continue
		}
		if err := t.setCode(p.printing.List, p.printing.Index, standing.ListCodeOf(p.identifier, p.printing.Number)); err != nil {
			return err
		}
	}
	return nil
}

// setCode writes a code where it changed.
func (t *taking) setCode(list, index uint32, code registry.ListCode) error {
	if index >= registry.StatusListSize {
		return nil
	}
	key, within := listKey(list, index/(2*chunk)), index%(2*chunk)
	codes := registry.ListCodes(bytes.Clone(t.tx.Bucket(bucketCodes).Get(key)))
	if codes.Get(within) == code {
		return nil
	}
	t.changes = append(t.changes, change{list, registry.ChangedCode{Height: t.at.Height, Index: index, Code: code}})
	return t.tx.Bucket(bucketCodes).Put(key, codes.Set(within, code))
}

// change is one code of one list that an entry changed.
type change struct {
	list uint32
	what registry.ChangedCode
}

// placesOf reads a license's standing without its entries, and its printings.
func placesOf(tx *bolt.Tx, base string) (*registry.Standing, []placed, error) {
	s := &registry.Standing{}
	var err error
	if s.License, err = get[registry.License](tx, bucketLicenses, []byte(base)); err != nil {
		return nil, nil, err
	}
	if s.Oversight, err = get[registry.Oversight](tx, bucketOversight, []byte(base)); err != nil {
		return nil, nil, err
	}
	entries, err := chain(tx, bucketEntries, base)
	var places []placed
	for _, a := range entries {
		if in := a.Entry.Intent; in != nil {
			for _, p := range in.Printings {
				places = append(places, placed{in.Identifier, p})
			}
		}
	}
	return s, places, err
}

// changed lays what a write of the file changed over what is in memory. The caller
// holds the lock.
func (l *lists) changed(changes []change) {
	for _, c := range changes {
		state := l.state(c.list)
		state.Codes, state.Changed = state.Codes.Set(c.what.Index, c.what.Code), c.what.Height
		if state.Changes = append(state.Changes, c.what); len(state.Changes) > journalMost {
			half := len(state.Changes) / 2
			state.Since = state.Changes[half-1].Height // what is left tells nothing of the states before it
			state.Changes = slices.Clone(state.Changes[half:])
		}
	}
}

func (l *lists) state(list uint32) *registry.ListState {
	if l.known == nil {
		l.known = map[uint32]*registry.ListState{}
	}
	state := l.known[list]
	if state == nil {
		state = &registry.ListState{List: list}
		l.known[list] = state
	}
	return state
}

// loadLists reads the codes into memory. A file from before they were kept by
// change has them made once, license by license.
func (v *View) loadLists() error {
	made := false
	if err := v.db.View(func(tx *bolt.Tx) error { made = tx.Bucket(bucketCodes) != nil; return nil }); err != nil {
		return err
	}
	switch {
	case !v.config.Lists && made: // they would fall behind
		return v.db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketCodes) })
	case !v.config.Lists:
		return nil
	case !made:
		if err := v.db.Update(makeCodes); err != nil {
			return err
		}
	}
	return v.db.View(func(tx *bolt.Tx) error {
		at, err := readCheckpoint(tx)
		if err != nil {
			return err
		}
		return tx.Bucket(bucketCodes).ForEach(func(key, codes []byte) error {
			list, part := binary.BigEndian.Uint32(key), int(binary.BigEndian.Uint32(key[4:]))
			state := v.lists.state(list)
			state.Changed, state.Since = at.Height, at.Height
			if missing := part*chunk - len(state.Codes); missing > 0 {
				state.Codes = append(state.Codes, make([]byte, missing)...)
			}
			state.Codes = append(state.Codes, codes...)
			return nil
		})
	})
}

func makeCodes(tx *bolt.Tx) error {
	if _, err := tx.CreateBucket(bucketCodes); err != nil {
		return err
	}
	at, err := readCheckpoint(tx)
	if err != nil {
		return err
	}
	t := &taking{tx: tx, at: at, lists: true}
	return tx.Bucket(bucketLicenses).ForEach(func(base, _ []byte) error { return t.recode(string(base)) })
}
