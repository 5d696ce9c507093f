// Package backup copies what a stopped instance cannot lose, and puts it back.
// There are two archives, because one without the other is worth little to a
// thief: the records (database, ledger, the signer's memory) and the secrets
// (keys, the registry's own key, people's key files). Both are gzipped tar files that begin
// with a manifest naming every file with its SM3.
package backup

import (
	"strings"
	"time"

	"tongzheng/registry/sm"
)

// Names inside an archive, and the kinds of archives.
const (
	manifestName = "manifest.json"
	databaseName = "database.dump" // pg_dump's custom format

	Records = "records"
	Secrets = "secrets"
)

// Manifest is the first file of an archive.
type Manifest struct {
	Format int       `json:"format"` // 1
	Kind   string    `json:"kind"`
	Made   time.Time `json:"made"`
	Ledger *Ledger   `json:"ledger,omitempty"` // of the embedded ledger, in records
	Files  []File    `json:"files"`            // in the archive's order
}

// Ledger says where the embedded ledger stood.
type Ledger struct {
	Height uint64    `json:"height"`
	Digest sm.Digest `json:"digest"` // of the last block
}

// File is one file of an archive, by its path in the data folder.
type File struct {
	Name   string    `json:"name"`
	Size   int64     `json:"size"`
	Digest sm.Digest `json:"sm3"`
}

// left are what is made again by itself: copies of what the ledger says, and
// what belongs to a process that runs.
var left = []string{"postgres", "postgres.location", "network", "statusview.db", "replica.db", "signerview.db"}

// secret are what belongs into the other archive.
var secret = []string{"keys", "people", "exchange", "office.key", "token.key", "demo.json", "tls-dev.pem", "tls-dev.key"}

// kindOf sorts a path of the data folder into an archive; empty for none.
func kindOf(path string) string {
	top, _, _ := strings.Cut(path, "/")
	for _, name := range left {
		if top == name || strings.HasSuffix(top, ".lock") || strings.HasSuffix(top, ".sock") || strings.HasPrefix(top, ".") {
			return ""
		}
	}
	for _, name := range secret {
		if top == name {
			return Secrets
		}
	}
	return Records
}
