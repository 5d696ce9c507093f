package postgres

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Stored returns one version of a license, its catalog entry and the license's
// row, read in one statement and so in one state of the database. CodeNotFound.
// Facts that cannot be read come back empty: a scan then says that they are
// not what was anchored, rather than nothing at all.
func (s *Store) Stored(ctx context.Context, base string, version int, sealed bool) (*office.Stored, error) {
	if err := checkText("identifier", base); err != nil {
		return nil, err
	}
	var (
		stored              office.Stored
		facts, intent, head []byte
		rendered            []byte
		parts               []byte
		kind                *string // row version of the catalog entry
		step, refusal       string
		state               string
		sequence            int64
		pending             bool
	)
	v, row := &stored.Version, &stored.Record
	id := &v.Identifier
	err := s.pool.QueryRow(ctx, `SELECT l.type, l.issuer, l.serial, v.version, v.intent, v.facts, v.type_version, v.secret, v.unsealed, v.rendered,
		CASE WHEN $3 THEN v.sealed END, CASE WHEN $3 THEN v.parts END, p.step, p.pending, p.refusal, t.xmin::text, l.version, l.state, l.sequence, l.head, l.overseen
		FROM version v JOIN proceeding p ON p.intent = v.intent JOIN license l ON l.base = v.base
		LEFT JOIN license_type t ON t.code = l.type AND t.version = v.type_version
		WHERE v.base = $1 AND v.version = $2 ORDER BY v.live DESC, p.arrival DESC LIMIT 1`, base, version, sealed).
		Scan(&id.Type, &id.Issuer, &id.Serial, &id.Version, &intent, &facts, &v.TypeVersion, &v.Secret, &v.Unsealed, &rendered,
			&v.Sealed, &parts, &step, &pending, &refusal, &kind, &row.Version, &state, &sequence, &head, &row.Overseen)
	if err == pgx.ErrNoRows {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "no version %03d of this license", version)
	}
	if err != nil {
		return nil, coded("reading a version", err)
	}
	if err := s.seals.compose(ctx, s.pool, v, parts); err != nil {
		return nil, err
	}
	var f storedFacts
	if err := json.Unmarshal(facts, &f); err != nil {
		f = storedFacts{}
	}
	v.Facts, v.Intent = registry.Facts(f), sm.Digest(intent)
	copy(v.Rendered[:], rendered) // stays zero where there is none
	stored.Step, stored.Refusal = office.Step(step), registry.Code(refusal)
	v.Pending = pending && stored.Step == office.StepSealed
	v.Released = v.Pending || stored.Step == office.StepAnchored
	row.Base, row.Type = base, id.Type
	if err := fillRecord(row, state, sequence, head); err != nil {
		return nil, coded("reading a license's row", err)
	}
	if kind != nil {
		if stored.Type, err = s.kindAt(ctx, kindName{id.Type, v.TypeVersion}, *kind); err != nil {
			return nil, err
		}
	}
	return &stored, nil
}

// kinds keeps catalog entries decoded, so that a thousand verifications of one
// type read it once. PostgreSQL gives a row that is changed another xmin, which
// is asked for each time: an entry that somebody edits is seen at once.
type kinds struct {
	mu   sync.Mutex
	kept map[kindName]kept
}

type kindName struct {
	code    string
	version int
}

type kept struct {
	row  string // xmin
	kind *registry.LicenseType
}

// kindAt returns a catalog entry whose row is known to stand at this version;
// callers must not change it.
func (s *Store) kindAt(ctx context.Context, name kindName, row string) (*registry.LicenseType, error) {
	k := &s.kinds
	k.mu.Lock()
	known, ok := k.kept[name]
	k.mu.Unlock()
	if ok && known.row == row {
		return known.kind, nil
	}
	var raw []byte
	err := s.pool.QueryRow(ctx, `SELECT entry, xmin::text FROM license_type WHERE code = $1 AND version = $2`, name.code, name.version).Scan(&raw, &row)
	if err == pgx.ErrNoRows {
		return nil, nil
	}
	if err != nil {
		return nil, coded("reading a license type", err)
	}
	kind, err := decodeType(raw)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[kindName]kept{}
	}
	k.kept[name] = kept{row, kind}
	return kind, nil
}
