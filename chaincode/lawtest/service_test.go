package lawtest

import (
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// published tries to publish for Xingguo.
func published(by func(w *walk) *ledgertest.Organization, change func(w *walk, p *registry.Publication)) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		p := &registry.Publication{Member: ledgertest.MemberXingguo, Time: w.Now, Height: 1 << 40, Lists: 1, Root: sm.Sum([]byte(w.id("lists")))}
		change(w, p)
		return by(w), p
	})
}

func asMade(*walk, *registry.Publication) {}

// servedBy tries to record who runs Xingguo's registry.
func servedBy(by func(w *walk) *ledgertest.Organization, member string, operator func(w *walk) *ledgertest.Organization) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return by(w), &registry.Service{Member: member, Operator: operator(w).Code, Public: ledgertest.Public}
	})
}

var serviceTemptations = []temptation{
	{"a publication by its operator", "", published(xingguo, asMade)},
	{"another member's publication", no, published(yudu, asMade)},
	{"a publication of the city for a county", no, published(theCity, asMade)},
	{"a publication of a member without a registry", no, published(xingguo, func(_ *walk, p *registry.Publication) { p.Member = "nowhere" })},
	{"a county's publication for the whole deployment", no, published(xingguo, func(_ *walk, p *registry.Publication) { p.Member = "" })},
	{"an older publication", no, func(w *walk) []registry.Code {
		first := published(xingguo, asMade)(w)
		if first[0] != "" {
			return first
		}
		return published(xingguo, func(_ *walk, p *registry.Publication) { p.Time-- })(w)
	}},
	{"a publication of an earlier height", no, func(w *walk) []registry.Code {
		first := published(xingguo, asMade)(w)
		if first[0] != "" {
			return first
		}
		return published(xingguo, func(_ *walk, p *registry.Publication) { p.Height-- })(w)
	}},
	{"a registry run by itself", no, servedBy(xingguo, ledgertest.MemberXingguo, xingguo)},
	{"a registry moved", "", servedBy(theCity, ledgertest.MemberXingguo, xingguo)},
	{"a registry run by another member", no, servedBy(theCity, ledgertest.MemberXingguo, yudu)},
	{"a registry of no member", no, servedBy(theCity, "nowhere", theCity)},
	{"a registry run by nobody", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Governing, &registry.Service{Member: ledgertest.MemberXingguo, Operator: w.Xingguo.Code[:17] + "_", Public: ledgertest.Public}
	})},
	{"a registry without an address", registry.CodeEntryForm, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Governing, &registry.Service{Member: ledgertest.MemberXingguo, Operator: w.Xingguo.Code, Public: "lic.example.gov.cn"}
	})},
}
