package office

import (
	"context"
	"fmt"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Reconciling compares what PostgreSQL has with what the ledger says.
type Reconciling struct {
	*common
	licenses interface {
		Record(ctx context.Context, base string) (*Record, error)
		Version(ctx context.Context, base string, version int) (*Version, error)
		Mend(ctx context.Context, base string, said *registry.Standing, lost []PrintingRef) error
		Parties(ctx context.Context, mend bool) (wrong int, err error)
	}
}

// GapKind says how a license's row differs from the ledger.
type GapKind string

// Kinds of gaps.
const (
	GapMissing GapKind = "missing" // the ledger has the license, the rows are gone
	GapBehind  GapKind = "behind"  // the row stands at an earlier act of the ledger's own chain, or misses what governance says
	GapAltered GapKind = "altered" // the row says what the ledger never said
	GapDamaged GapKind = "damaged" // a document that is kept does not make the one that was sealed
)

// Gap is one license whose rows do not say what the ledger says.
type Gap struct {
	Base     string        `json:"base"` // identifier without version
	Kind     GapKind       `json:"gap"`
	License  string        `json:"state"`              // on the ledger
	Acts     []string      `json:"acts,omitempty"`     // that the rows lack: act, version, decision day
	Versions []int         `json:"versions,omitempty"` // whose documents and fields the rows lack
	lost     []PrintingRef // sheets that the rows lack
	said     *registry.Standing
}

// Reconciliation is what a walk over all licenses found.
type Reconciliation struct {
	Licenses int   `json:"licenses"` // on the ledger
	Lists    int   `json:"lists"`    // lines too few or too many of what lists find licenses by; put right when mending
	Gaps     []Gap `json:"gaps"`
	Mended   int   `json:"mended"`
}

// Reconcile compares the rows of every license with the ledger and names what
// is missing: after a database was lost and an older one restored, or when
// somebody may have deleted rows. With mend, rows that are behind follow the
// ledger again, and the sheets that were lost are remembered by their tokens:
// whoever scans one is told that its records are missing, not that it is
// unknown. A row that was altered is evidence and stays as it is. Acts that
// are on their way count as gaps until they end.
func (o *Reconciling) Reconcile(ctx context.Context, by registry.Actor, mend bool) (*Reconciliation, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	var bases []string
	if err := o.view.Licenses(ctx, func(base string, _ *registry.License) error {
		bases = append(bases, base)
		return ctx.Err()
	}); err != nil {
		return nil, err
	}
	r := &Reconciliation{Licenses: len(bases)}
	for _, base := range bases {
		gap, err := o.gap(ctx, base)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", base, err)
		}
		if gap == nil {
			continue
		}
		r.Gaps = append(r.Gaps, *gap)
		if !mend || gap.Kind == GapAltered || gap.Kind == GapDamaged {
			continue
		}
		if err := o.licenses.Mend(ctx, gap.Base, gap.said, gap.lost); err != nil {
			return nil, fmt.Errorf("%s: %w", base, err)
		}
		r.Mended++
	}
	var err error
	r.Lists, err = o.licenses.Parties(ctx, mend)
	return r, err
}

// gap compares one license; nil when its row says what the ledger says.
func (o *Reconciling) gap(ctx context.Context, base string) (*Gap, error) {
	standing, err := o.view.Standing(base)
	if err != nil || standing.License == nil {
		return nil, err
	}
	l := standing.License
	g := &Gap{Base: base, License: l.State.String(), said: standing}
	row, err := o.licenses.Record(ctx, base)
	var seen int // entries of the ledger's chain that the rows have
	switch {
	case registry.CodeOf(err) == registry.CodeNotFound:
		elsewhere, err := o.elsewhere(identifierOf(base, 1).Issuer)
		if err != nil || elsewhere {
			return nil, err
		}
		g.Kind = GapMissing
	case err != nil:
		return nil, err
	case row.State == l.State && row.Version == l.Version && row.Sequence == l.Sequence && row.Head == l.Head:
		if standing.Oversight != nil && !row.Overseen {
			g.Kind = GapBehind
			return g, nil
		}
		return o.damaged(ctx, g)
	default:
		if seen = 1 + slices.IndexFunc(standing.Entries, func(a registry.Anchored) bool { return a.Entry.Digest() == row.Head }); seen == 0 && row.Head != (sm.Digest{}) {
			g.Kind = GapAltered
			return g, nil
		}
		g.Kind = GapBehind
	}
	for _, a := range standing.Entries[seen:] {
		if err := o.lack(ctx, g, a); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// damaged looks at the documents of a license whose row is right; nil when all are whole.
func (o *Reconciling) damaged(ctx context.Context, g *Gap) (*Gap, error) {
	for number := 1; number <= g.said.License.Version; number++ {
		v, err := o.licenses.Version(ctx, g.Base, number)
		if err != nil && registry.CodeOf(err) != registry.CodeNotFound {
			return nil, err
		}
		if err != nil || v.Damaged {
			g.Kind, g.Versions = GapDamaged, append(g.Versions, number)
		}
	}
	if len(g.Versions) == 0 {
		return nil, nil
	}
	return g, nil
}

// lack notes one anchored act that the rows do not have, with the tokens of its
// sheets: the signer makes them again.
func (o *Reconciling) lack(ctx context.Context, g *Gap, a registry.Anchored) error {
	in := a.Entry.Intent
	if in == nil {
		return nil
	}
	g.Acts = append(g.Acts, fmt.Sprintf("%s %03d %s", in.Act, in.Identifier.Version, registry.DateOfUnix(in.Decided)))
	if in.Act.MakesVersion() {
		g.Versions = append(g.Versions, in.Identifier.Version)
	}
	if len(in.Printings) == 0 {
		return nil
	}
	made, err := o.tokens.of(ctx, in.Identifier, in.Printings...)
	if err != nil {
		return err
	}
	for i, p := range in.Printings {
		g.lost = append(g.lost, PrintingRef{Token: made[i], Identifier: in.Identifier, Printing: p, Lost: true})
	}
	return nil
}
