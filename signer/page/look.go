package page

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/explain"
	"tongzheng/registry/sm"
)

// What is signed.
type what int

const (
	acts what = iota + 1
	aSheet
	aStep
	aPasskey
)

// ordersMost bounds a sheet.
const ordersMost = 2000

// view is what the page shows.
type view struct {
	what           what
	Title, English string
	Cards          []card
	Left           []card // acts that cannot be signed, with the reason: they are not among what is signed
}

// card is one thing to sign: an act, an order, a step.
type card struct {
	Title, English string
	Subject        string // holder and number, for lists
	Notes          []pair // what cannot be told, and what to look at
	Says           []explain.Line
	Lines          []explain.Line
	Text           string // of a case step
	Digest         sm.Digest
	Drawn          bool // its document is shown
}

type pair struct{ Chinese, English string }

func (c *card) note(chinese, english string) { c.Notes = append(c.Notes, pair{chinese, english}) }

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
		s.shown = &view{what: aPasskey, Title: "登记通行密钥", English: "Add a passkey"}
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

// lookActs shows acts, one or several. Of several, one that cannot be signed is left out
// and named.
func (p *Page) lookActs(ctx context.Context, s *signing) error {
	jobs := s.ask.Acts
	s.ask.Acts = nil // fields and secrets are not kept
	if len(jobs) > registry.BatchMost {
		return registry.Errorf(registry.CodeTooLarge, "acts", "one signature approves %d acts at most", registry.BatchMost)
	}
	s.shown = &view{what: acts, Title: "签署办件", English: "Sign"}
	if len(jobs) > 1 {
		s.shown.Title, s.shown.English = "批量签署办件", "Sign several"
	}
	words := p.words(ctx)
	seen := map[sm.Digest]bool{}
	for i := range jobs {
		c, document, err := p.lookAct(ctx, words, &jobs[i], len(jobs))
		if err == nil && seen[c.Digest] {
			err = registry.Errorf(registry.CodeMalformed, "acts", "the same act twice")
		}
		switch {
		case err != nil && (len(jobs) == 1 || registry.CodeOf(err).Kind() == registry.KindUnavailable):
			return err
		case err != nil:
			code := registry.CodeOf(err)
			s.shown.Left = append(s.shown.Left, card{Title: jobs[i].Intent.Act.Chinese(), English: jobs[i].Intent.Act.String(), Subject: jobs[i].Intent.Identifier.String(),
				Notes: []pair{{code.Chinese(), code.English()}}})
			continue
		}
		seen[c.Digest] = true
		s.digests = append(s.digests, c.Digest)
		s.shown.Cards = append(s.shown.Cards, *c)
		s.papers = append(s.papers, document)
	}
	if len(s.digests) == 0 {
		return registry.Errorf(registry.CodeContent, "acts", "none of the acts can be signed as it was handed over")
	}
	return nil
}

// lookAct shows one act, of several.
func (p *Page) lookAct(ctx context.Context, words *explain.Explainer, job *registry.SealJob, several int) (*card, *paper, error) {
	known, err := p.config.Signer.CheckAct(ctx, job)
	if err != nil {
		return nil, nil, err
	}
	in := &job.Intent
	c := &card{Title: in.Act.Chinese(), English: in.Act.String(), Subject: in.Identifier.String(), Lines: words.Intent(in), Digest: in.Digest()}
	signed, err := p.signedBefore(ctx, words, job, c.Digest)
	if err != nil {
		return nil, nil, err
	}
	c.Lines = append(c.Lines, signed...)
	said := job.Version
	if said == nil {
		said = job.Present
	}
	if said == nil {
		c.note("未提供证照内容，请按标识核对", "What the license says is not shown: compare the identifier")
		return c, nil, nil
	}
	c.Title += " · " + said.Type.Name
	c.English += " · " + said.Type.English
	c.Subject = said.Facts.Holder.Name + " " + said.Facts.Number
	c.Says = changes(job)
	if ground, err := said.Type.GroundFor(in.Act, in.Ground); err == nil {
		head := explain.Line{Chinese: "事由", English: "Ground in words", Value: ground.Chinese}
		if ground.Statute != "" {
			head.Value += "（" + ground.Statute + "）"
		}
		c.Lines = append([]explain.Line{head}, c.Lines...)
	}
	if !known {
		c.note("账本未载明此证照现有内容，以下内容未能与账本核对", "The ledger does not tell what the license says: what follows could not be compared with it")
	}
	if job.Version != nil && job.Version.Facts.Issued != registry.DateOf(in.DecidedAt()) {
		c.note("发证日期与决定日期不同", "The day of issue is not that of the decision")
	}
	document, err := p.lookDocument(ctx, job, several, c)
	c.Drawn = document != nil
	return c, document, err
}

// signedBefore are the people whose signatures the act has, as far as they hold.
func (p *Page) signedBefore(ctx context.Context, words *explain.Explainer, job *registry.SealJob, digest sm.Digest) (lines []explain.Line, err error) {
	control, err := p.config.Signer.Law(ctx).Control(job.Approvals)
	if err != nil {
		return nil, err
	}
	for _, a := range job.Approvals {
		if key, known := control.Approvers[a.KeyID]; known && control.VerifyIntent(a, key, digest) == nil {
			lines = append(lines, explain.Line{Chinese: "已签署", English: "Has signed", Value: words.Key(a.KeyID)})
		}
	}
	return lines, nil
}

// changes is what the license says, field by field, beside what it says now.
func changes(job *registry.SealJob) (lines []explain.Line) {
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
	sheet := s.ask.Sheet
	s.ask.Sheet = nil
	if len(sheet) > ordersMost {
		return registry.Errorf(registry.CodeTooLarge, "sheet", "one sheet has %d orders at most here", ordersMost)
	}
	s.shown = &view{what: aSheet, Title: "签署治理令", English: "Sign an order sheet"}
	law, words := p.config.Signer.Law(ctx), p.words(ctx)
	var digests []sm.Digest
	for i := range sheet {
		order := &sheet[i]
		if err := p.config.Signer.CheckOrder(ctx, order); err != nil {
			return err
		}
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
		chinese, english := explain.Kind(order.Kind)
		c := card{Title: chinese + " · " + record.Name(), English: english, Lines: append(words.Head(order), lines...), Digest: order.Digest()}
		if before == nil {
			c.note("新增记录", "A new record")
		} else {
			c.note("变更现有记录，变动处已标出", "Changes a record of the ledger; what differs is marked")
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
	s.shown = &view{what: aStep, Title: "签署案卷步骤", English: "Sign a step of a case file",
		Cards: []card{{Title: step.Statement.Case, English: "case", Lines: p.words(ctx).Step(&step.Statement), Text: step.Content, Digest: digest}}}
	return nil
}
