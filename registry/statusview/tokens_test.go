package statusview_test

import (
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// TestTokens: a token's digest leads to the sheet that the first entry named it for,
// over a restart; another member's entry that names it too changes nothing.
func TestTokens(t *testing.T) {
	dir := t.TempDir()
	w := begin(t, dir)
	token := registry.Token{1, 2, 3}
	named := func(l *ledgertest.License) *registry.Entry {
		e := l.Next(registry.Issue)
		for i := range e.Intent.Printings {
			digest := registry.Token{byte(i), byte(l.Identifier.Serial[0])}.Digest()
			if i == 0 {
				digest = token.Digest()
			}
			e.Tokens = append(e.Tokens, digest[:]...)
		}
		return e
	}
	first, liar := w.NewLicense(), w.NewYuduLicense()
	w.submit(t, w.Genesis())
	w.await(t, w.submit(t, w.Batch(ledgertest.MemberXingguo, named(first))).Height)
	lied := w.submit(t, w.Batch(ledgertest.MemberYudu, named(liar)))
	if r := lied.Outcome.Results[0]; !r.Accepted() {
		t.Fatal(r)
	}
	w.await(t, lied.Height)
	w.stop()
	w.run(t, dir)
	want := registry.Placed{Identifier: first.Identifier, Printing: 1}
	if got, err := w.view.Token(token.Digest()); err != nil || got == nil || *got != want {
		t.Fatal(got, err)
	}
	if got, err := w.view.Token(registry.Token{9}.Digest()); err != nil || got != nil {
		t.Error("a token that nobody named:", got, err)
	}
	if got, err := w.view.Token(registry.Token{1, byte(first.Identifier.Serial[0])}.Digest()); err != nil || got == nil || got.Printing != 2 {
		t.Error("the second sheet:", got, err)
	}
}
