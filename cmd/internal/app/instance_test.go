package app_test

import (
	"strings"
	"testing"

	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// TestOneIssuerTwoRegistries: of two registries that serve one issuer, one counts by its
// prefix and the other is refused before anybody signs, until it has a prefix of its own.
func TestOneIssuerTwoRegistries(t *testing.T) {
	t.Parallel()
	city, county := citytest.Neighbors(t, nil)
	x := &exchanging{city: city, county: county}
	acceptor, err := county.Demo.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	record, _, err := city.View.Record(registry.KindInstance, acceptor.Code+".A1")
	if err != nil || record == nil {
		t.Fatalf("the county's instance: %v", err)
	}
	first := *record.(*registry.Instance)
	first.Registry = "https://other.example.cn"
	x.record(t, &first)
	_, err = county.Office.Issuing.Propose(t.Context(), acceptor.Actor(), application(county.App, acceptor.Code, 60), office.Idempotency{})
	if registry.CodeOf(err) != registry.CodeSerialPrefix {
		t.Fatalf("counted by another registry's prefix: %v", err)
	}
	x.record(t, &registry.Instance{Issuer: acceptor.Code, Prefix: "A2", Lists: []uint32{4000}, Registry: county.Config.PublicURL})
	if id := x.issue(t, 60); !strings.HasPrefix(id.Serial, "A2") {
		t.Errorf("serial %s", id.Serial)
	}
}
