package postgres_test

import (
	"bytes"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/pack"
	"tongzheng/registry/postgres/pgtest"
	"tongzheng/registry/sm"
)

// withParts has a signer of today seal a reservation: the store gets parts, and no
// document.
func withParts(t *testing.T, r *office.Reservation, seal []byte) (office.SealedAct, []byte) {
	t.Helper()
	root := `<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`
	r.Version.Unsealed = pack.Write([]pack.Entry{pack.Store("OFD.xml", []byte(root)),
		pack.Deflate("Doc_0/Document.xml", bytes.Repeat([]byte(r.Version.Identifier.String()), 50), pack.Fast)}, pack.FirstDay)
	r.Proceeding.Intent.Content = sm.Sum(r.Version.Unsealed)
	r.Proceeding.Digest = r.Proceeding.Intent.Digest()
	value := bytes.Join([][]byte{[]byte("head of " + r.Version.Identifier.String()), seal, []byte("tail")}, nil)
	from := bytes.Index(value, seal)
	parts := &registry.SealParts{Form: pack.FormOne, Root: "Doc_0/Document.xml", Signature: []byte("<Signature/>"), Value: value, SealFrom: from, SealTo: from + len(seal)}
	sealed, err := pack.Compose(r.Version.Unsealed, parts)
	if err != nil {
		t.Fatal(err)
	}
	parts.Sealed = sm.Sum(sealed)
	act := sealedAct(*r)
	act.Sealed, act.Parts = nil, parts
	return act, sealed
}

// TestOneDocumentPerVersion: a sealed document comes back byte for byte though only
// the unsealed one is stored; seals stand once; after a restart, too. Changed parts
// or documents make none.
func TestOneDocumentPerVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seal := bytes.Repeat([]byte("SESeal "), 500)
	var bases []string
	var documents [][]byte
	for n := range 3 {
		r := w.issue(n + 1)
		act, sealed := withParts(t, &r, seal)
		w.must(w.Reserve(ctx(), r))
		w.approve(r)
		w.must(w.Sealed(ctx(), act))
		w.must(w.Sealed(ctx(), act)) // a second time is harmless
		bases, documents = append(bases, r.Version.Identifier.Base()), append(documents, sealed)
	}
	conn := connect(t, w.db.OwnerURL)
	var seals, stored, largest int
	w.must(conn.QueryRow(ctx(), `SELECT (SELECT count(*) FROM seal_file), count(sealed), max(octet_length(parts)) FROM version`).Scan(&seals, &stored, &largest))
	if seals != 1 || stored != 0 || largest > 300 {
		t.Errorf("%d seals, %d documents, parts of %d bytes", seals, stored, largest)
	}
	again := pgtest.Open(t, w.db, nil) // nothing in memory
	for i, base := range bases {
		for _, store := range []office.LicenseStore{w, again} {
			v, err := store.Version(ctx(), base, 1)
			if err != nil || v.Damaged || !bytes.Equal(v.Sealed, documents[i]) {
				t.Errorf("license %d: %d bytes, damaged %v, %v", i, len(v.Sealed), v.Damaged, err)
			}
		}
	}
	w.must(w.sql(`UPDATE version SET parts = (SELECT parts FROM version WHERE base = $2) WHERE base = $1`, bases[0], bases[1]))
	w.must(w.sql(`UPDATE version SET unsealed = 'PK' WHERE base = $1`, bases[1]))
	w.must(w.sql(`UPDATE version SET parts = '\x0200' WHERE base = $1`, bases[2]))
	for i, base := range bases {
		v, err := again.Version(ctx(), base, 1)
		if err != nil || !v.Damaged || v.Sealed != nil {
			t.Errorf("changed license %d: %d bytes, damaged %v, %v", i, len(v.Sealed), v.Damaged, err)
		}
	}
	w.must(w.sql(`UPDATE seal_file SET der = 'another'`))
	if v, err := pgtest.Open(t, w.db, nil).Version(ctx(), bases[0], 1); err != nil || !v.Damaged || v.Sealed != nil {
		t.Errorf("another seal: %+v %v", v, err)
	}
}
