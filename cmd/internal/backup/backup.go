package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/chaincode/embedded"
	"tongzheng/cmd/internal/app"
)

// What says which archives to make; an empty path leaves one out.
type What struct {
	Records, Secrets string
	// SignerOnly: the data folder is a signer process's, which has no database.
	SignerOnly bool
}

// Write makes the two archives. An instance with an embedded ledger, and a
// signer, do not run meanwhile: their files would change. The database is read
// first, the ledger after it: a ledger that is newer than the rows is mended by
// Restore, the other way round it could not be.
func Write(ctx context.Context, config app.Config, what What) (*Manifest, error) {
	records, secrets := what.Records, what.Secrets
	ledger, err := walkLedger(ctx, config.Data)
	if err != nil {
		return nil, err
	}
	resting, err := restingSigner(config.Data)
	if err != nil {
		return nil, err
	}
	defer resting()
	m := Manifest{Format: 1, Made: time.Now().UTC().Truncate(time.Second), Ledger: ledger}
	if secrets != "" {
		m := Manifest{Format: 1, Kind: Secrets, Made: m.Made}
		sources, err := gather(config.Data, Secrets)
		if err != nil {
			return nil, err
		}
		if err := write(secrets, &m, sources); err != nil {
			return nil, err
		}
	}
	if records == "" {
		return &m, nil
	}
	m.Kind = Records
	if what.SignerOnly {
		sources, err := gather(config.Data, Records)
		if err != nil {
			return nil, err
		}
		return &m, write(records, &m, sources)
	}
	dump, err := dumpDatabase(ctx, config)
	if err != nil {
		return nil, err
	}
	defer os.Remove(dump)
	sources, err := gather(config.Data, Records)
	if err != nil {
		return nil, err
	}
	return &m, write(records, &m, append([]source{{File: File{Name: databaseName}, path: dump}}, sources...))
}

// walkLedger walks the embedded ledger and says where it stands; nil when the
// instance has none. With a server running it is out of reach.
func walkLedger(ctx context.Context, data string) (*Ledger, error) {
	path := filepath.Join(data, app.LedgerFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	ledger, err := embedded.Open(embedded.Config{Path: path, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("%w\n停止服务后再试 stop the server first", err)
	}
	defer ledger.Close()
	report, err := ledger.Verify(ctx)
	if err != nil {
		return nil, err
	}
	return &Ledger{Height: report.Height, Digest: report.Digest}, nil
}

// restingSigner holds the signer's memory as long as its folder is read, so that
// no signer writes it; there may be none in the folder.
func restingSigner(data string) (release func(), err error) {
	path := filepath.Join(data, app.SignerFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: 2 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n先停止签名进程 stop the signer first", path, err)
	}
	return func() { _ = db.Close() }, nil // read only: nothing can be lost
}

// gather lists the files of a data folder that belong into an archive.
func gather(data, kind string) (sources []source, err error) {
	err = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(data, path)
		if err != nil || name == "." {
			return err
		}
		name = filepath.ToSlash(name)
		if kindOf(name) == "" && entry.IsDir() {
			return fs.SkipDir
		}
		if entry.Type().IsRegular() && kindOf(name) == kind {
			sources = append(sources, source{File: File{Name: name}, path: path})
		}
		return nil
	})
	return sources, err
}
