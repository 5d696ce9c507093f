package chaincode_test

import (
	"testing"
	"time"

	"tongzheng/chaincode"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// memory is a State that counts: the contract reads each namespace once and
// never writes what it did not accept.
type memory struct {
	values map[string][]byte
	reads  map[string]int
	puts   int
	space  string
}

func (m *memory) Read(namespace string, keys []string) ([][]byte, error) {
	m.reads[namespace]++
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = m.values[namespace+"/"+key]
	}
	return values, nil
}

func (m *memory) Put(key string, value []byte) error {
	m.puts++
	m.values[m.space+"/"+key] = value
	return nil
}

func (m *memory) execute(t *testing.T, b registry.Batch) *registry.Outcome {
	t.Helper()
	m.reads, m.puts, m.space = map[string]int{}, 0, b.Namespace
	o, err := chaincode.Execute(m, &b)
	if err != nil {
		t.Fatal(err)
	}
	for namespace, n := range m.reads {
		if n != 1 {
			t.Errorf("%s was read %d times", namespace, n)
		}
	}
	return o
}

func TestReadsOncePerNamespace(t *testing.T) {
	m := &memory{values: map[string][]byte{}}
	city := ledgertest.NewCity()
	m.execute(t, city.Genesis())
	a, b := city.NewLicense(), city.NewYuduLicense()
	m.execute(t, city.Batch(ledgertest.MemberXingguo, a.Next(registry.Issue), a.Next(registry.Change)))
	if len(m.reads) != 2 || m.puts != 7 { // license, two blanks, number, two decisions, root
		t.Errorf("reads %v, %d puts", m.reads, m.puts)
	}
	m.execute(t, city.Batch(ledgertest.MemberYudu, b.Next(registry.Issue)))
	m.execute(t, city.Batch(registry.Governance, a.NextOversight(city.Governing, registry.Revoke), b.NextOversight(city.Governing, registry.Suspend)))
	if len(m.reads) != 4 {
		t.Errorf("oversight reads governance, both members, and the superior's own for its decisions: %v", m.reads)
	}
	in := city.NewLicense().Intent(registry.Issue)
	in.Ground = "none"
	if o := m.execute(t, city.Batch(ledgertest.MemberXingguo, city.Entry(in))); o.Results[0].Code != registry.CodeGround || m.puts != 0 {
		t.Errorf("a refused entry wrote %d values: %+v", m.puts, o)
	}
	again := city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue))
	m.puts = 0
	if _, err := chaincode.DryRun(m, &again); err != nil || m.puts != 0 {
		t.Errorf("a dry run wrote %d values: %v", m.puts, err)
	}
}

// Texts with characters that nobody sees are refused since rules version 2, of
// acts and of orders; a ledger of version 1 takes what it took.
func TestTextsByRules(t *testing.T) {
	for version, want := range map[int]registry.EntryResult{registry.RulesOfBeginning: {}, registry.RulesOfRelations: {Code: registry.CodeFieldForm, Field: "decision"}} {
		m := &memory{values: map[string][]byte{}}
		city := ledgertest.NewCity()
		city.Rules.Version = version
		m.execute(t, city.Genesis())
		in := city.NewLicense().Intent(registry.Issue)
		in.Decision = "兴行审〔2026〕1\u00ad号"
		if o := m.execute(t, city.Batch(ledgertest.MemberXingguo, city.Entry(in))); o.Results[0] != want {
			t.Errorf("rules %d: %+v", version, o.Results[0])
		}
		order := city.Order(city.Governing, &registry.Matter{Code: "m-text", FullName: "取\u2f54许可"}) // a radical, not 水
		if o := m.execute(t, city.Batch(registry.Governance, order)); o.Results[0].Code != want.Code {
			t.Errorf("rules %d: %+v", version, o.Results[0])
		}
	}
}

func TestCheckClock(t *testing.T) {
	city := ledgertest.NewCity()
	stored := func(simulated bool) []byte {
		rules := city.Rules
		rules.Simulated = simulated
		record, err := registry.Encode(rules)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := registry.Encode(registry.Stored{Sequence: 1, Record: record})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	genesis := city.Genesis()
	license := city.Batch(ledgertest.MemberXingguo, city.Entry(city.NewLicense().Intent(registry.Issue)))
	for name, test := range map[string]struct {
		rules []byte
		batch registry.Batch
		apart time.Duration
		want  registry.Code
	}{
		"together":                     {stored(false), license, chaincode.MaxSkew, ""},
		"behind":                       {stored(false), license, chaincode.MaxSkew + time.Second, registry.CodeClock},
		"ahead":                        {stored(false), license, -chaincode.MaxSkew - time.Second, registry.CodeClock},
		"simulated":                    {stored(true), license, 1000 * time.Hour, ""},
		"genesis of a simulated one":   {nil, genesis, 1000 * time.Hour, ""},
		"no rules and no genesis":      {nil, license, time.Hour, registry.CodeClock},
		"rules that cannot be read":    {[]byte{1}, license, time.Hour, registry.CodeClock},
		"a timed one given a genesis":  {stored(false), genesis, time.Hour, registry.CodeClock},
		"a batch with no entry at all": {nil, registry.Batch{}, time.Hour, registry.CodeClock},
	} {
		clock := time.Unix(test.batch.Time, 0).Add(test.apart)
		if got := registry.CodeOf(chaincode.CheckClock(test.rules, &test.batch, clock, chaincode.MaxSkew)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestNewestRules: the contract applies the rules that a new ledger begins
// with.
func TestNewestRules(t *testing.T) {
	if chaincode.RulesVersion != registry.NewestRules {
		t.Errorf("the contract applies rules up to %d, ledgers begin with %d", chaincode.RulesVersion, registry.NewestRules)
	}
}
