package lawtest

import (
	"fmt"
	"slices"

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

// serving tries to set the record of a member's registry. What is accepted of Xingguo's is
// what the next try begins with.
func serving(by func(w *walk) *ledgertest.Organization, make func(w *walk) *registry.Service) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		service := make(w)
		codes := w.codes(registry.Governance, w.Order(by(w), service))
		if codes[0] == "" && service.Member == ledgertest.MemberXingguo {
			w.service = service
		}
		return codes
	}
}

// served is the record of Xingguo's registry.
func (w *walk) served() registry.Service {
	if w.service == nil {
		w.service = find[*registry.Service](w, ledgertest.MemberXingguo)
	}
	return *w.service
}

// servedBy tries to record who runs a member's registry. Its keys stay.
func servedBy(by func(w *walk) *ledgertest.Organization, member string, operator func(w *walk) *ledgertest.Organization) func(w *walk) []registry.Code {
	return serving(by, func(w *walk) *registry.Service {
		service := &registry.Service{Member: member, Operator: operator(w).Code, Public: ledgertest.Public}
		if member == ledgertest.MemberXingguo {
			filed := w.served()
			service.Anchors, service.KeyList, service.KeyNumber = filed.Anchors, filed.KeyList, filed.KeyNumber
		}
		return service
	})
}

// keysNamed tries to name the keys that the papers of Xingguo's registry are verified by:
// the list after the last one, or what change makes of the record.
func keysNamed(by func(w *walk) *ledgertest.Organization, change func(s *registry.Service)) func(w *walk) []registry.Code {
	return serving(by, func(w *walk) *registry.Service {
		service := w.served()
		service.KeyNumber++
		service.Anchors, service.KeyList = sm.Sum([]byte("anchors")), sm.Sum(fmt.Append(nil, "list", service.KeyNumber))
		change(&service)
		return &service
	})
}

// broughtBack tries to bring a seal of Xingguo's back that the city suspended.
func broughtBack(by func(w *walk) *ledgertest.Organization) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		s := w.seal(ledgertest.SealXingguo)
		s.ID = w.id("q")
		s.History = []registry.SealEvent{{State: registry.SealInUse, At: w.Now - 2}, {State: registry.SealSuspended, At: w.Now - 1, By: w.Governing.Code}}
		filed := s
		w.set(w.Governing, &filed)
		s.History = append(slices.Clone(s.History), registry.SealEvent{State: registry.SealInUse, At: w.Now})
		return by(w), &s
	})
}

var serviceTemptations = []temptation{
	{"a seal that the city suspended, brought back by its owner", no, broughtBack(xingguo)},
	{"a seal that the city suspended, brought back by the city", "", broughtBack(theCity)},
	{"a seal's event in another's name", no, sealed(func(w *walk) []registry.SealEvent {
		return []registry.SealEvent{{State: registry.SealInUse, At: w.Now - 1}, {State: registry.SealSuspended, At: w.Now, By: w.Yudu.Code}}
	})},
	{"a registry's keys named by its operator", "", keysNamed(xingguo, func(*registry.Service) {})},
	{"a registry's keys named by the city", "", keysNamed(theCity, func(*registry.Service) {})},
	{"a registry's keys named by another member", no, keysNamed(yudu, func(*registry.Service) {})},
	{"an address with the keys", no, keysNamed(xingguo, func(s *registry.Service) { s.Public = "https://evil.example" })},
	{"an exchange key with the keys", no, keysNamed(xingguo, func(s *registry.Service) { s.Exchange, s.ExchangeKey = "https://evil.example", sm.Sum([]byte("k")) })},
	{"the library with the keys", no, keysNamed(xingguo, func(s *registry.Service) { s.Library = s.Operator })},
	{"another key list of the same number", no, func(w *walk) []registry.Code {
		first := keysNamed(xingguo, func(*registry.Service) {})(w)
		if first[0] != "" {
			return first
		}
		return keysNamed(xingguo, func(s *registry.Service) { s.KeyNumber--; s.KeyList = sm.Sum([]byte("another")) })(w)
	}},
	{"a registry's keys taken away", no, func(w *walk) []registry.Code {
		first := keysNamed(xingguo, func(*registry.Service) {})(w)
		if first[0] != "" {
			return first
		}
		return keysNamed(theCity, func(s *registry.Service) { s.Anchors, s.KeyList, s.KeyNumber = sm.Digest{}, sm.Digest{}, 0 })(w)
	}},
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
