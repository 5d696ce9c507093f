package lawtest

import (
	"fmt"
	"slices"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// shifting are powers, seals and stocks that come and go while a walk lasts.
type shifting struct {
	grants []*registry.Grant
	seals  []*registry.SealRecord
	stocks []*registry.Stock
	signed map[string]*registry.Handover // by the grant that it begins
	spent  map[string]bool               // run and number

	house    *house // whose powers come and go altogether
	held     []*registry.Grant
	licenses []*ledgertest.License
}

// govern gives one lawful order, drawn at random: a power, a seal or a stock
// comes, changes or goes.
func (w *walk) govern() {
	w.Helper()
	switch s := &w.shifting; w.chance.IntN(9) {
	case 0:
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.Effective, g.Handover = w.id("p"), w.Now, w.chance.IntN(2) == 0
		w.set(w.Governing, &g)
		s.grants = append(s.grants, &g)
	case 1:
		seal := w.seal(ledgertest.SealXingguo)
		seal.ID, seal.History = w.id("q"), []registry.SealEvent{{State: registry.SealInUse, At: w.Now}}
		w.set(w.Governing, &seal)
		s.seals = append(s.seals, &seal)
	case 2:
		stock := w.stock(w.Xingguo, "", "0001", "0020")
		stock.Run = w.id("R")
		w.set(w.Governing, stock)
		s.stocks = append(s.stocks, stock)
	case 3: // recalled by whose decision it is
		if g := pick(w, s.grants); g != nil && g.End == 0 {
			g.End, g.EndBasis = w.Now, "收回"
			w.set(w.Governing, g)
		}
	case 4: // a handover is signed, which begins nothing
		if g := pick(w, s.grants); g != nil && g.Handover && s.signed[g.ID] == nil {
			h := w.handover(w.id("h"))
			h.Begins = []string{g.ID}
			w.sign(h)
			w.set(w.Governing, h)
			s.signed[g.ID] = h
		}
	case 5: // its start of operation does
		if g := pick(w, s.grants); g != nil && g.End == 0 && g.Operating == 0 && s.signed[g.ID] != nil {
			h := s.signed[g.ID]
			h.Start = w.Now
			g.Operating, g.Begun = w.Now, h.ID
			w.set(w.Xingguo, h, g)
		}
	case 6: // a power ends with the handover of another
		g, other := pick(w, s.grants), pick(w, s.grants)
		if g != nil && g.End == 0 && g != other {
			h := w.handover(w.id("h"))
			h.Begins, h.Ends = []string{other.ID}, []string{g.ID}
			w.sign(h)
			w.set(w.Governing, h)
			h.Start = w.Now
			g.End, g.EndBasis, g.Ended = w.Now, "交接", h.ID
			w.set(w.Xingguo, h)
			w.set(w.Governing, g)
		}
	case 7:
		if seal := pick(w, s.seals); seal != nil {
			was := seal.StateAt(w.Now)
			now := []registry.SealState{registry.SealInUse, registry.SealSuspended, registry.SealLost, registry.SealRetired}[w.chance.IntN(4)]
			if was != registry.SealRetired && was != now {
				seal.History = append(seal.History, registry.SealEvent{State: now, At: w.Now})
				w.set(w.Xingguo, seal)
			}
		}
	case 8: // blanks are gone, or are counted over
		stock := pick(w, s.stocks)
		if stock != nil && w.chance.IntN(8) > 0 {
			number := fmt.Sprintf("%04d", 1+w.chance.IntN(20))
			if of := (registry.BlankRange{From: number, To: number}); stock.Holds(number) && !s.spent[stock.Run+number] {
				s.spent[stock.Run+number] = true
				stock.Spent = append(stock.Spent, registry.Spent{Of: of, How: registry.SpentSpoiled, At: w.Now, Basis: "报废"})
				w.set(w.Xingguo, stock)
			}
		} else if stock != nil && len(stock.Ranges) > 0 {
			stock.Ranges = nil
			w.set(w.Governing, stock)
		}
	}
}

func pick[T any](w *walk, list []*T) *T {
	if len(list) == 0 {
		return nil
	}
	return list[max(0, len(list)-1-w.chance.IntN(8))] // lately made ones
}

// attempt issues a license under any power, with any seal, on any blank: the
// ledger accepts it exactly when the model finds each of them good.
func (w *walk) attempt() {
	w.Helper()
	g, seal, stock := pick(w, w.shifting.grants), pick(w, w.shifting.seals), pick(w, w.shifting.stocks)
	if g == nil || seal == nil || stock == nil {
		return
	}
	l := w.NewLicense()
	in := l.Intent(registry.Issue)
	in.Grant, in.Seal = g.ID, seal.ID
	blank := registry.Blank{Form: ledgertest.FormOriginal, Run: stock.Run, Number: fmt.Sprintf("%04d", 1+w.chance.IntN(24))}
	in.Printings[1].Blank = blank
	inStock := slices.ContainsFunc(stock.Ranges, func(r registry.BlankRange) bool { return r.From <= blank.Number && blank.Number <= r.To })
	want := w.model.grants[g.ID].holds(w.Now) && w.model.seals[seal.ID].holds(w.Now) &&
		inStock && !w.shifting.spent[stock.Run+blank.Number] && !w.model.blanks[in.Identifier.Type+blank.Form+blank.Run+blank.Number]
	got := w.codes(ledgertest.MemberXingguo, w.Entry(in))[0]
	if (got == "") != want {
		w.Errorf("an issue under %s with %s on %s/%s: %q, and the model says %t", g.ID, seal.ID, blank.Run, blank.Number, got, want)
	}
	w.model.attempts[want]++
}

// reach lets the powers of one authority come and go, and tries the city's wider
// one on its licenses: the ledger accepts it exactly when the model finds that
// the authority has none left there.
func (w *walk) reach() {
	w.Helper()
	s := &w.shifting
	if s.house == nil {
		s.house = w.house()
		w.model.house = s.house.Code
	}
	living := slices.DeleteFunc(slices.Clone(s.held), func(g *registry.Grant) bool { return !w.model.grants[g.ID].holds(w.Now) })
	switch w.chance.IntN(4) {
	case 0:
		if len(living) < 3 {
			s.held = append(s.held, w.power(s.house))
		}
	case 1, 2:
		if g := pick(w, living); g != nil {
			g.End, g.EndBasis = w.Now, "收回"
			w.set(w.Governing, g)
		}
	default:
		if g := pick(w, living); g != nil {
			s.licenses = append(s.licenses, w.license(s.house, g.ID))
		}
	}
	l := pick(w, s.licenses)
	if l == nil {
		return
	}
	act := registry.Suspend
	if l.Oversight != nil && l.Oversight.State == registry.Suspended {
		act = registry.Return
	}
	want := !w.model.lives(s.house.Code, w.Now)
	e := w.Entry(l.GovernedIntent(w.Governing, ledgertest.GrantOwn, act))
	got := w.codes(registry.Governance, e)[0]
	if (got == "") != want || got != "" && got != registry.CodeNotResponsible {
		w.Errorf("the city's %s on a license of %s: %q, and the model says %t", act, s.house.Code, got, want)
	}
	if got == "" {
		after, err := registry.ApplyOversight(l.Oversight, l.State, e)
		if err != nil {
			w.Fatal(err)
		}
		l.Oversight = after
	}
	w.model.reached[want]++
}
