// Package operating is what the operator's routes work on and the office does
// not have: accounts in the store, seals and use log at the signer, the catalog,
// files of the data folder. It implements the ports of api/operate and orders
// records through the office; it opens nothing.
package operating

import (
	"context"
	"strings"
	"time"

	"tongzheng/api/operate"
	"tongzheng/api/resource"
	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/list"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/signer"
	"tongzheng/signer/remote"
)

// Records are the governance records as the status view has them.
type Records interface {
	Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error)
}

// Config is what is open.
type Config struct {
	Data      string // folder of the lists of holders
	Accounts  *postgres.Accounts
	Catalog   Catalog
	Records   Records
	Governing *office.Governing
	Signer    remote.Sealer
	Maker     SealMaker
	Clock     func() time.Time
}

// Ports are the operator's ports over it.
func Ports(c Config) operate.Ports {
	return operate.Ports{Accounts: accounts{c.Accounts, c.Clock}, Seals: seals{c}, Types: types{c}, UseLog: UseLog(ofSigner(c.Signer)),
		Holders: Holders{c.Data, c.Clock}, Tables: Tables{}}
}

// UseLog reads a signer's log.
type UseLog func(fn func(signer.LogLine) error) (signer.LogHead, error)

// Read implements operate.UseLog.
func (l UseLog) Read(fn func(resource.LogLine) error) (resource.LogHead, error) {
	head, err := l(func(line signer.LogLine) error { return fn(resource.LogLine(line)) })
	return resource.LogHead(head), err
}

func ofSigner(sealer remote.Sealer) UseLog {
	return func(fn func(signer.LogLine) error) (signer.LogHead, error) {
		service, ok := sealer.(*signer.Service)
		if !ok {
			return signer.LogHead{}, registry.Errorf(registry.CodeMalformed, "", "the keys are in a signer process: name its folder with --data")
		}
		return service.ReadLog(fn)
	}
}

// Holders keeps the lists of holders under watch in a data folder.
type Holders struct {
	Data  string
	Clock func() time.Time
}

// Replace implements operate.Holders.
func (h Holders) Replace(_ context.Context, table *list.Table) (int, error) {
	return tables.ReplaceWatchList(h.Data, table, registry.DateOf(h.Clock()))
}

// TableType is the media type of a table, told from its bytes; its file is
// named .xlsx or .csv, either of the two. Of another kind of file it says what to do.
func TableType(extension string, file []byte) (string, error) {
	if err := tables.Refuse(file); err != nil {
		return "", err
	}
	switch extension = strings.ToLower(extension); {
	case extension != ".xlsx" && extension != ".csv":
		return "", registry.Errorf(registry.CodeMalformed, "file", "want .xlsx or .csv")
	case tables.IsWorkbook(file):
		return operate.Workbook, nil
	case extension == ".xlsx":
		return "", registry.Errorf(registry.CodeMalformed, "file", "不是 .xlsx 工作簿 not an .xlsx workbook")
	}
	return operate.CSV, nil
}

// Tables reads tables.
type Tables struct{}

// Decode implements operate.Tables.
func (Tables) Decode(contentType string, file []byte) (*list.Table, error) {
	if err := tables.Refuse(file); err != nil {
		return nil, err
	}
	if (contentType == operate.Workbook) != tables.IsWorkbook(file) {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "内容与所称类型不符 not what it is said to be, %s", contentType)
	}
	return tables.Decode(file)
}
