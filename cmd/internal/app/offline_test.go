package app_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/signer/check"
)

// qr makes the signed code of a printing, as the printer gets it.
func (c *city) qr(t *testing.T, p *office.Proceeding, number uint32) string {
	t.Helper()
	refs, err := c.Store.Printings(t.Context(), p.Intent.Identifier.Base())
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range refs {
		if ref.Printing.Number != number {
			continue
		}
		text, err := c.Office.Papers.Code(t.Context(), c.as(t, "xg-printer"), ref.Token)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	t.Fatalf("no printing %d", number)
	return ""
}

// fetch gets a list over HTTP, as a device would.
func (c *city) fetch(t *testing.T, list uint32, query string) ([]byte, http.Header) {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("http://%s/api/v1/status-list/%d%s", c.Address, list, query))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("status list: %s %v %s", answer.Status, err, raw)
	}
	return raw, answer.Header
}

// offline judges a code with the roots and one list alone.
func offline(t *testing.T, roots *check.Roots, list *check.KnownList, text string, now time.Time) registry.Verdict {
	t.Helper()
	o := check.Offline{Roots: roots, Lists: map[check.ListOf]*check.KnownList{list.Of(): list}}
	q, _, err := o.Question(text, now)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Judge(*q)
}

// TestStatusList: a printed code, the pinned roots and a published list give
// the verdict without the registry; changes bring a kept list up to date; past
// nextUpdate nothing is said.
func TestStatusList(t *testing.T) {
	c := inCity(t)
	roots, err := check.ParseRoots(c.Keys.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	p, _ := c.issued(t)
	at := p.Intent.Printings[1]
	text := c.qr(t, p, at.Number)
	if err := c.Office.Publishing.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw, header := c.fetch(t, at.List, "")
	if header.Get("ETag") == "" || header.Get("Cache-Control") == "" {
		t.Error("the list cannot be cached:", header)
	}
	list, err := check.VerifyStatusList(raw, nil, roots)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if v := offline(t, roots, list, text, now); v.Word != registry.Valid || v.Knowledge.Height != list.Head.Height || v.Knowledge.AsOf.IsZero() {
		t.Errorf("%s %+v", v.Word, v)
	}
	if v := offline(t, roots, list, text, now.Add(25*time.Hour)); v.Word != registry.UnknownNow {
		t.Errorf("past nextUpdate: %s", v.Word)
	}
	other := "A"
	if text[len(text)-9] == 'A' {
		other = "B"
	}
	if v := offline(t, roots, list, text[:len(text)-9]+other+text[len(text)-8:], now); v.Word != registry.Altered {
		t.Errorf("an altered code: %s", v.Word)
	}

	spoil := then(p, registry.Spoil, "misprint")
	spoil.Printing = at.Number
	s := c.propose(t, "/licenses/"+p.Intent.Identifier.String()+"/acts", "list-spoil-"+p.Digest.String(), spoil)
	c.sign(t, s, "xg-printer")
	c.end(t, s)
	if err := c.Office.Publishing.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw, _ = c.fetch(t, at.List, fmt.Sprintf("?since=%d", list.Head.Height))
	later, err := check.VerifyStatusList(raw, list, roots)
	if err != nil {
		t.Fatal(err)
	}
	if v := offline(t, roots, later, text, now); v.Word != registry.Void {
		t.Errorf("spoiled, by changes: %s", v.Word)
	}
	full, _ := c.fetch(t, at.List, "")
	if len(raw) >= len(full)+64 {
		t.Errorf("changes take %d bytes, the list %d", len(raw), len(full))
	}
	for i := range full {
		bad := bytes.Clone(full)
		bad[i] ^= 1
		if known, err := check.VerifyStatusList(bad, nil, roots); err == nil && !bytes.Equal(known.Codes, later.Codes) {
			t.Fatalf("byte %d changed the codes unseen", i)
		}
	}
	if _, err := check.VerifyStatusList(raw, nil, roots); registry.CodeOf(err) != registry.CodeStale {
		t.Error("changes without what they change:", err)
	}
}

// memberOf is the member of the issuer that a status list is assigned to.
func (c *city) memberOf(t *testing.T, list uint32) string {
	t.Helper()
	records, err := c.View.Records(registry.KindInstance)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		if i := record.(*registry.Instance); slices.Contains(i.Lists, list) {
			issuer, _, err := c.View.Record(registry.KindOrganization, i.Issuer)
			if err != nil {
				t.Fatal(err)
			}
			return issuer.(*registry.Organization).Member
		}
	}
	t.Fatal("nobody's list", list)
	return ""
}

// TestPublicationAnchored: the root over the published lists stands on the
// ledger and proves each head.
func TestPublicationAnchored(t *testing.T) {
	c := inCity(t)
	c.issued(t)
	p := c.publishing(t, office.Publication{Anchor: time.Nanosecond})
	for range 2 { // the first only takes note of the time
		if err := p.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // the office's clock counts seconds
	}
	published := map[string][]registry.StatusHead{}
	for _, head := range p.Heads() {
		published[c.memberOf(t, head.List)] = append(published[c.memberOf(t, head.List)], head)
	}
	for member, heads := range published {
		record, _, err := c.View.Record(registry.KindPublication, member)
		if err != nil || record == nil {
			t.Fatal(member, "nothing anchored:", err)
		}
		if got := record.(*registry.Publication); got.Root != registry.PublicationRoot(heads) || got.Lists != len(heads) {
			t.Errorf("%s: %+v", member, got)
		}
	}
}
