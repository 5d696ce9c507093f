package registry_test

import (
	"testing"

	"pgregory.net/rapid"

	"tongzheng/registry"
)

func TestLiveIdentifiers(t *testing.T) {
	for _, s := range []string{
		"1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
		"1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
	} {
		id, err := registry.ParseIdentifier(s)
		if err != nil || id.String() != s {
			t.Errorf("%s: %v %v", s, id, err)
		}
		if err := registry.CheckUSCC(id.Issuer); err != nil {
			t.Error(err)
		}
	}
	id, err := registry.ParseIdentifier("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.V")
	if registry.CodeOf(err) != registry.CodeIdentifierCheck || id.Serial != "20230000403" {
		t.Errorf("wrong check character: %v %v", id, err)
	}
}

func TestIdentifierPacks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := registry.Identifier{
			Type:    rapid.StringMatching(`[0-9A-Z]{18}[0-9]{3}`).Draw(t, "type"),
			Issuer:  rapid.StringMatching(`[0-9A-Z]{18}`).Draw(t, "issuer"),
			Serial:  rapid.StringMatching(`[0-9A-Z]{7,32}`).Draw(t, "serial"),
			Version: rapid.IntRange(1, 999).Draw(t, "version"),
		}
		parsed, err := registry.ParseIdentifier(id.String())
		if err != nil || parsed != id {
			t.Fatal(parsed, err)
		}
		raw, err := id.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back registry.Identifier
		if err := back.UnmarshalBinary(raw); err != nil || back != id {
			t.Fatal(back, err)
		}
	})
}

func TestDates(t *testing.T) {
	if registry.LongTerm.String() != "9999-12-30" {
		t.Fatal(registry.LongTerm)
	}
	d, err := registry.ParseDate("2026-11-21")
	if err != nil || d.Chinese() != "2026年11月21日" || registry.DateOf(d.Start()) != d || registry.DateOf(d.Start().Add(-1)) != d-1 {
		t.Fatal(d, err)
	}
}
