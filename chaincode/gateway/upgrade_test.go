package gateway

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/chaincode/wire"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// nextRules is what the next version of the rules demands besides: the
// signatures of a batch are those of its authors, and no others.
const nextRules = `package chaincode

import "tongzheng/registry"

func (v *view) nextRules() error {
	rules := v.rules()
	if rules == nil || rules.Version < RulesVersion || len(v.batch.Authors) <= len(v.batch.AuthorsOf()) {
		return nil
	}
	return registry.Errorf(registry.CodeEntryForm, "authors", "a signature of somebody who wrote nothing")
}
`

// buildNext compiles the contract service of the next version: one with a rule
// more, which also carries today's.
func buildNext(t *testing.T, today int) string {
	t.Helper()
	folder, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(folder, "rules.go"))
	if err != nil {
		t.Fatal(err)
	}
	source := string(raw)
	for old, changed := range map[string]string{
		"RulesVersion = " + strconv.Itoa(today) + "\n": "RulesVersion = " + strconv.Itoa(today+1) + "\n",
		"\treturn nil\n}": "\treturn v.nextRules()\n}",
	} {
		if strings.Count(source, old) != 1 {
			t.Fatalf("rules.go has %q %d times", old, strings.Count(source, old))
		}
		source = strings.Replace(source, old, changed, 1)
	}
	work := t.TempDir()
	replace := map[string]string{}
	for name, text := range map[string]string{"rules.go": source, "nextrules.go": nextRules} {
		replace[filepath.Join(folder, name)] = filepath.Join(work, name)
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(work, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return build(t, "next", "-overlay", overlay, "tongzheng/cmd/tongzheng-chaincode")
}

// rollingUpgrade replaces the contract service, member by member, by one
// that also carries the next rules, under two members' streams. Until all have
// it everybody judges by the old rules: a transaction is only endorsed when old
// and new service answer with the same bytes, read and write sets included. An
// order puts the new rules in force for all at once.
func rollingUpgrade(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	today := city.Rules.Version
	old, next := buildService(t), buildNext(t, today)
	where := &town{City: city}
	xingguo, yudu := newStream(t, l, where, ledgertest.MemberXingguo), newStream(t, l, where, ledgertest.MemberYudu)
	streams := []*stream{xingguo, yudu}
	goOn := func() {
		t.Helper()
		for _, s := range streams {
			s.goesOn(few())
		}
	}
	goOn()
	for i, member := range allMembers {
		if err := n.Upgrade(t.Context(), next, member); err != nil {
			t.Fatal(err)
		}
		for j, m := range allMembers {
			want := today
			if j <= i {
				want++
			}
			if got := carries(t, l, m); got != want {
				t.Errorf("%s carries rules %d, want %d", m, got, want)
			}
		}
		goOn()
		if err := surplus(t, l, where); err != nil {
			t.Errorf("with %s upgraded, by the old rules: %v", member, err)
		}
		if member == ledgertest.MemberCity {
			// Too early: old and new do not agree, and nothing is committed.
			if c, err := activate(t, l, where, today+1, once); registry.CodeOf(err) != registry.CodeLedgerConflict {
				t.Errorf("rules that only the city carries: %+v %v", c, err)
			}
			goOn()
		}
	}
	if _, err := activate(t, l, where, today+1, settled); err != nil {
		t.Fatal(err)
	}
	goOn()
	if err := surplus(t, l, where); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("by the new rules: %v", err)
	}
	if _, err := activate(t, l, where, today, once); err == nil {
		t.Error("the old rules came back")
	}
	// A member that stayed behind stops itself, nobody else; upgraded, it goes on.
	if err := n.Upgrade(t.Context(), old, ledgertest.MemberYudu); err != nil {
		t.Fatal(err)
	}
	waiting := queued(t, yudu, xingguo)
	if err := n.Upgrade(t.Context(), next, ledgertest.MemberYudu); err != nil {
		t.Fatal(err)
	}
	yudu.drained(waiting)
	goOn()
	for _, s := range streams {
		s.end()
	}
}

// carries asks one member's contract service for its newest rules.
func carries(t *testing.T, l *Ledger, member string) int {
	t.Helper()
	via := l.as(member).links[0]
	var raw []byte
	networktest.Eventually(t, "the version of "+member, func() (err error) {
		raw, err = via.network.GetContract(member).EvaluateWithContext(networktest.Within(t), wire.Version, client.WithEndorsingOrganizations(via.MSP))
		return err
	})
	version, err := strconv.Atoi(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// surplus submits an issue with a signature of somebody who wrote nothing.
func surplus(t *testing.T, l *Ledger, where *town) error {
	t.Helper()
	where.Lock()
	b := where.Batch(ledgertest.MemberXingguo, where.NewLicense().Next(registry.Issue))
	b.Authors = append(b.Authors, ledgertest.Authorship(b.Namespace, where.Yudu.Code, where.Yudu.Act, nil))
	where.Unlock()
	c, err := settled(t, l, b)
	if err == nil && !c.Outcome.Results[0].Accepted() {
		t.Errorf("refused by itself: %+v", c.Outcome)
	}
	return err
}

// activate puts rules in force by the city's order; the error says why not.
func activate(t *testing.T, l *Ledger, where *town, version int,
	bring func(testing.TB, *Ledger, registry.Batch) (*registry.Commit, error)) (*registry.Commit, error) {
	t.Helper()
	where.Lock()
	defer where.Unlock()
	rules := where.Rules
	rules.Version = version
	c, err := bring(t, l, where.Batch(registry.Governance, where.Order(where.Governing, &rules)))
	if err != nil {
		return nil, err
	}
	if r := c.Outcome.Results[0]; !r.Accepted() {
		return c, registry.Errorf(r.Code, r.Field, "refused")
	}
	where.Note(c)
	where.Rules.Version = version
	return c, nil
}
