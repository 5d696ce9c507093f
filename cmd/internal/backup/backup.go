package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tongzheng/chaincode/embedded"
	"tongzheng/cmd/internal/app"
)

// Write makes the two archives of a stopped instance; an empty path leaves one
// out. The database is read first, the ledger after it: a ledger that is newer
// than the rows is mended by Restore, the other way round it could not be.
func Write(ctx context.Context, config app.Config, records, secrets string) (*Manifest, error) {
	ledger, err := walkLedger(ctx, config.Data)
	if err != nil {
		return nil, err
	}
	m := Manifest{Format: 1, Made: time.Now().UTC().Truncate(time.Second), Ledger: ledger}
	if secrets != "" {
		m := Manifest{Format: 1, Kind: Secrets, Made: m.Made}
		sources, err := gather(config.Data, Secrets)
		if err != nil {
			return nil, err
		}
		if err := write(secrets, m, sources); err != nil {
			return nil, err
		}
	}
	if records == "" {
		return &m, nil
	}
	m.Kind = Records
	dump, err := dumpDatabase(ctx, config)
	if err != nil {
		return nil, err
	}
	defer os.Remove(dump)
	sources, err := gather(config.Data, Records)
	if err != nil {
		return nil, err
	}
	return &m, write(records, m, append([]source{{File: File{Name: databaseName}, path: dump}}, sources...))
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
