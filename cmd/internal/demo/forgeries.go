package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
)

// cause: the answer keeps why the license ended.
func (s *Story) cause() error {
	v, err := s.anyone().Public.Verify(s.ctx, Ask(s.sheets["second"].qr))
	if err != nil {
		return err
	}
	if v.Public == nil || v.Cause.Act != registry.Cancel || v.Cause.Ground != "applied" {
		return fmt.Errorf("the cause of the cancellation is not told: %+v", v.Cause)
	}
	last := v.Public.History[len(v.Public.History)-1]
	s.tell("原因 cause: %s（%s）%s", last.Ground, last.Statute, last.Decided)
	return nil
}

// forgeries: what a forger can do with file and code.
func (s *Story) forgeries() error {
	s.say("伪造：OFD 改一个字，二维码改一个字节", "forgeries: one character in the OFD, one byte of the code")
	genuine, err := s.document()
	if err != nil {
		return err
	}
	forged, err := rewrite(genuine, "𠮷祥演示饭店", "𠮷祥演示饭庄")
	if err != nil {
		return err
	}
	if err := s.keepFile("forged.ofd", forged); err != nil {
		return err
	}
	if err := s.verifyFile("genuine OFD of version 001", genuine, registry.IsCancelled, registry.CheckStatus); err != nil {
		return err
	}
	if err := s.verifyFile("OFD with 店 changed to 庄", forged, registry.Altered, registry.CheckReferences); err != nil {
		return err
	}
	qr := flip(s.sheets["second"].qr)
	if err := s.keepFile("forged-qr.txt", []byte(qr+"\n")); err != nil {
		return err
	}
	return s.Verify("code with one byte changed", Ask(qr), registry.Altered, registry.CheckQRSignature)
}

// verifyFile uploads a document.
func (s *Story) verifyFile(what string, file []byte, want registry.Word, check registry.CheckName) error {
	v, err := s.anyone().Public.VerifyFile(s.ctx, file)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return s.judge(what, v.Verdict, want, check)
}

// rewrite replaces text in every file of a package, as a forger with a ZIP
// tool would; signature files cannot be made again.
func rewrite(pkg []byte, old, forged string) ([]byte, error) {
	in, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	hits := 0
	for _, f := range in.File {
		content, err := readEntry(f)
		if err != nil {
			return nil, err
		}
		hits += bytes.Count(content, []byte(old))
		to, err := writer.Create(f.Name)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(bytes.ReplaceAll(content, []byte(old), []byte(forged))); err != nil {
			return nil, err
		}
	}
	if hits == 0 {
		return nil, fmt.Errorf("the text to forge is not in the document")
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func readEntry(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// flip changes one character in the middle of the signed payload.
func flip(qr string) string {
	prefix, payload, _ := strings.Cut(qr, "#")
	raw := []byte(payload)
	i := len(raw) / 3
	if raw[i] == 'A' {
		raw[i] = 'B'
	} else {
		raw[i] = 'A'
	}
	return prefix + "#" + string(raw)
}

// tampering is one thing an insider does to the database.
type tampering struct {
	what  string
	table string // whose rows are put back afterwards, by key
	key   string
	sql   string
	args  []any
	qr    string
	check registry.CheckName
	after registry.Word // once the rows are put back
}

// insider: somebody with the database password.
func (s *Story) insider() error {
	s.say("内部人员改数据库：每一种改动都被扫码本身发现", "an insider edits the database: every edit is caught by the scan itself")
	db, err := pgx.Connect(s.ctx, s.app.Config.OwnerURL)
	if err != nil {
		return err
	}
	defer db.Close(s.ctx)
	victim, other := s.city.Licenses[0], s.city.Licenses[1]
	base := func(identifier string) string {
		id, _ := registry.ParseIdentifier(identifier)
		return id.Base()
	}
	cancelled := s.sheets["original"].qr
	for _, t := range []tampering{
		{"holder edited 改持证主体", "version", "intent", `UPDATE version SET facts = jsonb_set(facts, '{holder,name}', '"冒名餐饮有限公司"') WHERE base = $1`,
			[]any{base(victim.Identifier)}, victim.QR, registry.CheckContent, registry.Valid},
		{"state edited 把已注销改回有效", "license", "base", `UPDATE license SET state = 'effective' WHERE base = $1`,
			[]any{s.base.Base()}, cancelled, registry.CheckRecord, registry.IsCancelled},
		{"stored document replaced 替换电子证照", "version", "intent", `UPDATE version SET parts = (SELECT parts FROM version WHERE base = $2) WHERE base = $1`,
			[]any{base(victim.Identifier), base(other.Identifier)}, victim.QR, registry.CheckDocument, registry.Valid},
		{"older row restored 恢复旧数据行", "license", "base", `UPDATE license l SET state = o.state, version = o.version, sequence = o.sequence, head = o.head
			FROM older o WHERE l.base = o.base`, nil, cancelled, registry.CheckRecord, registry.IsCancelled},
	} {
		if err := s.tamper(db, t); err != nil {
			return err
		}
	}
	return nil
}

// tamper does it, scans, and puts the rows back.
func (s *Story) tamper(db *pgx.Conn, t tampering) error {
	ctx := s.ctx
	if _, err := db.Exec(ctx, "CREATE TEMPORARY TABLE before AS SELECT * FROM "+t.table); err != nil {
		return err
	}
	if _, err := db.Exec(ctx, t.sql, t.args...); err != nil {
		return fmt.Errorf("%s: %w", t.what, err)
	}
	changed := 0
	err := db.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM %s t JOIN before b ON t.%s = b.%s WHERE t.* IS DISTINCT FROM b.*", t.table, t.key, t.key)).Scan(&changed)
	if err != nil || changed != 1 {
		return fmt.Errorf("%s: the insider changed %d rows, want 1: %v", t.what, changed, err)
	}
	if err := s.Verify(t.what, Ask(t.qr), registry.Altered, t.check); err != nil {
		return err
	}
	columns := map[string]string{"version": "facts = b.facts, parts = b.parts", "license": "state = b.state, version = b.version, sequence = b.sequence, head = b.head"}
	if _, err := db.Exec(ctx, fmt.Sprintf("UPDATE %s t SET %s FROM before b WHERE t.%s = b.%s", t.table, columns[t.table], t.key, t.key)); err != nil {
		return err
	}
	if _, err := db.Exec(ctx, "DROP TABLE before"); err != nil {
		return err
	}
	return s.Verify("   put back 复原后", Ask(t.qr), t.after, "")
}

// keepOlder is the insider's copy of the license's row before it changed.
func (s *Story) keepOlder() error {
	db, err := pgx.Connect(s.ctx, s.app.Config.OwnerURL)
	if err != nil {
		return err
	}
	defer db.Close(s.ctx)
	_, err = db.Exec(s.ctx, "CREATE TABLE older AS SELECT * FROM license")
	return err
}
