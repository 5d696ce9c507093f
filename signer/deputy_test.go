package signer

import (
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// TestDeputySigns: another member's lists are signed for whom it named, by the key that it
// named, within the period and not beyond it, and are no part of this member's
// publication.
func TestDeputySigns(t *testing.T) {
	a := newAttesting(t)
	made := a.does(a.NewLicense(), registry.Issue).Batch.Entries[0].Intent.Printings[0].List
	theirs := a.does(a.NewYuduLicense(), registry.Issue).Batch.Entries[0].Intent.Printings[0].List
	key, _ := a.keys.Current(LabelStatus)
	good := registry.Deputy{Member: ledgertest.MemberXingguo, Key: key, From: a.Now, Until: a.Now + 7200}
	for _, c := range []struct {
		name   string
		change func(d *registry.Deputy)
		signed bool
	}{
		{"named", func(*registry.Deputy) {}, true},
		{"by another key", func(d *registry.Deputy) { d.Key = "0123456789abcdef0123456789abcdef" }, false},
		{"another member", func(d *registry.Deputy) { d.Member = ledgertest.MemberCity }, false},
		{"before the period", func(d *registry.Deputy) { d.From, d.Until = a.Now+3600, a.Now+7200 }, false},
		{"after the period", func(d *registry.Deputy) { d.From, d.Until = 1, a.Now }, false},
		{"named again", func(*registry.Deputy) {}, true},
	} {
		deputy := good
		c.change(&deputy)
		a.Now++
		a.commit(a.Batch(registry.Governance, a.Order(a.Yudu, &registry.Service{Member: ledgertest.MemberYudu, Operator: a.Yudu.Code, Public: ledgertest.Public, Deputy: deputy})))
		said, signed := a.lists(), false
		for _, l := range said.Lists {
			switch {
			case l.Head.List == theirs:
				signed = true
				if l.Member != ledgertest.MemberYudu || l.Head.Next != deputy.Until || l.Head.Time != a.view.Newest().Time {
					t.Errorf("%s: %+v of %q", c.name, l.Head, l.Member)
				}
				a.published(l, nil)
			case l.Head.List != made || l.Member != "":
				t.Errorf("%s: list %d of %q", c.name, l.Head.List, l.Member)
			}
		}
		if signed != c.signed {
			t.Errorf("%s: signed %v", c.name, signed)
		}
		record, err := a.attester.Publication(t.Context(), registry.PublicationRequest{Member: ledgertest.MemberXingguo})
		if err != nil || record.Lists != 1 {
			t.Errorf("%s: publishes %+v %v", c.name, record, err)
		}
		if _, err := a.attester.Publication(t.Context(), registry.PublicationRequest{Member: ledgertest.MemberYudu}); registry.CodeOf(err) != registry.CodeForbidden {
			t.Errorf("%s: publishes for the other: %v", c.name, err)
		}
	}
}
