package office

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Asked is what somebody wants verified: exactly one of Token, QR,
// Identifier/Number with Holder, or File.
type Asked struct {
	Token      string // of a scanned URL
	Member     string // with Token: part of that URL that stands for a member; empty for none
	QR         string // the whole scanned text, fragment included
	Identifier registry.Identifier
	Number     string // 证照编号 or document number
	Holder     string // full name, with Identifier or Number
	HolderCode string // optional, with Holder: it must be the holder's
	File       []byte // sealed OFD
}

// Verification is a verdict with what may be shown in public.
type Verification struct {
	registry.Verdict
	Public  *PublicView             `json:"license,omitempty"` // nil when nothing may be shown
	Sharing *registry.SharingResult `json:"sharing,omitempty"` // nil while the verdict is unknown

	Elsewhere *registry.Elsewhere `json:"elsewhere,omitempty"` // whose registry keeps the license; nil: this one, or none
}

// Scan tells whoever asks whether a paper, code or file is real, in force, and
// granted with power. It writes nothing, and shows of a license only what its
// holder's paper shows.
type Scan struct {
	*common
	acts interface {
		Proceeding(ctx context.Context, intent sm.Digest) (*Proceeding, error)
	}
	licenses interface {
		Stored(ctx context.Context, base string, version int, sealed bool) (*Stored, error)
		Record(ctx context.Context, base string) (*Record, error)
		Holders(ctx context.Context, q HolderQuery) ([]Held, error)
		ByToken(ctx context.Context, token registry.Token) (*PrintingRef, error)
	}
	types interface {
		Type(ctx context.Context, code string, version int) (*registry.LicenseType, error)
	}
	copies interface { // nil: nothing of other members is copied here
		Copy(ctx context.Context, id registry.Identifier) (*registry.Copied, error)
	}
	checker  Checker
	members  Members
	attester interface {
		Tokens(ctx context.Context, ask registry.TokenRequest) ([]registry.Token, error)
		State(ctx context.Context, ask registry.StatementRequest) (*registry.SignedStatement, error)
	}
}

// Verify answers whether the paper, code or file at hand is real, in force,
// and granted with power. It writes nothing.
// The steps are those of docs/use-cases.md.
func (o *Scan) Verify(ctx context.Context, _ registry.Actor, ask Asked) (*Verification, error) {
	v, _, err := o.verify(ctx, ask)
	return v, err
}

func (o *Scan) verify(ctx context.Context, ask Asked) (*Verification, *find, error) {
	// 1. Find which version and which sheet is meant.
	found, err := o.find(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	q := registry.Question{Now: o.now(), Identifier: found.identifier, Printing: found.printing, Checks: found.checks}
	// 2. What the ledger says of it, and how fresh that is.
	q.Knowledge = o.view.Knowledge(q.Now)
	if !found.identifier.IsZero() {
		if q.Standing, err = o.view.Standing(found.identifier.Base()); err != nil {
			q.Knowledge = registry.Knowledge{Stale: true, Reason: "status view out of reach"}
		}
		q.Replaces = o.replaces(q.Standing)
	}
	found.anchoredSheet(&q)
	o.heldAgainstLedger(found, &q)
	asCollected(ask.File, found, &q)
	// 3. Compare everything stored with what was sealed and anchored.
	if found.version != nil {
		q.Checks = append(q.Checks, o.compare(ctx, found, q.Standing)...)
		q.Pending = found.pending
	}
	// 4. One word.
	v := &Verification{Verdict: registry.Judge(q), Elsewhere: found.elsewhere}
	if v.Sharing = v.Verdict.Sharing(ask.File != nil); found.differs && v.Word == registry.NotFound {
		v.Sharing = registry.SharingMismatch()
	}
	// 5. What may be shown: nothing of what does not hold.
	if slices.Contains([]registry.Word{registry.Altered, registry.Untrusted, registry.Unverifiable, registry.NotFound}, v.Word) {
		return v, found, nil
	}
	if found.version != nil {
		v.Public = o.public(found, q.Standing)
	} else if found.elsewhere != nil {
		v.Public = o.publicElsewhere(ctx, found, q.Standing)
	}
	return v, found, nil
}

// find resolves what was asked to a stored version and printing.
type find struct {
	identifier registry.Identifier
	printing   uint32
	ref        *PrintingRef
	version    *Version
	kind       *registry.LicenseType
	record     *Record                  // the license's row as read with the version
	document   *registry.DocumentReport // of an uploaded file; else of the stored one, once compared
	uploaded   bool
	pending    bool
	differs    bool // the license is there, one thing said of it is not so
	elsewhere  *registry.Elsewhere
	code       *registry.QRReport // with a payload that names another member's license
	token      registry.Token     // of a code that no row here knows
	checks     []registry.Check
}

func (o *Scan) find(ctx context.Context, ask Asked) (*find, error) {
	f := &find{}
	var err error
	switch {
	case ask.File != nil:
		err = o.findFile(ctx, f, ask.File)
	case ask.QR != "":
		err = o.findQR(ctx, f, ask.QR)
	case ask.Token != "":
		var token registry.Token
		if token, err = registry.ParseToken(ask.Token); err == nil {
			err = o.findToken(ctx, f, token)
		}
		if f.identifier.IsZero() && ask.Member != "" {
			f.unnamed(o.members.Path(ask.Member))
		}
	case ask.Holder != "" && (ask.Number != "" || !ask.Identifier.IsZero()):
		err = o.findHolder(ctx, f, ask)
	default:
		err = registry.Errorf(registry.CodeMissing, "", "send a token, a QR text, a file, or identifier (or number) and holder")
	}
	if err != nil {
		return f, err
	}
	return f, o.loadVersion(ctx, f)
}

// findToken looks the token up and holds the row against its mark: a row that an
// insider pointed at another license does not pass.
func (o *Scan) findToken(ctx context.Context, f *find, token registry.Token) error {
	placed, err := o.view.Token(token.Digest())
	if err != nil {
		return err
	}
	ref, err := o.licenses.ByToken(ctx, token)
	if registry.CodeOf(err) == registry.CodeNotFound {
		o.findNamed(f, token, placed)
		return nil
	}
	if err != nil {
		return err
	}
	if o.contradicted(ctx, ref, placed) {
		o.findNamed(f, token, placed)
		return nil
	}
	f.ref, f.identifier, f.printing = ref, ref.Identifier, ref.Printing.Number
	if ref.Lost {
		return o.findLost(ctx, f)
	}
	belongs, err := o.belongs(ctx, ref)
	if err != nil {
		f.checks = append(f.checks, tokenUnchecked())
		return nil
	}
	if !belongs {
		f.checks = append(f.checks, tokenMismatch())
		return nil
	}
	f.checks = append(f.checks, registry.Pass(registry.CheckQRToken, "二维码属于此份印件", "the code belongs to this printing"))
	return nil
}

func tokenMismatch() registry.Check {
	return registry.Fail(registry.CheckQRToken, "token-mismatch", "二维码与所登记的证照不符", "the code does not belong to the license it is stored with")
}

func tokenUnchecked() registry.Check {
	return registry.CannotTell(registry.CheckRecord, "token-unchecked", "暂时无法核对二维码与登记是否相符", "whether the code belongs to the record cannot be checked now")
}

// findLost takes from the ledger what the rows of a sheet said before they were
// lost. What the paper says cannot be compared then, only what became of it.
func (o *Scan) findLost(ctx context.Context, f *find) error {
	standing, err := o.view.Standing(f.identifier.Base())
	if err != nil {
		return err
	}
	f.ref.Printing, _ = standing.Printing(f.printing)
	belongs, err := o.belongs(ctx, f.ref)
	switch {
	case err != nil:
		f.checks = append(f.checks, tokenUnchecked())
	case !belongs:
		f.checks = append(f.checks, tokenMismatch())
	}
	f.checks = append(f.checks, recordLost())
	return nil
}

func recordLost() registry.Check {
	return registry.CannotTell(registry.CheckRecord, "record-lost", "登记资料缺失，正在恢复，票面内容暂时无法比对", "the stored record is lost and being restored: what the paper says cannot be compared now")
}

// findQR checks the signature in the fragment, then goes by the token.
func (o *Scan) findQR(ctx context.Context, f *find, text string) error {
	report, err := o.checker.QR(text)
	if err != nil {
		return err
	}
	f.checks = append(f.checks, report.Checks...)
	if err := o.findToken(ctx, f, report.Token); err != nil {
		return err
	}
	if f.ref == nil {
		o.findCode(f, report)
		return nil
	}
	if !report.Payload {
		return nil
	}
	own := f.ref.Printing
	if report.Identifier != f.identifier || report.Printing != f.printing || report.Blank != own.Blank.Number ||
		report.List != own.List || report.Index != own.Index {
		f.checks = append(f.checks, registry.Fail(registry.CheckQRSignature, "payload-mismatch", "二维码所载内容与登记不符", "what the code says differs from the record"))
	}
	return nil
}

func (o *Scan) findFile(ctx context.Context, f *find, file []byte) error {
	report, err := o.checker.Document(file, o.now())
	if err != nil {
		return err
	}
	f.document, f.uploaded, f.identifier = report, true, report.Identifier
	if !f.identifier.IsZero() {
		f.elsewhere = o.members.Elsewhere(f.identifier.Issuer)
	}
	f.checks = append(f.checks, report.Checks...)
	return nil
}

// findHolder needs the holder's full name: without it an identifier answers
// not-found, so that nobody can walk through the numbers. A number means the
// version that the ledger has in force, whatever is being worked on here. Name
// and number are compared folded. A number that does not exist and a name that
// is not the holder's are answered alike, after the same one question to the
// database.
func (o *Scan) findHolder(ctx context.Context, f *find, ask Asked) error {
	q := HolderQuery{Number: ask.Number}
	if !ask.Identifier.IsZero() {
		q = HolderQuery{Base: ask.Identifier.Base()}
	}
	held, err := o.licenses.Holders(ctx, q)
	if err != nil {
		return err
	}
	for _, h := range held {
		if !h.names(ask.Holder) {
			continue
		}
		id := ask.Identifier
		if id.IsZero() {
			id = h.Newest
			standing, err := o.view.Standing(id.Base())
			if err != nil {
				return err
			}
			if standing.License != nil {
				id.Version = standing.License.Version
			}
		}
		if f.holds(id, h.Holders[id.Version], ask) {
			return nil
		}
	}
	if e := o.issuedElsewhere(ask.Identifier); e != nil {
		f.elsewhere = e
		f.checks = append(f.checks, e.Holder())
		return nil
	}
	if !f.differs {
		f.checks = append(f.checks, registry.NumbersElsewhere(o.members.Others())...)
		f.checks = append(f.checks, registry.Note(registry.CheckHolder, "number-or-name", "编号或名称不符：没有证照同时符合这两项，请逐字核对",
			"number or name do not match: no license has both, compare them letter by letter"))
	}
	return nil
}

// names tells whether one of the license's versions has a holder of this name.
func (h Held) names(name string) bool {
	found := false
	for _, holder := range h.Holders {
		found = sameFolded(holder.Name, name) || found
	}
	return found
}

// sameFolded compares what somebody typed with what is stored, in a time that
// tells nothing of where they differ.
func sameFolded(stored, typed string) bool {
	want := registry.Fold(typed)
	return want != "" && subtle.ConstantTimeCompare([]byte(registry.Fold(stored)), []byte(want)) == 1
}

// holds takes a license whose holder is the one asked for.
func (f *find) holds(id registry.Identifier, holder registry.Holder, ask Asked) bool {
	if !sameFolded(holder.Name, ask.Holder) {
		return false
	}
	if ask.HolderCode != "" && !sameFolded(holder.Code, ask.HolderCode) {
		f.differs = true
		return false
	}
	f.identifier, f.differs = id, false
	f.checks = append(f.checks, registry.Pass(registry.CheckHolder, "持证主体相符", "the holder named is the holder on record"))
	return true
}

// anchoredSheet: the sheet at hand is the one that the ledger has under its
// number. The sheet of an attempt that was refused is none, though a later
// attempt took its version and number.
func (f *find) anchoredSheet(q *registry.Question) {
	if f.ref == nil || q.Standing == nil || q.Standing.License == nil || q.Standing.License.Version < f.identifier.Version {
		return
	}
	if anchored, ok := q.Standing.Printing(f.printing); ok && anchored == f.ref.Printing {
		return
	}
	q.Standing, f.version = &registry.Standing{}, nil
	q.Checks = append(q.Checks, registry.Note(registry.CheckAnchor, "printing-not-anchored", "这一份印件没有登记在账本上", "this sheet was never recorded on the ledger"))
}

// loadVersion reads what is stored of the version and how far its proceeding
// got. Of an uploaded file the store's own copy is not needed.
func (o *Scan) loadVersion(ctx context.Context, f *find) error {
	if f.identifier.IsZero() {
		return nil
	}
	stored, err := o.licenses.Stored(ctx, f.identifier.Base(), f.identifier.Version, f.document == nil)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if stored.Type == nil {
		return registry.Errorf(registry.CodeTypeUnknown, "type", "no license type %s in the catalog", stored.Version.Identifier.Type)
	}
	f.version, f.kind, f.record = &stored.Version, stored.Type, &stored.Record
	if stored.Step == StepRefused {
		f.checks = append(f.checks, registry.Note(registry.CheckAnchor, string(stored.Refusal), "登记被账本拒绝："+stored.Refusal.Chinese(), "the ledger refused it: "+stored.Refusal.English()))
	}
	if !stored.Version.Pending {
		return nil
	}
	p, err := o.acts.Proceeding(ctx, stored.Version.Intent)
	if err != nil {
		return err
	}
	f.pending = p.Step == StepSealed && o.holdsPending(f, p)
	return nil
}

// pendingAtMost is how long released paper may wait for the ledger.
const pendingAtMost = 7 * 24 * time.Hour

// holdsPending: what waits for the ledger is believed only as far as it can be
// checked without it: approvals, content, the sealed document, its age.
func (o *Scan) holdsPending(f *find, p *Proceeding) bool {
	if p.Entry == nil || p.Entry.Intent == nil || p.Entry.Intent.Digest() != p.Intent.Digest() || p.Intent.Digest() != p.Digest ||
		o.now().Sub(time.Unix(p.Entry.Sealed, 0)) > pendingAtMost || o.law().CheckApprovals(&p.Intent, o.now().Unix(), p.Approvals) != nil {
		return false
	}
	made := registry.Anchored{Entry: p.Entry}
	for _, c := range append(o.compareDocument(f, made), o.compareContent(f, made)) {
		if c.Result == registry.Failed {
			return false
		}
	}
	return true
}

// compare holds what PostgreSQL keeps against what was sealed and anchored.
func (o *Scan) compare(ctx context.Context, f *find, standing *registry.Standing) []registry.Check {
	if standing == nil {
		return nil
	}
	made, ok := standing.VersionEntry(f.identifier.Version)
	if !ok {
		return nil
	}
	if made.Entry.Intent.Collected != nil {
		return append(o.compareCollected(f, made), o.compareRecord(ctx, f, standing), o.comparePower(made))
	}
	checks := []registry.Check{o.compareContent(f, made), o.compareRecord(ctx, f, standing)}
	checks = append(checks, o.compareDocument(f, made)...)
	return append(checks, o.comparePower(made))
}

func (o *Scan) compareContent(f *find, made registry.Anchored) registry.Check {
	record, err := recordOf[*registry.TypeRecord](o.common, registry.KindType, registry.TypeName(f.kind.Code, f.kind.Version))
	if err != nil || record == nil || record.Digest != kinds.digest(f.kind) {
		return registry.Fail(registry.CheckContent, "type-altered", "证照类型目录与账本登记不符", "the stored license type is not the one on the ledger")
	}
	content := registry.Compose(f.kind, f.version.Facts)
	if content.Digest(f.version.Secret, f.version.Unsealed) != made.Entry.Intent.Content {
		return registry.Fail(registry.CheckContent, "content-altered", "库存的证照内容与账本登记的摘要不符", "the stored content does not match the digest on the ledger")
	}
	return registry.Pass(registry.CheckContent, "证照内容与账本登记一致", "the content matches the digest on the ledger")
}

func (o *Scan) compareDocument(f *find, made registry.Anchored) []registry.Check {
	report := f.document
	var checks []registry.Check
	if !f.uploaded {
		if f.version.Damaged {
			return []registry.Check{registry.CannotTell(registry.CheckDocument, "document-damaged", "库存的电子证照受损，无法据以核对", "the stored document is damaged: nothing can be told by it")}
		}
		var err error
		if report, err = o.checker.Document(f.version.Sealed, o.now()); err != nil {
			return []registry.Check{registry.Fail(registry.CheckDocument, "document-unreadable", "库存的电子证照无法读取", "the stored document cannot be read")}
		}
		f.document, checks = report, report.Checks
	}
	if report.SealDigest != made.Entry.Seal {
		return append(checks, registry.Fail(registry.CheckDocument, "document-replaced", "电子证照不是账本登记的那一份", "the document is not the one on the ledger"))
	}
	return append(checks, registry.Pass(registry.CheckDocument, "电子证照即账本登记的那一份", "the document is the one on the ledger"))
}

// compareRecord finds a row whose state was edited, and an older row restored.
// A row may lag behind the ledger while an act of its own is being recorded.
func (o *Scan) compareRecord(ctx context.Context, f *find, standing *registry.Standing) registry.Check {
	same := registry.Pass(registry.CheckRecord, "登记行与账本一致", "the stored row matches the ledger")
	if f.record.matches(standing.License) {
		return same
	}
	row, err := o.licenses.Record(ctx, f.identifier.Base()) // with the act in flight, as of now
	if registry.CodeOf(err) == registry.CodeNotFound {
		return registry.Fail(registry.CheckRecord, "record-missing", "登记行被删除", "the stored row is gone")
	}
	if err == nil && row.Sequence > standing.License.Sequence {
		// An act was anchored between the two readings.
		standing, err = o.view.Standing(f.identifier.Base())
	}
	if err != nil {
		return registry.CannotTell(registry.CheckRecord, "record-unreadable", "登记行无法读取", "the stored row cannot be read")
	}
	l := standing.License
	if row.matches(l) {
		return same
	}
	if p := row.InFlight; p != nil && p.Step == StepSealed && row.Sequence+1 == l.Sequence && p.Entry != nil && p.Entry.Digest() == l.Head {
		return registry.Note(registry.CheckRecord, "record-behind", "登记行正在更新", "the stored row is being brought up to date")
	}
	return registry.Fail(registry.CheckRecord, "record-altered", "登记行与账本不符，疑被改动或恢复为旧数据", "the stored row differs from the ledger: edited, or an older one restored")
}

// comparePower says by which grant the license was decided; the contract
// checked it, the view tells it.
func (o *Scan) comparePower(made registry.Anchored) registry.Check {
	grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, made.Entry.Intent.Grant)
	if err != nil || grant == nil {
		return registry.CannotTell(registry.CheckPower, "grant-unreadable", "赋权记录无法读取", "the grant cannot be read")
	}
	if err := grant.InForce(made.Entry.Intent.Decided); err != nil {
		return registry.CannotTell(registry.CheckPower, string(registry.CodeOf(err)), "决定当日的职权待核实", "the power on the day of the decision is in question")
	}
	return registry.Pass(registry.CheckPower, "依据："+grant.Document, "granted under: "+grant.Document)
}
