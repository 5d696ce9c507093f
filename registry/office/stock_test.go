package office

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
)

// paperView is a status view of licenses and one stock, for the report alone.
type paperView struct {
	StatusView
	stock    []registry.GovernanceRecord
	licenses map[string]*registry.Standing
}

func (v *paperView) Records(registry.RecordKind) ([]registry.GovernanceRecord, error) {
	return v.stock, nil
}

// BlankUses looks at every sheet.
func (v *paperView) BlankUses(stock string, ranges []registry.BlankRange) ([]registry.Uses, registry.Uses, error) {
	in, all := make([]registry.Uses, len(ranges)), registry.Uses{}
	for _, s := range v.licenses {
		for _, made := range s.Entries {
			intent := made.Entry.Intent
			for _, p := range intent.Printings {
				sheet, ok := s.License.Sheet(p.Number)
				if !ok || registry.StockName(intent.Identifier.Type, p.Blank.Form, p.Blank.Run, intent.Organization) != stock {
					continue
				}
				all[sheet.State]++
				for i, r := range ranges {
					if len(p.Blank.Number) == len(r.From) && r.From <= p.Blank.Number && p.Blank.Number <= r.To {
						in[i][sheet.State]++
					}
				}
			}
		}
	}
	return in, all, nil
}

// TestStockBalances walks at random through prints, spoils, reprints,
// deliveries, recoveries, announcements and destructions by the act table's own
// rules: at every step every allocated blank is accounted for, and what the
// report counts is what was done.
func TestStockBalances(t *testing.T) {
	for seed := range uint64(20) {
		dice := rand.New(rand.NewPCG(seed, 1))
		stock := &registry.Stock{Type: "T", Form: "F", Run: "R", Organization: "O", Ranges: []registry.BlankRange{{From: "JX0001", To: "JX0200"}, {From: "JX0301", To: "JX0350"}}}
		view := &paperView{stock: []registry.GovernanceRecord{stock}, licenses: map[string]*registry.Standing{}}
		o := &Stocks{common: &common{view: view, clock: time.Now}}
		used, spent := 0, 0
		acts := []registry.Act{registry.Spoil, registry.Deliver, registry.Recover, registry.AnnounceVoid, registry.Destroy}
		for step := range 400 {
			base := fmt.Sprint("L", dice.IntN(20))
			standing := view.licenses[base]
			if standing == nil {
				standing = &registry.Standing{License: &registry.License{}}
				view.licenses[base] = standing
			}
			if sheets := standing.License.Printings; len(sheets) == 0 || dice.IntN(3) == 0 && used < 200 {
				used++
				number := uint32(len(sheets) + 1)
				in := &registry.Intent{Act: registry.Print, Organization: "O", Identifier: registry.Identifier{Type: "T"},
					Printings: []registry.Printing{{Number: number, Copy: registry.Original, Blank: registry.Blank{Form: "F", Run: "R", Number: fmt.Sprintf("JX%04d", used)}}}}
				standing.Entries = append(standing.Entries, registry.Anchored{Entry: &registry.Entry{Intent: in}})
				standing.License.Printings = append(sheets, registry.Sheet{Number: number, Copy: registry.Original, State: registry.PrintingLive})
			} else {
				sheet := &sheets[dice.IntN(len(sheets))]
				if next, err := sheet.State.Next(acts[dice.IntN(len(acts))]); err == nil {
					sheet.State = next
				}
			}
			if dice.IntN(20) == 0 && spent < 50 { // from the range that no sheet takes
				spent++
				text := fmt.Sprintf("JX%04d", 300+spent)
				stock.Spent = append(stock.Spent, registry.Spent{Of: registry.BlankRange{From: text, To: text}, How: []registry.SpentHow{registry.SpentSpoiled, registry.SpentLost, registry.SpentDestroyed}[spent%3]})
			}
			lines, err := o.Report(t.Context(), registry.Operator("test"), "")
			if err != nil {
				t.Fatal(err)
			}
			want := StockLine{Type: "T", Form: "F", Run: "R", Organization: "O", Allocated: 250, Free: 250 - used - spent,
				Spoiled: spent / 3, Lost: (spent + 2) / 3, Destroyed: (spent + 1) / 3}
			for _, s := range view.licenses {
				for _, sheet := range s.License.Printings {
					switch sheet.State {
					case registry.PrintingSpoiled:
						want.Spoiled++
					case registry.PrintingVoid:
						want.Void++
					case registry.PrintingRecovered:
						want.Recovered++
					case registry.PrintingDestroyed:
						want.Destroyed++
					default:
						want.Good++
					}
				}
			}
			if len(lines) != 1 || lines[0] != want || !lines[0].Balanced() {
				t.Fatalf("seed %d, step %d: %+v, want %+v", seed, step, lines, want)
			}
		}
	}
}

func TestRangeSize(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     int
	}{{"JX00000001", "JX00000100", 100}, {"0001", "0001", 1}, {"0099", "0100", 2}, {"A1", "A9", 9}, {"2", "1", 0}, {"A1", "B1", 0}, {"1", "10", 0}} {
		if got, err := rangeSize(registry.BlankRange{From: c.from, To: c.to}); got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%s–%s: %d %v", c.from, c.to, got, err)
		}
	}
}

func TestUnused(t *testing.T) {
	for _, c := range []struct {
		from, to, used, want string
	}{
		{"JX000001", "JX000100", "", "JX000001-JX000100"},
		{"JX000001", "JX000100", "JX000001 JX000002 JX000050", "JX000003-JX000049 JX000051-JX000100"},
		{"JX000098", "JX000101", "JX000101 JX000099 XX000100", "JX000098-JX000098 JX000100-JX000100"},
		{"A1", "A1", "", "A1-A1"}, {"AA", "AA", "", "AA-AA"}, {"AA", "AA", "AA", ""}, {"7", "7", "7", ""},
	} {
		parts, err := unused(registry.BlankRange{From: c.from, To: c.to}, strings.Fields(c.used))
		var got []string
		for _, p := range parts {
			got = append(got, p.From+"-"+p.To)
		}
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%s–%s without %s: %v %v", c.from, c.to, c.used, got, err)
		}
	}
}

func TestWithout(t *testing.T) {
	held := []registry.BlankRange{{From: "A001", To: "A100"}, {From: "777", To: "777"}}
	for _, c := range []struct{ from, to, want string }{
		{"A001", "A100", "777-777"}, {"A011", "A020", "A001-A010 A021-A100 777-777"}, {"A001", "A001", "A002-A100 777-777"},
		{"A091", "A100", "A001-A090 777-777"}, {"777", "777", "A001-A100"}, {"A100", "A101", "refused"}, {"B001", "B001", "refused"},
	} {
		rest, err := without(held, registry.BlankRange{From: c.from, To: c.to})
		var got []string
		for _, p := range rest {
			got = append(got, p.From+"-"+p.To)
		}
		if err != nil {
			got = []string{"refused"}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("without %s–%s: %v", c.from, c.to, got)
		}
	}
}
