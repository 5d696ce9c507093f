package page

import (
	"context"
	"strconv"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/explain"
	"tongzheng/registry/sm"
)

// view is what the page shows.
type view struct {
	Title, English string
	Cards          []card
}

// card is one thing to sign: an act, an order, a step.
type card struct {
	Title, English string
	Notes          []pair // what cannot be told, and what to look at
	Says           []explain.Line
	Lines          []explain.Line
	Text           string // of a case step
	Digest         sm.Digest
	Drawn          string // path of the picture of the document, below the page's own
}

// drawnMost is how many documents are drawn and compared before the page opens; of more
// than that each is drawn when it is looked at.
const drawnMost = 12

type pair struct{ Chinese, English string }

// look checks what is asked for and says it in words.
func (p *Page) look(ctx context.Context, s *signing) error {
	ask, kinds := &s.ask, 0
	for _, given := range []bool{len(ask.Acts) > 0, len(ask.Sheet) > 0, ask.Step != nil, ask.Enroll} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return registry.Errorf(registry.CodeMissing, "acts", "acts, a sheet, a step or a new passkey: one of them")
	case len(ask.Person.Handle) == 0:
		return registry.Errorf(registry.CodeMissing, "handle", "whose signature is asked for, by the account's handle")
	case ask.Enroll:
		s.shown = &view{Title: "登记通行密钥", English: "Add a passkey"}
		return nil
	case len(ask.Person.Keys) == 0:
		return registry.Errorf(registry.CodeApprovalUnknown, "keys", "the account has no passkey: add one first")
	case len(ask.Acts) > 0:
		return p.lookActs(ctx, s)
	case len(ask.Sheet) > 0:
		return p.lookSheet(ctx, s)
	}
	return p.lookStep(ctx, s)
}

func (p *Page) lookActs(ctx context.Context, s *signing) error {
	if len(s.ask.Acts) > registry.BatchMost {
		return registry.Errorf(registry.CodeTooLarge, "acts", "one signature approves %d acts at most", registry.BatchMost)
	}
	s.shown = &view{Title: "签署办件", English: "Sign"}
	if n := len(s.ask.Acts); n > 1 {
		s.shown.Title, s.shown.English = "批量签署办件", "Sign several"
	}
	words := p.words(ctx)
	for i := range s.ask.Acts {
		job := &s.ask.Acts[i]
		known, err := p.config.Signer.CheckAct(ctx, job)
		if err != nil {
			return err
		}
		in := &job.Intent
		c := card{Title: in.Act.Chinese(), English: in.Act.String(), Lines: words.Intent(in), Digest: in.Digest(), Says: said(job)}
		if t := typeOf(job); t != nil {
			c.Title += " · " + t.Name
			c.English += " · " + t.English
		}
		switch {
		case job.Version == nil && job.Present == nil:
			c.Notes = append(c.Notes, pair{"未提供证照内容，请按标识核对", "What the license says is not shown: compare the identifier"})
		case !known:
			c.Notes = append(c.Notes, pair{"账本未载明此证照现有内容，以下内容未能与账本核对", "The ledger does not tell what the license says: what follows could not be compared with it"})
		}
		if err := p.lookDocument(ctx, s, i, &c); err != nil {
			return err
		}
		s.digests = append(s.digests, c.Digest)
		s.shown.Cards = append(s.shown.Cards, c)
	}
	return nil
}

// lookDocument shows the very file that will be sealed, drawn from its bytes. One that
// draws other characters than it writes is not shown for signing; fields that it does
// not draw are named.
func (p *Page) lookDocument(ctx context.Context, s *signing, i int, c *card) error {
	job := &s.ask.Acts[i]
	if job.Version == nil || len(job.Version.Unsealed) == 0 || p.config.Draw == nil {
		return nil
	}
	c.Drawn = "/doc/" + strconv.Itoa(i)
	if len(s.ask.Acts) > drawnMost {
		return nil
	}
	drawing, err := p.config.Draw(ctx, job.Version.Unsealed)
	if err == nil {
		err = drawing.Own()
	}
	if err != nil {
		return err
	}
	s.drawings[i] = drawing
	if missing := drawing.Missing(registry.Compose(job.Version.Type, job.Version.Facts)); len(missing) > 0 {
		c.Notes = append(c.Notes, pair{"证照文件中没有画出的内容：" + strings.Join(missing, "、"), "Not drawn in the document"})
	}
	return nil
}

func typeOf(job *registry.SealJob) *registry.LicenseType {
	switch {
	case job.Version != nil:
		return job.Version.Type
	case job.Present != nil:
		return job.Present.Type
	}
	return nil
}

// said is what the license says, field by field, beside what it says now.
func said(job *registry.SealJob) (lines []explain.Line) {
	var now, was []registry.LabeledField
	if job.Present != nil {
		was = registry.Compose(job.Present.Type, job.Present.Facts).Fields
	}
	switch {
	case job.Version != nil:
		now = registry.Compose(job.Version.Type, job.Version.Facts).Fields
	default:
		now, was = was, nil // nothing of it changes
	}
	before := map[string]string{}
	for _, f := range was {
		before[f.Name] = f.Value
	}
	for _, f := range now {
		line := explain.Line{Chinese: f.Label, English: f.English, Value: f.Value}
		if was != nil && before[f.Name] != f.Value {
			line.Was, line.Changed = before[f.Name], true
		}
		if line.Value != "" || line.Was != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func (p *Page) lookSheet(ctx context.Context, s *signing) error {
	s.shown = &view{Title: "签署治理令", English: "Sign an order sheet"}
	law, words := p.config.Signer.Law(ctx), p.words(ctx)
	var digests []sm.Digest
	for i := range s.ask.Sheet {
		order := &s.ask.Sheet[i]
		record, err := order.Decode()
		if err != nil {
			return err
		}
		before, err := law.Records.Record(order.Kind, record.Name())
		if err != nil {
			return err
		}
		lines, err := words.Order(order, before)
		if err != nil {
			return err
		}
		c := card{Title: string(order.Kind) + " · " + record.Name(), English: string(order.Kind), Lines: lines, Digest: order.Digest()}
		head := []explain.Line{{Chinese: "发令机关", English: "Ordered by", Value: words.Organization(order.Organization)}, {Chinese: "依据", English: "Basis", Value: order.Basis}}
		c.Lines = append(head, c.Lines...)
		if before == nil {
			c.Notes = append(c.Notes, pair{"新增记录", "A new record"})
		} else {
			c.Notes = append(c.Notes, pair{"变更现有记录，变动处已标出", "Changes a record of the ledger; what differs is marked"})
		}
		digests = append(digests, c.Digest)
		s.shown.Cards = append(s.shown.Cards, c)
	}
	s.digests = []sm.Digest{registry.SheetDigest(digests)}
	return nil
}

func (p *Page) lookStep(ctx context.Context, s *signing) error {
	step := s.ask.Step
	if faults := step.Statement.Faults(); len(faults) > 0 {
		return faults[0]
	}
	if !step.Statement.Content.IsZero() != (step.Content != "") || step.Content != "" && sm.Sum([]byte(step.Content)) != step.Statement.Content {
		return registry.Errorf(registry.CodeContent, "content", "the text is not the one that the statement names")
	}
	digest, err := step.Statement.Digest()
	if err != nil {
		return err
	}
	s.digests = []sm.Digest{digest}
	s.shown = &view{Title: "签署案卷步骤", English: "Sign a step of a case file", Cards: []card{{Title: step.Statement.Case, English: "case", Lines: p.words(ctx).Step(&step.Statement), Text: step.Content, Digest: digest}}}
	return nil
}
