package page

import (
	"context"
	"strings"

	"tongzheng/registry"
)

// paper is the document of one act, until the signing is over.
type paper struct {
	unsealed []byte
	drawn    []byte // SVG; nil until it is looked at
}

// drawnMost is how many documents are drawn before the page opens, so that what they do
// not show is named on it; of more than that each is drawn when it is looked at.
const drawnMost = 12

// size is what a signing's documents take. The page holds its lock.
func (s *signing) size() (size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.papers {
		if d != nil {
			size += len(d.unsealed) + len(d.drawn)
		}
	}
	return size
}

// lookDocument shows the very file that will be sealed, drawn from its bytes. One that
// draws other characters than it writes is not shown for signing; fields that it does
// not draw are named.
func (p *Page) lookDocument(ctx context.Context, job *registry.SealJob, several int, c *card) (*paper, error) {
	switch {
	case job.Intent.Collected != nil:
		c.note("归集件：原文件由原签发系统制作并用印，此处不显示，按 SM3 核对", "A collected license: its file was made and sealed elsewhere and is not shown; compare its SM3")
		return nil, nil
	case job.Version == nil:
		return nil, nil
	case p.config.Draw == nil:
		c.note("此处不能绘制证照文件，请按 SM3 核对", "The document is not drawn here: compare its SM3")
		return nil, nil
	}
	d := &paper{unsealed: job.Version.Unsealed}
	if several > drawnMost {
		return d, nil
	}
	drawing, err := p.config.Draw(ctx, d.unsealed)
	if err == nil {
		err = drawing.Own()
	}
	if err != nil {
		return nil, err
	}
	d.drawn = drawing.Whole()
	content := registry.Compose(job.Version.Type, job.Version.Facts)
	if missing := drawing.Missing(content); len(missing) > 0 {
		chinese, english := named(content, missing)
		c.note("证照文件中没有画出的内容："+chinese, "Not drawn in the document: "+english)
	}
	return d, nil
}

// named gives fields their labels.
func named(content registry.Content, fields []string) (chinese, english string) {
	labels := map[string]registry.LabeledField{}
	for _, f := range content.Fields {
		labels[f.Name] = f
	}
	var c, e []string
	for _, name := range fields {
		f, ok := labels[name]
		if !ok {
			f.Label, f.English = name, name
		}
		c, e = append(c, f.Label), append(e, f.English)
	}
	return strings.Join(c, "、"), strings.Join(e, ", ")
}

// picture draws the n-th document: of one signing, one at a time.
func (p *Page) picture(ctx context.Context, s *signing, n int) ([]byte, error) {
	s.drawing.Lock()
	defer s.drawing.Unlock()
	s.mu.Lock()
	var d *paper
	if n >= 0 && n < len(s.papers) {
		d = s.papers[n]
	}
	s.mu.Unlock()
	switch {
	case d == nil:
		return nil, registry.Errorf(registry.CodeNotFound, "document", "no such document")
	case d.drawn != nil:
		return d.drawn, nil
	}
	drawing, err := p.config.Draw(ctx, d.unsealed)
	if err == nil {
		err = drawing.Own()
	}
	if err != nil {
		return nil, err
	}
	return drawing.Whole(), nil
}
