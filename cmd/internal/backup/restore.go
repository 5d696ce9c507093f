package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tongzheng/chaincode/embedded"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Restored is what Restore did.
type Restored struct {
	Put     []string               `json:"put"`  // files from the archives
	Kept    []string               `json:"kept"` // files that were there already, and stay
	Records *office.Reconciliation // nil where no database was restored
}

// hasDatabase tells whether an archive of records is an instance's.
func (m *Manifest) hasDatabase() bool {
	return slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == databaseName })
}

// Restore puts archives back into a data folder; an empty path leaves one out.
// Files that are there already stay: a ledger or a signer's memory that
// outlived the database is newer than the archive. The database must be empty;
// archives of a signer's folder have none.
// Both archives are checked whole before the first file is put. Afterwards the
// ledger is replayed, rows that are behind follow it, and what is missing is
// named.
func Restore(ctx context.Context, config app.Config, records, secrets string) (*Restored, error) {
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return nil, err
	}
	done := &Restored{}
	folders := map[string]string{}
	defer func() {
		for _, folder := range folders {
			os.RemoveAll(folder)
		}
	}()
	var manifest *Manifest
	for kind, path := range map[string]string{Records: records, Secrets: secrets} {
		if path == "" {
			continue
		}
		m, folder, err := unpack(path, kind, config.Data)
		folders[kind] = folder
		if err != nil {
			return nil, err
		}
		if kind == Records {
			manifest = m
		}
	}
	if manifest != nil && !manifest.hasDatabase() {
		manifest = nil // a signer's folder
	}
	if manifest != nil {
		if err := sameLedger(config.Data, manifest); err != nil {
			return nil, err
		}
		if err := restoreDatabase(ctx, config, filepath.Join(folders[Records], databaseName)); err != nil {
			return nil, err
		}
	}
	for _, folder := range folders {
		if err := done.put(folder, config.Data); err != nil {
			return nil, err
		}
	}
	if manifest == nil {
		return done, nil
	}
	return done, done.reconcile(ctx, config)
}

// sameLedger: a ledger that is there already must go on from where the
// archive's stood.
func sameLedger(data string, m *Manifest) error {
	path := filepath.Join(data, app.LedgerFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || m.Ledger == nil {
		return nil
	}
	ledger, err := embedded.Open(embedded.Config{Path: path, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("%w\n停止服务后再试 stop the server first", err)
	}
	defer ledger.Close()
	digest, err := ledger.Digest(m.Ledger.Height)
	if err != nil || digest != m.Ledger.Digest {
		return registry.Errorf(registry.CodeLedgerDamaged, "", "the ledger in %s does not go on from block %d of the archive (digest %s): it is older, or another one; nothing was restored", path, m.Ledger.Height, m.Ledger.Digest).WithCause(err)
	}
	return nil
}

// put moves files into the data folder.
func (r *Restored) put(from, data string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == databaseName {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(data, name)
		if _, err := os.Stat(target); err == nil {
			if same, err := sameFile(path, target); err != nil || !same {
				r.Kept = append(r.Kept, name)
				return err
			}
			return nil
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		r.Put = append(r.Put, name)
		return os.Rename(path, target)
	})
}

func sameFile(a, b string) (bool, error) {
	var digests [2]sm.Digest
	for i, path := range []string{a, b} {
		s := source{path: path}
		if err := s.measure(); err != nil {
			return false, err
		}
		digests[i] = s.Digest
	}
	return digests[0] == digests[1], nil
}

// reconcile opens the instance, which replays the ledger, and compares. What other members
// read here begins anew: numbers of changes come again that were given out before.
func (r *Restored) reconcile(ctx context.Context, config app.Config) (err error) {
	a, err := app.Open(ctx, config)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Store.Feeds.Renew(ctx); err != nil {
		return err
	}
	r.Records, err = operator.Reconcile(ctx, a, true)
	return err
}
