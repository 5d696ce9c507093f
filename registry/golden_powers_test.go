package registry_test

import (
	"reflect"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestGoldenPowers freezes what powers, handovers, examinations and collected
// licenses added to format version 1: new kinds of records and optional keys.
func TestGoldenPowers(t *testing.T) {
	whole := []registry.GovernanceRecord{
		&registry.Handover{ID: "h", From: []string{"f"}, To: "t", Document: "d", Ends: []string{"g1"}, Begins: []string{"g2"}, Lapses: []string{"g3"}, Open: 7,
			Cases: []string{"c"}, SealsEnded: []string{"s1"}, SealsBegun: []string{"s2"},
			Blanks: []registry.CountedBlanks{{Type: "t", Form: "f", Run: "r", From: "o", Of: registry.BlankRange{From: "01", To: "09"}}}, Access: []string{"a"},
			Archives: registry.ArchivesMove, Principle: true, Signed: 5, Start: 6, Signatures: []registry.HandoverSignature{
				{Organization: "f", Side: registry.SideFrom, Key: goldenKey.ID, Signature: []byte{1}}, {Organization: "w", Side: registry.SideWitness, Paper: fill32(1)}}},
		&registry.Examination{Grant: "g", Case: "c", Organization: "o", Accepted: 1, Due: 2, Result: registry.Forward, Examined: 3, Key: goldenKey.ID,
			Opinions: []registry.Opinion{{Organization: "o", Key: goldenKey.ID, Opinion: fill32(2), At: 4}}, SealAsked: 5, Confirmed: 6, ConfirmedBy: goldenKey.ID},
		&registry.Calendar{Year: 2026, Off: []registry.Date{20454}, On: []registry.Date{20457}, Document: "d"},
	}
	for _, record := range whole {
		everyFieldSet(t, reflect.ValueOf(record).Elem().Interface())
		goldenRecord(t, "record-"+string(record.Kind()), record)
	}
	goldenRecord(t, "record-service", &registry.Service{Member: "xingguo", Operator: goldenID.Issuer, Public: "https://lic.example.gov.cn/xg", Sign: "https://sign.lic.example.gov.cn", RelyingParty: "lic.example.gov.cn"})
	goldenRecord(t, "record-service-exchange", &registry.Service{Member: "xingguo", Operator: goldenID.Issuer, Public: "https://lic.example.gov.cn/xg", Exchange: "https://xg.example.gov.cn:8443", ExchangeKey: fill32(7), Library: goldenID.Issuer})
	goldenRecord(t, "record-publication-member", &registry.Publication{Time: 1, Height: 2, Lists: 3, Root: fill32(4), Member: "xingguo"})
	goldenRecord(t, "record-grant-powers", &registry.Grant{ID: "g", Begun: "h1", Ended: "h2", Rests: "r", Publication: "p", Published: 9, Handling: "c",
		Exceptions: []registry.Exception{{Seal: "s", From: 1, Until: 2, Basis: "b"}}})
	goldenRecord(t, "record-organization-rank", &registry.Organization{Code: goldenID.Issuer, Region: "320707106", Rank: registry.RankGovernment})
	goldenRecord(t, "record-stock-member", &registry.Stock{Type: "t", Member: "city"})
	goldenRecord(t, "record-type-lead", &registry.TypeRecord{Code: goldenID.Type, Version: 2, Lead: 45})
	in := fullIntent()
	in.Collected, in.Under = &registry.Foreign{System: "部电子证照系统", Seal: fill32(8)}, "g-own"
	raw, err := registry.Encode(&in)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-collected", raw, in.Digest())
	h := whole[0].(*registry.Handover)
	golden(t, "handover-terms", []byte("terms"), h.Terms())
	golden(t, "collected-digest", []byte("file"), registry.CollectedDigest([]byte("file")))
}

func goldenRecord(t *testing.T, name string, record registry.GovernanceRecord) {
	t.Helper()
	raw, err := registry.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name, raw, sm.Digest{})
}

// TestGoldenStatutes freezes what the statutes of single types added: lead
// days, bars, who may do an act, the holder's tag, who supervises.
func TestGoldenStatutes(t *testing.T) {
	goldenRecord(t, "record-type-statutes", &registry.TypeRecord{Code: goldenID.Type, Version: 3, Lead: 15, LeadUnit: registry.WorkingDays,
		Bars: map[string]int{"revoke/fraud": 3, "penalize/penalty": 5}, Doers: map[string][]registry.Doer{"penalize": {registry.DoerDecider, registry.DoerRegulator}}})
	goldenRecord(t, "record-stock-spent", &registry.Stock{Type: "t", Organization: "o", Spent: []registry.Spent{
		{Of: registry.BlankRange{From: "0007", To: "0009"}, How: registry.SpentLost, At: 1, Basis: "b"}}})
	goldenRecord(t, "record-grant-regulators", &registry.Grant{ID: "g", Regulators: []string{"r1", "r2"}})
	in := fullIntent()
	in.Act, in.Recording, in.Holder = registry.Issue, registry.Timely, fill32(6)
	raw, err := registry.Encode(&in)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-holder", raw, in.Digest())
	for name, value := range map[string]any{"license-holder": registry.License{Sequence: 1, Head: fill32(1), State: registry.Effective, Version: 1, Holder: fill32(6)},
		"bar": registry.Bar{From: 20458, Until: 21553}} {
		if raw, err = registry.Encode(value); err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw, sm.Digest{})
	}
	golden(t, "holder-tag", []byte(registry.BarKey(goldenID.Type, fill32(6))), registry.HolderTag([]byte("key"), goldenID.Type, registry.Holder{CodeType: "001", Code: goldenID.Issuer}))
}

// TestGoldenOrderTime freezes what the time of orders added under rules version 2.
func TestGoldenOrderTime(t *testing.T) {
	goldenRecord(t, "record-type-superseded", &registry.TypeRecord{Code: goldenID.Type, Version: 3, Superseded: goldenTime})
}
