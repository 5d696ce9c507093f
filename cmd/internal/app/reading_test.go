package app_test

import (
	"context"
	"errors"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// silent is a trail that cannot be written.
type silent struct{ office.Trail }

func (silent) Audit(context.Context, office.AuditEvent) error { return errors.New("disk full") }

// TestNothingIsReadUnwritten: where the audit trail cannot be written nobody
// reads what a license says, and the state, which names nobody, is still shown.
func TestNothingIsReadUnwritten(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	id, ctx := p.Intent.Identifier, t.Context()
	o := c.other(t, func(ports *office.Ports, _ *office.Config) { ports.Trail = silent{ports.Trail} })
	token := c.token(t, id, p.Intent.Printings[1])
	clerk, printer := c.as(t, "xg-acceptor"), c.as(t, "xg-printer")
	for what, read := range map[string]func() error{
		"license":  func() error { _, err := o.Reading.License(ctx, clerk, id); return err },
		"result":   func() error { _, err := o.Reading.License(ctx, printer, id); return err },
		"document": func() error { _, err := o.Papers.Document(ctx, clerk, id); return err },
		"bundle":   func() error { _, err := o.Bundles.Bundle(ctx, clerk, id); return err },
		"fields":   func() error { _, err := o.Papers.Disclose(ctx, clerk, id, []string{"ZZMC"}); return err },
		"sheet":    func() error { _, err := o.Papers.Sheet(ctx, printer, id, 2, nil); return err },
		"code":     func() error { _, err := o.Papers.Code(ctx, printer, token); return err },
		"proposal": func() error { _, _, err := o.Reading.Proposed(ctx, clerk, p); return err },
		"review file": func() error {
			_, err := o.Reviews.Open(ctx, c.as(t, "xg-gov-acceptor"), office.ReviewDraft{Number: "无痕1", Kind: registry.ReviewOversight, Basis: "测试", Licenses: []registry.Identifier{id}})
			return err
		},
	} {
		if err := read(); registry.CodeOf(err) != registry.CodeUnavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := c.Store.Reviews.Review(ctx, c.as(t, "xg-gov-acceptor").Organization, "无痕1"); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("a file whose opening nobody wrote down: %v", err)
	}
	view, err := o.Reading.License(ctx, registry.Operator("operator"), id)
	if err != nil || view.Sight != registry.MaySeeStatus || view.Verdict.Word != registry.Valid {
		t.Errorf("the state: %+v %v", view, err)
	}
}
