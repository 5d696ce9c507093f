package operate

import (
	"context"

	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/list"
)

// Ports are what the office does not have.
type Ports struct {
	Accounts Accounts
	Seals    Seals
	Types    Types
	UseLog   UseLog
	Holders  Holders
	Tables   Tables

	Certificates Certificates
}

// Certificates tells when certificates end.
type Certificates interface {
	// Certificates lists those of the instance, the one that ends first before the
	// others.
	Certificates(ctx context.Context) (*resource.CertificateList, error)
}

// Accounts keeps staff accounts. Errors are coded: CodeNotFound for an unknown
// login, CodeStale for one that is taken, CodeMalformed for what cannot be kept.
type Accounts interface {
	// List lists the accounts of an organization, of all for "", by login.
	List(ctx context.Context, organization string) ([]resource.Account, error)
	// Create makes an account; the password that it chooses is told once.
	Create(ctx context.Context, draft resource.AccountDraft) (*resource.NewAccount, error)
	// NewPassword replaces an account's password; its sessions end.
	NewPassword(ctx context.Context, login string) (string, error)
	// NewKey makes an API key that can do what its account can.
	NewKey(ctx context.Context, login string, draft resource.APIKeyDraft) (string, error)
	// Lock locks an account or lets it in again; its sessions end.
	Lock(ctx context.Context, login string, locked bool) error
}

// Seals gives seals to the signer and orders their records. Orders may wait for
// governors: the error is *office.Awaiting then, beside the result.
type Seals interface {
	// Import gives a filed seal to the signer and puts it on the ledger.
	Import(ctx context.Context, by registry.Actor, seal resource.SealImport) (*resource.SealFiled, error)
	// Renew makes a development seal in the place of another, which is retired.
	// CodeForbidden where the signer makes none.
	Renew(ctx context.Context, by registry.Actor, id string, renewal resource.SealRenewal) (*resource.SealRenewed, error)
}

// Types is the catalog.
type Types interface {
	// Set puts entries into the catalog and orders those records of them that
	// the ledger lacks; it returns how many. The orders may wait for governors:
	// the error is *office.Awaiting then.
	Set(ctx context.Context, by registry.Actor, catalog []*registry.LicenseType, basis string) (ordered int, err error)
}

// UseLog is the signer's log of every use of a key.
type UseLog interface {
	// Read walks the whole chain and calls fn for every line; it returns the
	// head of an intact chain. CodeLedgerDamaged for a broken one, CodeMalformed
	// when the log is in another process.
	Read(fn func(resource.LogLine) error) (resource.LogHead, error)
}

// Holders are the lists of holders under watch.
type Holders interface {
	// Replace puts another table in their place, once all of it can be read. It
	// returns how many holders are listed.
	Replace(ctx context.Context, table *list.Table) (int, error)
}

// Tables reads the tables that offices hand in.
type Tables interface {
	// Decode reads a file of media type CSV or Workbook, of the latter the first
	// visible sheet; of every other kind of file it says what to do.
	// CodeMalformed, CodeTooLarge.
	Decode(contentType string, file []byte) (*list.Table, error)
}

// Media types of tables.
const (
	CSV      = "text/csv" // UTF-8, UTF-16 or GB 18030
	Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)
