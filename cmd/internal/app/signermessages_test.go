package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
)

// refusal is one hostile message and the code that it must get.
type refusal struct {
	name string
	code registry.Code
	ask  func(ctx context.Context, c *remote.Client) error
}

// hostile drives a signer process, as whoever owns the registry can, with every
// message of its protocol and content that the ledger does not say. a's signer is at
// the address; p is anchored.
func hostile(t *testing.T, a *app.App, address string, p *office.Proceeding) {
	t.Helper()
	c, err := remote.Dial(remote.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all := map[string][]refusal{}
	for _, table := range []map[string][]refusal{hostileActs(t, a, p), hostileWords(t, a, p), hostileDesk(t, a), hostileSignings(t, a, p)} {
		maps.Copy(all, table)
	}
	if asked := slices.Sorted(maps.Keys(all)); !slices.Equal(asked, slices.Sorted(slices.Values(remote.Paths))) {
		t.Errorf("the protocol has %s, hostile content has %s", remote.Paths, asked)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, err := c.Describe(ctx); registry.CodeOf(err) == registry.CodeUnavailable && ctx.Err() == nil; _, err = c.Describe(ctx) {
		time.Sleep(100 * time.Millisecond) // until it has started
	}
	for path, table := range all {
		for _, r := range table {
			if err := r.ask(ctx, c); registry.CodeOf(err) != r.code {
				t.Errorf("%s: %s: %v, want %s", path, r.name, err, r.code)
			}
		}
	}
}

// hostileActs are what would seal, register or sign for an act or an order.
func hostileActs(t *testing.T, a *app.App, p *office.Proceeding) map[string][]refusal {
	t.Helper()
	v, err := a.Store.Version(t.Context(), p.Intent.Identifier.Base(), 1)
	if err != nil {
		t.Fatal(err)
	}
	in := p.Intent
	in.Decision += "又" // another intent: nothing was sealed for it
	kind, err := a.Store.Type(t.Context(), in.Identifier.Type, in.TypeVersion)
	if err != nil {
		t.Fatal(err)
	}
	job := registry.SealJob{Intent: in, Version: &registry.Opened{Type: kind, Facts: v.Facts, Secret: v.Secret, Unsealed: v.Unsealed, Rendered: v.Rendered}}
	moved := job
	moved.Approvals = p.Approvals // those of the intent that was approved
	paper := registry.SealJob{Intent: registry.Intent{Act: registry.Spoil, Identifier: in.Identifier, Sequence: 2, Previous: p.Entry.Digest(), Grant: in.Grant,
		Organization: in.Organization, Ground: "misprint", Decided: in.Decided, Refers: in.Printings[1].Number}}
	matter, err := registry.Encode(&registry.Matter{Code: "360732099999", FullName: "自设事项"})
	if err != nil {
		t.Fatal(err)
	}
	order := registry.Order{Organization: in.Organization, Kind: registry.KindMatter, Record: matter, Sequence: 1, Basis: "x", Decided: in.Decided}
	invented := *p.Entry
	invented.Sealed++
	holder := v.Facts.Holder.Name
	code := registry.QRRequest{Public: "https://evil.example", Identifier: in.Identifier, Printing: in.Printings[1], HolderName: holder, Effective: in.Effective, Expires: in.Expires}
	longer, another := code, code
	longer.Expires += 3650
	another.HolderName = "别人"
	seal := func(j registry.SealJob) func(context.Context, *remote.Client) error {
		return func(ctx context.Context, c *remote.Client) error { _, err := c.Seal(ctx, j); return err }
	}
	const stranger = "11000000000000000X"
	render := func(change func(*registry.RenderRequest)) func(context.Context, *remote.Client) error {
		return func(ctx context.Context, c *remote.Client) error {
			ask := registry.RenderRequest{Identifier: in.Identifier, Printing: in.Printings[0], Type: kind, Facts: v.Facts, Secret: v.Secret}
			own, err := c.Render(ctx, ask)
			if err != nil {
				return fmt.Errorf("as it is: %w", err)
			}
			change(&ask)
			made, err := c.Render(ctx, ask)
			if err == nil && (!bytes.Equal(made.Unsealed, own.Unsealed) || made.Mark != own.Mark) {
				err = errors.New("rendered otherwise")
			}
			return err
		}
	}
	sign := func(r registry.QRRequest) func(context.Context, *remote.Client) error {
		return func(ctx context.Context, c *remote.Client) error { _, err := c.SignQR(ctx, r); return err }
	}
	return map[string][]refusal{
		"/v1/seal": {{"nobody approved", registry.CodeApprovalMissing, seal(job)}, {"approvals of another intent", registry.CodeApprovalSignature, seal(moved)}},
		"/v1/register": {{"nobody approved", registry.CodeApprovalMissing, func(ctx context.Context, c *remote.Client) error {
			_, err := c.Register(ctx, paper)
			return err
		}}},
		"/v1/order": {{"no governor signed", registry.CodeApprovalMissing, func(ctx context.Context, c *remote.Client) error {
			_, err := c.RegisterOrder(ctx, order, registry.Warrant{})
			return err
		}}, {"a publication of one's own", registry.CodeStale, func(ctx context.Context, c *remote.Client) error {
			raw, err := registry.Encode(&registry.Publication{Member: "xingguo", Time: in.Decided, Height: 1, Lists: 1, Root: sm.Sum([]byte("mine"))})
			if err != nil {
				return err
			}
			_, err = c.RegisterOrder(ctx, registry.Order{Organization: in.Organization, Kind: registry.KindPublication, Record: raw, Sequence: 1, Basis: "x", Decided: in.Decided}, registry.Warrant{})
			return err
		}}},
		"/v1/render": {{"for another authority", registry.CodeForbidden, render(func(r *registry.RenderRequest) { r.Identifier.Issuer, r.Facts.Identifier.Issuer = stranger, stranger })},
			{"labels of one's own", registry.CodeContent, render(func(r *registry.RenderRequest) { mine := *kind; mine.Name = "特许证"; r.Type = &mine })},
			{"fields of another license", registry.CodeMalformed, render(func(r *registry.RenderRequest) { r.Facts.Identifier.Serial = "B100001" })},
			{"no type", registry.CodeMalformed, render(func(r *registry.RenderRequest) { r.Type = nil })},
			{"an address of one's own", "", render(func(r *registry.RenderRequest) { r.Public = "https://evil.example" })}},
		"/v1/authorship": {{"an entry that was not registered", registry.CodeAuthorship, func(ctx context.Context, c *remote.Client) error {
			_, err := c.Authorship(ctx, in.Organization, "xingguo", []*registry.Entry{&invented})
			return err
		}}},
		"/v1/acts-for": {{"an organization of another signer", registry.CodeActKey, func(ctx context.Context, c *remote.Client) error {
			return c.ActsFor(ctx, stranger)
		}}},
		"/v1/qr": {{"a longer period", registry.CodePrinting, sign(longer)}, {"another holder", registry.CodePrinting, sign(another)},
			{"an address of one's own", "", func(ctx context.Context, c *remote.Client) error {
				text, err := c.SignQR(ctx, code)
				if err == nil && bytes.Contains([]byte(text), []byte("evil")) {
					err = fmt.Errorf("the code leads to %s", text)
				}
				return err
			}}},
		"/v1/tag": {{"for no draft", registry.CodeMissing, func(ctx context.Context, c *remote.Client) error {
			_, err := c.Tag(ctx, registry.TagRequest{Organization: in.Organization, Type: in.Identifier.Type, TypeVersion: 1, Holder: v.Facts.Holder})
			return err
		}}},
		// A time stamp says when, by the authority's own clock, and nothing else.
		"/v1/time-stamp": {{"any digest", "", func(ctx context.Context, c *remote.Client) error {
			token, err := c.TimeStamp(ctx, sm.Sum([]byte("anything")))
			if err != nil {
				return err
			}
			stamp, err := check.VerifyTimeStampDigest(token, sm.Sum([]byte("anything")))
			if err == nil && time.Since(stamp.At).Abs() > time.Minute {
				err = fmt.Errorf("stamped at %s", stamp.At)
			}
			return err
		}}},
	}
}

// hostileWords are what the signer says of the ledger.
func hostileWords(t *testing.T, a *app.App, p *office.Proceeding) map[string][]refusal {
	t.Helper()
	in := p.Intent
	other := in.Identifier
	other.Serial = other.Serial[:len(other.Serial)-1] + "X"
	forged := &registry.Commit{Height: 1, Transaction: "mine", Batch: registry.Batch{Namespace: "xingguo", Time: in.Decided, Entries: []*registry.Entry{p.Entry}}}
	point := &registry.Checkpoint{Ledger: "single-node", Height: p.Receipt.Height, Block: sm.Sum([]byte("block")), Time: in.Decided, Namespace: "xingguo",
		Transaction: "mine", Recorded: in.Decided, Root: sm.Sum([]byte("root")), Count: 1}
	manifest := registry.NewManifest(registry.Manifest{Ledger: "single-node", Identifier: in.Identifier, Made: time.Now().Unix(), AsOf: time.Now().Unix(), Height: 1 << 30,
		Sequence: 1, Head: sm.Sum([]byte("another end"))}, nil)
	return map[string][]refusal{
		"/v1/height": {{"none", "", func(context.Context, *remote.Client) error { return nil }}}, // a question without content
		"/v1/commit": {{"another first commit", registry.CodeLedgerDamaged, func(ctx context.Context, c *remote.Client) error { return c.HandOver(ctx, forged) }}},
		"/v1/checkpoint": {{"a transaction that was not executed", registry.CodeLedgerDamaged, func(ctx context.Context, c *remote.Client) error {
			_, _, err := c.SignCheckpoint(ctx, point.Message())
			return err
		}}, {"no checkpoint", registry.CodeMalformed, func(ctx context.Context, c *remote.Client) error {
			_, _, err := c.SignCheckpoint(ctx, []byte("tongzheng status v1\x00"))
			return err
		}}},
		"/v1/tokens": {{"an issuer that is not here", registry.CodeForbidden, func(ctx context.Context, c *remote.Client) error {
			id := in.Identifier
			id.Issuer = "11000000000000000X"
			_, err := c.Tokens(ctx, registry.TokenRequest{Identifier: id, Printings: in.Printings})
			return err
		}}},
		"/v1/lists": {{"valid for a year", "", func(ctx context.Context, c *remote.Client) error {
			said, err := c.Lists(ctx, registry.ListsRequest{Valid: 365 * 24 * 3600})
			if err == nil && (len(said.Lists) == 0 || said.Lists[0].Head.Next-said.Lists[0].Head.Time > 48*3600) {
				err = fmt.Errorf("%+v", said)
			}
			return err
		}}},
		"/v1/publication": {{"a member of nobody's", registry.CodeForbidden, func(ctx context.Context, c *remote.Client) error {
			_, err := c.Publication(ctx, registry.PublicationRequest{Member: "nowhere"})
			return err
		}}},
		"/v1/statement": {{"a code of one's own", registry.CodePrinting, func(ctx context.Context, c *remote.Client) error {
			_, err := c.State(ctx, registry.StatementRequest{Token: registry.Token{1}, Identifier: in.Identifier, Printing: in.Printings[1]})
			return err
		}}, {"a license that is not there", "", func(ctx context.Context, c *remote.Client) error {
			said, err := c.State(ctx, registry.StatementRequest{Identifier: other, Public: "https://evil.example"})
			if err == nil && (said.Statement.Word != registry.NotFound || said.Statement.By != a.Config.PublicURL) {
				err = fmt.Errorf("%+v", said.Statement)
			}
			return err
		}}},
		"/v1/bundle-status": {{"a license that is not there", registry.CodeNotFound, func(ctx context.Context, c *remote.Client) error {
			_, err := c.BundleStatus(ctx, other)
			return err
		}}},
		"/v1/bundle-seal": {{"another end of the chain", registry.CodeStale, func(ctx context.Context, c *remote.Client) error {
			_, err := c.SealBundle(ctx, registry.BundleRequest{Manifest: *manifest})
			return err
		}}},
	}
}

// hostileDesk is what would make keys and seals.
func hostileDesk(t *testing.T, a *app.App) map[string][]refusal {
	t.Helper()
	return map[string][]refusal{
		"/v1/describe": {{"none", "", func(context.Context, *remote.Client) error { return nil }}}, // public halves only: TestSignerProcess
		"/v1/act-key": {{"a key for an organization of one's own", registry.CodeForbidden, func(ctx context.Context, c *remote.Client) error {
			_, err := c.ActKey(ctx, "机关", "11000000000000000X")
			return err
		}}},
		"/v1/make-seal": {{"a seal of one's own", registry.CodeForbidden, func(ctx context.Context, c *remote.Client) error {
			_, err := c.MakeSeal(ctx, remote.SealRequest{ID: "mine", Name: "章", Owner: "11000000000000000X", Diameter: 42})
			return err
		}}},
		"/v1/make-tag-key": {{"a tag key", registry.CodeForbidden, func(ctx context.Context, c *remote.Client) error {
			_, err := c.MakeTagKey(ctx)
			return err
		}}},
		"/v1/import-seal": {{"no seal", registry.CodeMalformed, func(_ context.Context, c *remote.Client) error {
			_, err := c.ImportedSeal([]byte("no seal"))
			return err
		}}},
		"/v1/seal-file": {{"a seal that is not here", "", func(_ context.Context, c *remote.Client) error {
			der, err := c.SealFile(sm.Sum([]byte("none")))
			if err == nil && len(der) > 0 {
				err = fmt.Errorf("%d bytes", len(der))
			}
			return err
		}}},
	}
}

// hostileSignings are what would have a person sign something else than what the page
// shows, or come back elsewhere.
func hostileSignings(t *testing.T, a *app.App, p *office.Proceeding) map[string][]refusal {
	t.Helper()
	in := p.Intent
	v, err := a.Store.Version(t.Context(), in.Identifier.Base(), 1)
	if err != nil {
		t.Fatal(err)
	}
	kind, err := a.Store.Type(t.Context(), in.Identifier.Type, in.TypeVersion)
	if err != nil {
		t.Fatal(err)
	}
	own := registry.SigningRequest{Return: "/console/signed", Acts: []registry.SealJob{{Intent: in, Version: &registry.Opened{Type: kind, Facts: v.Facts, Secret: v.Secret, Unsealed: v.Unsealed, Rendered: v.Rendered}}},
		Person: registry.SigningPerson{Name: "甲", Organization: in.Organization, Handle: []byte("1"), Keys: []registry.PersonKey{{Credential: []byte("1"), KeyID: "01"}}}}
	elsewhere, address, stranger, other, swapped, both := own, own, own, own, own, own
	elsewhere.Return = "//evil.example/console"
	address.Return = "https://evil.example/console"
	stranger.Person.Organization = "11000000000000000X"
	facts := v.Facts
	facts.Holder.Name = "别人"
	shown := own.Acts[0]
	shown.Version = &registry.Opened{Type: kind, Facts: facts, Secret: v.Secret, Unsealed: v.Unsealed, Rendered: v.Rendered}
	other.Acts = []registry.SealJob{shown}
	shown.Version = &registry.Opened{Type: kind, Facts: v.Facts, Secret: v.Secret, Unsealed: append(v.Unsealed[:len(v.Unsealed):len(v.Unsealed)], 0), Rendered: v.Rendered}
	swapped.Acts = []registry.SealJob{shown}
	outlines := own // another document whose digest people approve: its fields are theirs, what it shows the registry's
	shown.Intent.Content = shown.Version.Digest()
	outlines.Acts = []registry.SealJob{shown}
	both.Enroll = true
	// Another license's words beside an act that makes none, or follows none.
	version := own.Acts[0].Version
	beside := func(act registry.Act, job registry.SealJob) registry.SigningRequest {
		r := own
		job.Intent = registry.Intent{Act: act, Identifier: in.Identifier, Sequence: 2, Previous: p.Entry.Digest(), Grant: in.Grant, Organization: in.Organization,
			Ground: "applied", Decision: "兴审〔2026〕9号", Decided: in.Decided}
		r.Acts = []registry.SealJob{job}
		return r
	}
	foreign := &registry.Opened{Type: kind, Facts: facts, Secret: v.Secret, Document: sm.Leaf(v.Unsealed)}
	untyped := &registry.Opened{Facts: v.Facts, Secret: v.Secret, Document: sm.Leaf(v.Unsealed)}
	present := &registry.Opened{Type: kind, Facts: v.Facts, Secret: v.Secret, Document: sm.Leaf(v.Unsealed)}
	following := own
	following.Acts = []registry.SealJob{{Intent: in, Version: version, Present: present}}
	unreadable := own
	unreadable.Acts = nil
	unreadable.Sheet = []registry.Order{{Kind: registry.KindMatter, Organization: in.Organization, Sequence: 1, Basis: "\u202e号一令府", Decided: in.Decided}}
	open := func(r registry.SigningRequest) func(context.Context, *remote.Client) error {
		return func(ctx context.Context, c *remote.Client) error { _, err := c.Open(ctx, r); return err }
	}
	return map[string][]refusal{
		"/v1/sign-open": {{"as it is", "", open(own)}, {"back to another host", registry.CodeMalformed, open(elsewhere)}, {"back to an address", registry.CodeMalformed, open(address)},
			{"an organization that is not here", registry.CodeOrganization, open(stranger)}, {"another holder than is approved", registry.CodeContent, open(other)},
			{"a state act as it is", "", open(beside(registry.Cancel, registry.SealJob{Present: present}))},
			{"a state act with another license's words", registry.CodeContent, open(beside(registry.Cancel, registry.SealJob{Present: foreign}))},
			{"a state act with words without a type", registry.CodeContent, open(beside(registry.Cancel, registry.SealJob{Present: untyped}))},
			{"a state act beside a version of one's own", registry.CodeContent, open(beside(registry.Cancel, registry.SealJob{Present: present, Version: version}))},
			{"a paper act beside a version", registry.CodeContent, open(beside(registry.Annotate, registry.SealJob{Version: foreign}))},
			{"an issue that follows something", registry.CodeContent, open(following)},
			{"an order that nobody can read", registry.CodeFieldForm, open(unreadable)},
			{"another document than is approved", registry.CodeContent, open(swapped)}, {"a document that the signer did not render", registry.CodeContent, open(outlines)}, {"an act under the words of a passkey", registry.CodeMissing, open(both)}},
		"/v1/sign-result": {{"a ticket of one's own", registry.CodeNotFound, func(ctx context.Context, c *remote.Client) error {
			_, err := c.Result(ctx, registry.SigningQuery{Ticket: "mine"})
			return err
		}}},
	}
}
