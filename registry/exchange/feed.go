package exchange

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// What no entry of the ledger says must exist — case files, order sheets, requests — is told
// by a feed: for each neighbor and kind the keys of the items that it may have, each with the
// number of its last change. The neighbor reads on from the number that it has come to, and
// asks for every item that changed. An item is always asked for as it is now, so a feed has
// one line a key however often that changes, and losing one's place costs time and nothing
// else.

// ItemKind says what an item is.
type ItemKind string

// KindCase is a case file, by a key that its home made for it.
const KindCase ItemKind = "case"

// Change says that an item is new, or another one than before.
type Change struct {
	Number uint64 `cbor:"1,keyasint"`
	Key    string `cbor:"2,keyasint"` // names the item at its registry, with its kind
}

// Place is how far a feed has been read.
type Place struct {
	Epoch sm.Digest `cbor:"1,keyasint,omitzero"` // of the feed: another one begins it anew; zero: not read yet
	After uint64    `cbor:"2,keyasint,omitempty"`
}

// FeedOf names a feed: what a member has for another one.
type FeedOf struct {
	From string // member whose registry has it
	To   string // member for whom it is asked
	Kind ItemKind
}

// Since asks for the changes after a place.
type Since struct {
	To    string   `cbor:"1,keyasint"`
	Kind  ItemKind `cbor:"2,keyasint"`
	Place Place    `cbor:"3,keyasint"`
}

// Changes answers it. All of another epoch than the one asked for begin at the first.
type Changes struct {
	Epoch sm.Digest `cbor:"1,keyasint"`
	All   []Change  `cbor:"2,keyasint,omitempty"` // by number, at most ChangesMost
}

// ItemAsk asks for an item, or hands one in (Submission).
type ItemAsk struct {
	To   string   `cbor:"1,keyasint"`
	Kind ItemKind `cbor:"2,keyasint"`
	Key  string   `cbor:"3,keyasint"`
}

// Submission is what a member hands in for another one to act on now.
type Submission struct {
	From string   `cbor:"1,keyasint"` // member as which
	Kind ItemKind `cbor:"2,keyasint"`
	Body []byte   `cbor:"3,keyasint"`
}

// Bounds of a feed.
const (
	ChangesMost = 200     // changes in one answer
	KeyMost     = 200     // bytes of a key
	ItemMost    = 4 << 20 // bytes of an item, and of what is handed in
)

// Kind is what one kind of items is worked with; what is nil is not done here.
type Kind struct {
	// Give returns an item as it is now, judged for the member that asks. CodeNotFound for
	// who may not have it, as for one that does not exist.
	Give func(ctx context.Context, to, key string) ([]byte, error)
	// Take takes an item over that another member's registry gave: it believes no sender, and
	// the same again is harmless. What does not hold has a code of kind client, or
	// CodeContent, CodeReceipt or CodeAuthorship, and is put aside; CodeNotYet for what has to
	// wait for the ledger; any other error is our own and is tried again.
	Take func(ctx context.Context, from, to, key string, body []byte) error
	// Receive acts on what a member hands in, and answers.
	Receive func(ctx context.Context, from string, body []byte) ([]byte, error)
}

// Outbox keeps the feeds of this registry. Lines are added by the store of whatever changes,
// in the same transaction.
type Outbox interface {
	// Changes lists a neighbor's changes of a kind after a place, from the first on where the
	// place is not one of the feed.
	Changes(ctx context.Context, to string, kind ItemKind, place Place, limit int) (*Changes, error)
	// NoteItem writes down that an item was given, or refused: the first time for each change
	// with a line of the audit trail.
	NoteItem(ctx context.Context, g ItemGift) error
}

// ItemGift is one answer to a question for an item.
type ItemGift struct {
	To   string
	Kind ItemKind
	Key  string
	Code registry.Code // why it was refused; empty: given
	At   time.Time
}

// Feed answers other members: what has changed, items, and what they hand in.
type Feed struct {
	View   View
	Outbox Outbox
	Kinds  map[ItemKind]Kind
	Clock  func() time.Time
}

// Changes tells a member what has changed. CodeNotFound for a feed that is not the member's.
func (f *Feed) Changes(ctx context.Context, members []string, s Since) (*Changes, error) {
	if err := f.admit(members, s.To); err != nil {
		return nil, err
	}
	if f.Kinds[s.Kind].Give == nil {
		return &Changes{Epoch: s.Place.Epoch}, nil // none of a kind that is not known here
	}
	return f.Outbox.Changes(ctx, s.To, s.Kind, s.Place, ChangesMost)
}

// Item hands out one item. CodeNotFound for who may not have it; both are written down.
// CodeUnavailable while the ledger is out of reach: by old records nothing is given.
// CodeNotYet for one that cannot be read now: the others are.
func (f *Feed) Item(ctx context.Context, members []string, ask ItemAsk) ([]byte, error) {
	if err := f.admit(members, ask.To); err != nil {
		return nil, err
	}
	give := f.Kinds[ask.Kind].Give
	if give == nil || len(ask.Key) > KeyMost {
		return nil, noItem()
	}
	body, err := give(ctx, ask.To, ask.Key)
	switch code := registry.CodeOf(err); {
	case code.Kind() == registry.KindUnavailable:
		return nil, registry.Errorf(registry.CodeNotYet, "key", "it cannot be read now").WithCause(err)
	case err != nil && code != registry.CodeNotFound:
		return nil, err
	}
	gift := ItemGift{To: ask.To, Kind: ask.Kind, Key: ask.Key, Code: registry.CodeOf(err), At: f.Clock()}
	if noted := f.Outbox.NoteItem(ctx, gift); noted != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "what is given is written down, and that cannot be done now").WithCause(noted)
	}
	if err != nil {
		return nil, noItem()
	}
	return body, nil
}

// Submit acts on what a member hands in.
func (f *Feed) Submit(ctx context.Context, members []string, s Submission) ([]byte, error) {
	if err := f.admit(members, s.From); err != nil {
		return nil, err
	}
	receive := f.Kinds[s.Kind].Receive
	if receive == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "kind", "nothing of this kind is taken here")
	}
	return receive(ctx, s.From, s.Body)
}

// admit lets in who asks as a member that its key is of, while the ledger is in reach.
func (f *Feed) admit(members []string, as string) error {
	if !slices.Contains(members, as) {
		return noItem()
	}
	if k := f.View.Knowledge(f.Clock()); k.Stale {
		return registry.Errorf(registry.CodeUnavailable, "", "the ledger is out of reach: %s", k.Reason)
	}
	return nil
}

func noItem() error {
	return registry.Errorf(registry.CodeNotFound, "key", "nothing of this name for this member")
}
