package office

import (
	"cmp"
	"context"
	"strings"
	"time"

	"tongzheng/registry"
)

// Copies are the copies of other members' licenses (归集), each held against the ledger
// before it is returned. They take no part in counters, number series and proposals.
type Copies interface {
	// Copy returns one version that is here. CodeNotFound; CodeUnavailable for one that
	// was found altered and is fetched again.
	Copy(ctx context.Context, id registry.Identifier) (*registry.Copied, error)
	// Account is what the ledger says must be here against what is.
	Account(ctx context.Context) (*registry.Collection, error)
}

// CopyLists finds copies, the newest first.
type CopyLists interface {
	Copies(ctx context.Context, q CopyQuery) (*CopyPage, error)
}

// CopyQuery asks for the newest version here of each license.
type CopyQuery struct {
	Organization string // as whom they are here; empty: anybody
	Member       string // whose they are
	Text         string // holder name, number or identifier, folded, prefix match
	Type         string
	Cursor       string
	Limit        int // 1–100, 20 when 0
}

// CopyItem is one license among the copies.
type CopyItem struct {
	Identifier registry.Identifier // newest version that is here
	Member     string              // whose registry has it
	Number     string
	HolderName string
	HolderCode string // of the store's answer alone
	IssuerName string
	Expires    registry.Date
	Recorded   time.Time
	Relations  []registry.Relation
	Result     bool // the result alone is here: no organization here may see more
}

// CopyPage is a page of copies.
type CopyPage struct {
	Items []CopyItem
	Next  string
}

// Library shows the copies of other members' licenses.
type Library struct {
	*common
	access *access
	copies Copies // nil: nothing of other members is copied here
	lists  CopyLists
}

// Kept tells whether other members' licenses are copied here.
func (o *Library) Kept() bool { return o.copies != nil && o.lists != nil }

func (o *Library) none() error {
	if o.Kept() {
		return nil
	}
	return registry.Errorf(registry.CodeNotFound, "", "other members' licenses are not copied here")
}

// Account is the account of the copies, without names: for people of the license library
// whose work is with licenses, and for whoever runs the machine. CodeForbidden.
func (o *Library) Account(ctx context.Context, by registry.Actor) (*registry.Collection, error) {
	library, err := o.law().Library()
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(by.MayAccount(library), o.none()); err != nil {
		return nil, err
	}
	return o.copies.Account(ctx)
}

// Search lists the copies of licenses to which the actor's organization is something that
// sees at least their status. Holder and number are shown as on the license's page. That
// names were read is written down.
func (o *Library) Search(ctx context.Context, by registry.Actor, q CopyQuery) (*CopyPage, error) {
	organization, err := by.MaySearch("")
	if err = cmp.Or(err, o.none()); err != nil {
		return nil, err
	}
	library, err := o.law().Library()
	if err != nil {
		return nil, err
	}
	if q.Organization = organization; organization == library {
		q.Organization = ""
	}
	page, names := &CopyPage{}, 0
	page.Items, page.Next, err = fill(q.Limit, q.Cursor, func(item *CopyItem) (bool, error) { return o.related(by, item) }, func(limit int, cursor string) ([]CopyItem, string, error) {
		q.Limit, q.Cursor = limit, cursor
		found, err := o.lists.Copies(ctx, q)
		if err != nil {
			return nil, "", err
		}
		return found.Items, found.Next, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range page.Items {
		if page.Items[i].HolderName != "" {
			names++
		}
	}
	return page, o.access.readNamed(ctx, by, "library", names)
}

// related says in an item what the organization is to the license, and leaves of it what
// the license's page shows the actor.
func (o *Library) related(by registry.Actor, item *CopyItem) (bool, error) {
	standing, err := o.view.Standing(item.Identifier.Base())
	if err != nil || standing.License == nil {
		return false, err
	}
	kin, err := o.law().Kinship(item.Identifier.Issuer, standing, by.Organization, o.now().Unix())
	if err != nil || !kin.Allows(by.Organization, registry.MaySeeStatus) {
		return false, err
	}
	item.Relations = kin.Relations(by.Organization)
	like := SearchItem{Number: item.Number, HolderName: item.HolderName, HolderCode: item.HolderCode}
	like.show(by, kin)
	item.Number, item.HolderName, item.HolderCode = like.Number, like.HolderName, ""
	return true, nil
}

// withCopies are this registry's own licenses and, behind them, what is known of others',
// for those who read: by the copies here, else by the ledger alone. What is written never
// sees a copy.
type withCopies struct {
	LicenseStore
	common *common
	copies Copies // nil: of others' licenses only what the ledger says can be read
}

// Version implements LicenseStore.
func (s withCopies) Version(ctx context.Context, base string, version int) (*Version, error) {
	v, err := s.LicenseStore.Version(ctx, base, version)
	if registry.CodeOf(err) != registry.CodeNotFound {
		return v, err
	}
	id := identifierOf(base, version)
	if s.copies == nil || id.Validate() != nil {
		return nil, err
	}
	c, err := s.copies.Copy(ctx, id)
	if err != nil {
		return nil, err
	}
	return &Version{Identifier: c.Identifier(), Facts: c.Opened.Facts, TypeVersion: c.Opened.Type.Version, Secret: c.Opened.Secret, Unsealed: c.Opened.Unsealed,
		Sealed: c.Sealed, Released: true, Intent: c.Intent, Copied: c, Withheld: c.Withheld()}, nil
}

// Stored implements LicenseStore.
func (s withCopies) Stored(ctx context.Context, base string, version int, sealed bool) (*Stored, error) {
	stored, err := s.LicenseStore.Stored(ctx, base, version, sealed)
	if registry.CodeOf(err) != registry.CodeNotFound {
		return stored, err
	}
	v, err := s.Version(ctx, base, version)
	if err != nil {
		return nil, err
	}
	row, err := s.Record(ctx, base)
	if err != nil {
		return nil, err
	}
	if !sealed {
		v.Sealed = nil
	}
	return &Stored{Version: *v, Step: StepAnchored, Type: v.Copied.Opened.Type, Record: *row}, nil
}

// Record implements LicenseStore. No row of a copy says how its license stands: the ledger
// does.
func (s withCopies) Record(ctx context.Context, base string) (*Record, error) {
	row, err := s.LicenseStore.Record(ctx, base)
	if registry.CodeOf(err) != registry.CodeNotFound {
		return row, err
	}
	standing, seen := s.common.view.Standing(base)
	if seen != nil || standing.License == nil {
		return nil, err
	}
	if elsewhere, failed := s.common.elsewhere(identifierOf(base, 1).Issuer); failed != nil || !elsewhere {
		return nil, cmp.Or(failed, err)
	}
	l := standing.License
	for version := l.Version; version > 0 && s.copies != nil; version-- {
		_, copied := s.copies.Copy(ctx, identifierOf(base, version))
		if copied == nil {
			break
		}
		if registry.CodeOf(copied) != registry.CodeNotFound {
			return nil, copied
		}
	}
	return &Record{Base: base, Type: identifierOf(base, 1).Type, Version: l.Version, State: l.State, Sequence: l.Sequence, Head: l.Head, Copied: true}, nil
}

// identifierOf takes a base apart.
func identifierOf(base string, version int) registry.Identifier {
	id := registry.Identifier{Version: version}
	id.Type, base, _ = strings.Cut(base, ".")
	id.Issuer, id.Serial, _ = strings.Cut(base, ".")
	return id
}
