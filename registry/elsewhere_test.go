package registry_test

import (
	"testing"
	"time"

	"tongzheng/registry"
)

// TestHeldAgainst: what a neighbor's paper says is held against the ledger; a version or
// a sheet that may wait to be recorded is unknown, never not-found, void or altered, and
// a code that neither a key nor a token on the ledger confirms is never valid.
func TestHeldAgainst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, registry.China)
	today := registry.DateOf(now)
	id := registry.Identifier{Issuer: "11360732MB0X12345Y", Version: 1}
	token, other := registry.Token{1}, registry.Token{2}
	elsewhere := &registry.Elsewhere{Member: "xg", Public: "https://xg.example"}
	printing := registry.Printing{Number: 1, List: 3, Index: 4}
	intent := &registry.Intent{Act: registry.Issue, Identifier: id, Printings: []registry.Printing{printing}, Effective: today - 9, Expires: today + 9}
	standing := func(state registry.State, tokens ...registry.Token) *registry.Standing {
		return &registry.Standing{License: &registry.License{State: state, Version: 1, Effective: today - 9, Expires: today + 9, Printings: []registry.Sheet{{Number: 1, Version: 1, State: registry.PrintingLive}}},
			Entries: []registry.Anchored{{Entry: &registry.Entry{Intent: intent, Tokens: registry.TokenDigests(tokens)}}}}
	}
	signed := []registry.Check{registry.Pass(registry.CheckQRSignature, "", "")}
	stolen := []registry.Check{registry.CannotTell(registry.CheckQRSignature, "qr-key-stolen", "", "")}
	code := func(version int, sheet uint32, checks []registry.Check) *registry.QRReport {
		of := id
		of.Version = version
		return &registry.QRReport{Payload: true, Identifier: of, Printing: sheet, List: 3, Index: 4, Effective: today - 9, Expires: today + 9, Checks: checks}
	}
	paper := func(token registry.Token, c *registry.QRReport) registry.Shown {
		return registry.Shown{Version: c.Identifier.Version, Code: c, Token: token, Printing: c.Printing}
	}
	file := &registry.DocumentReport{Identifier: id}
	file.Identifier.Version = 2
	for name, x := range map[string]struct {
		standing *registry.Standing
		shown    registry.Shown
		want     registry.Word
	}{
		"a code":                                    {standing(registry.Effective, token), paper(token, code(1, 1, signed)), registry.Valid},
		"one of before tokens were named":           {standing(registry.Effective), paper(token, code(1, 1, signed)), registry.Valid},
		"another token":                             {standing(registry.Effective, token), paper(other, code(1, 1, signed)), registry.Altered},
		"a version that waits":                      {standing(registry.Effective, token), paper(other, code(2, 2, signed)), registry.UnknownNow},
		"a file of a version that waits":            {standing(registry.Effective, token), registry.Shown{Version: 2, Document: file}, registry.UnknownNow},
		"a sheet that waits":                        {standing(registry.Effective, token), paper(other, code(1, 2, signed)), registry.UnknownNow},
		"a sheet that waits, of a revoked license":  {standing(registry.Revoked, token), paper(other, code(1, 2, signed)), registry.IsRevoked},
		"a stolen key and the sheet's own token":    {standing(registry.Effective, token), paper(token, code(1, 1, stolen)), registry.Valid},
		"a stolen key and a token of the thief's":   {standing(registry.Effective, token), paper(other, code(1, 1, stolen)), registry.Altered},
		"a stolen key where no token is named":      {standing(registry.Effective), paper(other, code(1, 1, stolen)), registry.UnknownNow},
		"a stolen key, no token, a revoked license": {standing(registry.Revoked), paper(other, code(1, 1, stolen)), registry.IsRevoked},
		"a token alone":                             {standing(registry.Effective, token), registry.Shown{Version: 1, Token: token, Printing: 1}, registry.Valid},
	} {
		q := registry.Question{Identifier: id, Printing: x.shown.Printing, Standing: x.standing, Now: now}
		q.Identifier.Version = x.shown.Version
		if x.shown.Code != nil {
			q.Checks = append(q.Checks, x.shown.Code.Checks...)
		}
		q.Checks = append(q.Checks, registry.HeldAgainst(x.standing, elsewhere, x.shown)...)
		if v := registry.Judge(q); v.Word != x.want {
			t.Errorf("%s: %s, want %s: %+v", name, v.Word, x.want, v.Checks)
		}
	}
}
