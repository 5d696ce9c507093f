package directory

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// kept is what was fetched of a member: its papers are verified by it also when the
// member is down, or gone.
type kept struct {
	Member string              `json:"member"`
	Keys   registry.MemberKeys `json:"keys"`
	Number uint64              `json:"number"`
	Taken  time.Time           `json:"taken"`
	Fits   sm.Digest           `json:"fits"` // what of the ledger's record it was held against
}

const (
	keptSuffix = ".json"
	ownFile    = "own"
)

func (k *kept) write(folder string) error {
	raw, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(folder, hex.EncodeToString([]byte(k.Member))+keptSuffix, raw)
}

// writeFile replaces a file as a whole: a crash leaves the one before.
func writeFile(folder, name string, raw []byte) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	next, err := os.CreateTemp(folder, name+".*")
	if err != nil {
		return err
	}
	_, err = next.Write(raw)
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}

// readKept reads what is kept of members. A damaged file is passed over: it is fetched
// again.
func readKept(folder string) (map[string]*kept, error) {
	held := map[string]*kept{}
	names, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("members' keys: %w", err)
	}
	for _, entry := range names {
		if !strings.HasSuffix(entry.Name(), keptSuffix) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("members' keys: %w", err)
		}
		k := new(kept)
		if json.Unmarshal(raw, k) == nil && k.Member != "" {
			held[k.Member] = k
		}
	}
	return held, nil
}

// rememberOwn adds the present digest of this registry's anchors to those that they
// ever had: the ledger may still name an earlier one.
func rememberOwn(folder string, now sm.Digest) ([]sm.Digest, error) {
	var own []sm.Digest
	raw, err := os.ReadFile(filepath.Join(folder, ownFile))
	if err == nil {
		err = json.Unmarshal(raw, &own)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("members' keys: %w", err)
	}
	if slices.Contains(own, now) {
		return own, nil
	}
	own = append(own, now)
	if raw, err = json.Marshal(own); err != nil {
		return nil, err
	}
	return own, writeFile(folder, ownFile, raw)
}
