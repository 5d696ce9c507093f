package statusview

import (
	"bytes"
	"context"
	"encoding/binary"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// Lists names the status lists that have printings, in order.
func (v *View) Lists() ([]uint32, error) {
	var lists []uint32
	err := v.db.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(bucketLists).Cursor()
		for key, _ := cursor.First(); len(key) == 8; {
			list := binary.BigEndian.Uint32(key)
			lists = append(lists, list)
			if list == ^uint32(0) {
				break
			}
			key, _ = cursor.Seek(binary.BigEndian.AppendUint32(nil, list+1))
		}
		return nil
	})
	return lists, err
}

// ListCodes reads the codes of all printings of a list in one consistent state
// of the ledger, at the height returned.
func (v *View) ListCodes(ctx context.Context, list uint32) (codes registry.ListCodes, height uint64, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		at, err := readCheckpoint(tx)
		if err != nil {
			return err
		}
		height = at.Height
		prefix := binary.BigEndian.AppendUint32(nil, list)
		cursor := tx.Bucket(bucketLists).Cursor()
		for key, raw := cursor.Seek(prefix); bytes.HasPrefix(key, prefix) && len(key) == 8; key, raw = cursor.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			code, err := listed(tx, raw)
			if err != nil {
				return err
			}
			codes = codes.Set(binary.BigEndian.Uint32(key[4:]), code)
		}
		return nil
	})
	return codes, height, err
}

// listed tells the code of one printing.
func listed(tx *bolt.Tx, raw []byte) (registry.ListCode, error) {
	var printing Listed
	if err := registry.Decode(bytes.Clone(raw), &printing); err != nil {
		return 0, err
	}
	base := []byte(printing.Identifier.Base())
	s := &registry.Standing{}
	var err error
	if s.License, err = get[registry.License](tx, bucketLicenses, base); err != nil {
		return 0, err
	}
	if s.Oversight, err = get[registry.Oversight](tx, bucketOversight, base); err != nil {
		return 0, err
	}
	return s.ListCodeOf(printing.Identifier, printing.Printing), nil
}
