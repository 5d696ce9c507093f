package signer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// Records is the ledger as the signer reads it: committed governance records
// (approver keys, control policies, organizations, grants, seals) and licenses.
// What is absent is nil without an error; a ledger out of reach is
// registry.CodeUnavailable. The signer must not be given the registry's own
// copy: it is the registry that it guards against.
type Records interface {
	Record(ctx context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error)
	// License returns a license, by its identifier without version, as a
	// member's namespace keeps it.
	License(ctx context.Context, namespace, base string) (*registry.License, error)
}

// LedgerRecords reads records from a ledger client.
type LedgerRecords struct {
	Ledger interface {
		Read(ctx context.Context, namespace string, keys []string) ([][]byte, error)
	}
}

// Record implements Records.
func (l LedgerRecords) Record(ctx context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	value, err := l.read(ctx, registry.Governance, registry.RecordKey(kind, name))
	if err != nil || value == nil {
		return nil, nil, err
	}
	return registry.DecodeStored(kind, value)
}

// License implements Records.
func (l LedgerRecords) License(ctx context.Context, namespace, base string) (*registry.License, error) {
	value, err := l.read(ctx, namespace, registry.LicenseKey(base))
	if err != nil || value == nil {
		return nil, err
	}
	return registry.DecodeLicense(value)
}

func (l LedgerRecords) read(ctx context.Context, namespace, key string) ([]byte, error) {
	values, err := l.Ledger.Read(ctx, namespace, []string{key})
	if err == nil && len(values) != 1 {
		err = fmt.Errorf("reading %s: the ledger answered %d values for one key", key, len(values))
	}
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

// TimeStamps makes RFC 3161 tokens; see TimeStampAuthority.
type TimeStamps interface {
	MessageStamper
	StampDigest(digest sm.Digest) ([]byte, error)
}

// ServiceConfig is what a signer service works with.
type ServiceConfig struct {
	Path    string           // of its own file: what it sealed, and the use log
	Keys    KeyStore         // of this member's organizations only
	Records Records          //
	Roots   *check.Roots     // for signers, seal makers and time stamps
	Options check.Options    // revocation lists, limits
	Clock   func() time.Time //
	Stamps  TimeStamps       // nil: no time stamps
	// Boundary places an impression of the given size (mm) on the first page.
	Boundary func(width, height float64) Box
	Provider Provider
	// Renderer renders electronic licenses; what it did not render is not sealed then.
	// Nil: none is rendered here, and documents are sealed as they were approved.
	Renderer Renderer
	// Port signs with seals whose keys are elsewhere; nil: there are none.
	Port SealPort
	// Keepers are those who may open the ledger, by key id: their
	// SubjectPublicKeyInfo, SM2. After that every order takes two governors.
	Keepers map[sm.KeyID][]byte
	// Copy is the signer's own copy of the ledger; nil: it says nothing of the ledger.
	Copy Copy
	// Ledger is the ledger's name.
	Ledger string
	// TokenKey makes the tokens of printings; empty: it makes none, and no codes.
	TokenKey []byte
	// QRKeys are the keys that codes are verified with.
	QRKeys func() (check.QRKeys, error)
	// QRKeyNamed is the QR key of the key list that the ledger names; nil: the current
	// one signs, whether other members know it or not.
	QRKeyNamed func(lasting sm.Digest) (sm.KeyID, bool)
	// Lasting is what the ledger is to name of the keys here: digests of anchors and key
	// list, and its number. Nil: orders about them are taken as they come.
	Lasting func() (anchors, list sm.Digest, number uint64, err error)
	// TagKey returns the deployment's tag key as it is kept here, nil when it is
	// not; nil: it never is.
	TagKey func() ([]byte, error)
	// TagsPerHour is how many tags an organization may ask for within an hour;
	// DefaultTagsPerHour when 0.
	TagsPerHour int
	// OpenOrders accepts orders that nobody signed: for demonstrations. Whoever
	// owns the registry could then enroll approver keys of their own.
	OpenOrders bool
}

// Service is the signer of one member: it implements the office's Sealer. Everything
// it signs for the registry it checks first and persists before it answers.
type Service struct {
	cfg    ServiceConfig
	db     *bbolt.DB
	judged judgements

	attester *Attester
}

var (
	bucketActs      = []byte("acts")      // intent or order digest → keptAct
	bucketEntries   = []byte("entries")   // entry digest → organization
	bucketPrintings = []byte("printings") // base, number → keptPrinting
	bucketVersions  = []byte("versions")  // identifier → keptVersion
	bucketSeals     = []byte("seals")     // SM3 of the SESeal → SESeal
	bucketPins      = []byte("pins")      // record key → keptPin
	bucketLog       = []byte("log")       // number → LogLine
	bucketAsked     = []byte("asked")     // intent digest → time of sealing asked of a port
	bucketTags      = []byte("tags")      // organization → keptTags
	bucketPlaces    = []byte("places")    // status list, index → key in printings
)

// OpenService opens the service's file, made when absent, and checks its use
// log. Only one process can have it open.
func OpenService(cfg ServiceConfig) (*Service, error) {
	if cfg.Keys == nil || cfg.Records == nil || cfg.Roots == nil || cfg.Clock == nil || cfg.Boundary == nil {
		return nil, errors.New("signer service: keys, records, roots, clock and boundary are required")
	}
	db, err := bbolt.Open(cfg.Path, 0o600, &bbolt.Options{Timeout: 2 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("signer service: opening its file (is another signer running?): %w", err)
	}
	// Concurrent sealings share one fsync; waiting longer would cost more than
	// it saves.
	db.MaxBatchDelay = 2 * time.Millisecond
	s := &Service{cfg: cfg, db: db}
	s.attester = &Attester{cfg: &s.cfg, service: s}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketActs, bucketEntries, bucketPrintings, bucketVersions, bucketSeals, bucketPins, bucketLog, bucketAsked, bucketTags, bucketPlaces} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = s.CheckLog()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("signer service: %w", err), db.Close())
	}
	return s, nil
}

// Close releases the file.
func (s *Service) Close() error { return s.db.Close() }

func (s *Service) now() time.Time { return s.cfg.Clock().UTC().Truncate(time.Second) }

// ImportSeal checks a seal made elsewhere (ImportSeal) and keeps it for use.
// Which seal an act uses is the ledger's word: the seal record names its digest.
func (s *Service) ImportSeal(der []byte) (*check.Seal, error) {
	seal, _, err := s.usableSeal(der, s.now())
	if err != nil {
		return nil, err
	}
	digest := sm.Sum(der)
	err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketSeals).Put(digest[:], der) })
	if err != nil {
		return nil, fmt.Errorf("keeping seal %s: %w", seal.ID, err)
	}
	return seal, nil
}

// SealFile returns the SESeal with the digest, nil when this signer lacks it.
func (s *Service) SealFile(digest sm.Digest) ([]byte, error) {
	var der []byte
	err := s.db.View(func(tx *bbolt.Tx) error {
		der = append(der, tx.Bucket(bucketSeals).Get(digest[:])...)
		return nil
	})
	return der, err
}

type keptPrinting struct {
	Identifier registry.Identifier `cbor:"1,keyasint"`
	Printing   registry.Printing   `cbor:"2,keyasint"`
}

type keptVersion struct {
	Effective registry.Date `cbor:"1,keyasint"`
	Expires   registry.Date `cbor:"2,keyasint"`
	Holder    sm.Digest     `cbor:"3,keyasint,omitzero"` // SM3 of the name in the sealed document
}

func keepPrintings(tx *bbolt.Tx, in *registry.Intent, holder sm.Digest) error {
	for _, p := range in.Printings {
		raw, err := registry.Encode(&keptPrinting{in.Identifier, p})
		if err != nil {
			return err
		}
		key := printingKey(in.Identifier, p.Number)
		if err := takePlace(tx, p, key); err != nil {
			return err
		}
		if err := tx.Bucket(bucketPrintings).Put(key, raw); err != nil {
			return err
		}
	}
	if !in.Act.MakesVersion() {
		return nil
	}
	raw, err := registry.Encode(&keptVersion{in.Effective, in.Expires, holder})
	if err != nil {
		return err
	}
	return tx.Bucket(bucketVersions).Put([]byte(in.Identifier.String()), raw)
}

// takePlace keeps a place in a status list for one sheet, also before the ledger has it.
func takePlace(tx *bbolt.Tx, p registry.Printing, sheet []byte) error {
	if err := checkPlace(tx, p, sheet); err != nil {
		return err
	}
	return tx.Bucket(bucketPlaces).Put(placeKey(p), sheet)
}

func printingKey(id registry.Identifier, number uint32) []byte {
	return fmt.Appendf(nil, "%s.%d", id.Base(), number)
}

// ImportedSeal is ImportSeal for callers that want the seal's id only.
func (s *Service) ImportedSeal(der []byte) (string, error) {
	seal, err := s.ImportSeal(der)
	if err != nil {
		return "", err
	}
	return seal.ID, nil
}
