package registry_test

import (
	"testing"

	"tongzheng/registry"
)

// clash is the code with which the second act finds taken what the first one took.
func clash(first, second registry.Intent, g *registry.Grant) registry.Code {
	taken := map[string]registry.Taking{}
	for _, once := range registry.UsesOf(&first, g) {
		taken[once.Key] = once.Takes
	}
	for _, once := range registry.UsesOf(&second, g) {
		if once.Clashes(taken[once.Key]) {
			return once.Code
		}
	}
	return ""
}

// TestUses: a decision counts once per organization, matter, decision, act, and case,
// else license; a case makes one act of what is applied for.
func TestUses(t *testing.T) {
	base := func() registry.Intent {
		in := fullIntent()
		in.Origin = &registry.Origin{Matter: "m", Place: "360732"}
		in.Recording = registry.Timely
		return in
	}
	issue := func() registry.Intent {
		in := base()
		in.Act, in.Origin, in.Case = registry.Issue, &registry.Origin{Place: "360732"}, ""
		return in
	}
	other := func(in registry.Intent, change func(in *registry.Intent)) registry.Intent { change(&in); return in }
	elsewhere := func(in *registry.Intent) { in.Identifier.Serial = "XG0000009" }
	inCase := func(number string) registry.Intent {
		return other(issue(), func(in *registry.Intent) { in.Case = "受〔2026〕" + number + "号" })
	}
	late := func(in *registry.Intent) { in.Recording = registry.Register }
	grant := &registry.Grant{Matter: "m"}
	for _, test := range []struct {
		name string
		a, b registry.Intent
		want registry.Code
	}{
		{"one case, two licenses", base(), other(base(), elsewhere), registry.CodeDecisionUsed},
		{"another sequence", base(), other(base(), func(in *registry.Intent) { in.Sequence++ }), registry.CodeDecisionUsed},
		{"another grant of the matter", base(), other(base(), func(in *registry.Intent) { in.Grant = "g-2" }), registry.CodeDecisionUsed},
		{"another organization", base(), other(base(), func(in *registry.Intent) { in.Organization = "113607320000000000" }), ""},
		{"another matter", base(), other(base(), func(in *registry.Intent) { in.Origin = &registry.Origin{Matter: "m2"} }), ""},
		{"another decision", other(base(), func(in *registry.Intent) { in.Case = "" }), other(base(), func(in *registry.Intent) { in.Decision, in.Case = in.Decision+"1", "" }), ""},
		{"another act", base(), other(base(), func(in *registry.Intent) { in.Act = registry.Change }), ""},
		{"another case", base(), other(base(), func(in *registry.Intent) { in.Case += "1" }), ""},
		{"no case, two licenses", other(base(), func(in *registry.Intent) { in.Case = "" }), other(base(), func(in *registry.Intent) { in.Case = ""; elsewhere(in) }), ""},
		{"two issues without a case", issue(), other(issue(), elsewhere), registry.CodeDecisionUsed},
		{"two issues registered later", other(issue(), func(in *registry.Intent) { in.Recording = registry.Register }),
			other(issue(), func(in *registry.Intent) { in.Recording = registry.Register; elsewhere(in) }), ""},
		{"two issues of genesis", other(issue(), func(in *registry.Intent) { in.Recording = registry.Genesis }),
			other(issue(), func(in *registry.Intent) { in.Recording = registry.Genesis; elsewhere(in) }), ""},
		{"in other brackets, wide and with a blank", other(base(), func(in *registry.Intent) { in.Decision, in.Case = "兴市监〔2026〕1号", "受〔2026〕1号" }),
			other(base(), func(in *registry.Intent) {
				in.Decision, in.Case = "兴市监［２０２６］１号 ", "受(2026)1号"
			}), registry.CodeDecisionUsed},
		{"an entrusted office in the entruster's name", other(base(), func(in *registry.Intent) { in.Organization = in.Identifier.Issuer }),
			other(base(), func(in *registry.Intent) { in.Organization, in.Under = "113607320000000000", "g-own" }), registry.CodeDecisionUsed},
		{"two cases of one decision", inCase("1"), inCase("2"), ""},
		{"one decision in one case", inCase("1"), other(inCase("1"), elsewhere), registry.CodeCaseUsed},
		{"a license without a case, then with one", issue(), inCase("1"), registry.CodeDecisionUsed},
		{"and the other way", inCase("1"), issue(), registry.CodeDecisionUsed},
		{"two decisions in one case", inCase("1"), other(inCase("1"), func(in *registry.Intent) { in.Decision += "1" }), registry.CodeCaseUsed},
		{"a license, and its change, in one case", inCase("1"), other(inCase("1"), func(in *registry.Intent) {
			in.Act, in.Decision, in.Origin = registry.Change, "2", &registry.Origin{Matter: "m"}
		}), ""},
		{"two suspensions in one case", other(base(), func(in *registry.Intent) { in.Act = registry.Suspend }),
			other(base(), func(in *registry.Intent) { in.Act, in.Decision = registry.Suspend, "2" }), ""},
		{"two historical licenses of one case", other(inCase("1"), late), other(inCase("1"), func(in *registry.Intent) { late(in); elsewhere(in) }), ""},
		{"two collected issues", other(issue(), func(in *registry.Intent) { in.Collected = &registry.Foreign{System: "s"} }),
			other(issue(), func(in *registry.Intent) { in.Collected = &registry.Foreign{System: "s"}; elsewhere(in) }), ""},
	} {
		if got := clash(test.a, test.b, grant); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	// Two counters under one decider count their cases each for itself.
	second := inCase("1")
	second.Decision, second.Grant = "2", "g-2"
	taken := map[string]registry.Taking{}
	first := inCase("1")
	for _, once := range registry.UsesOf(&first, &registry.Grant{Matter: "m", Acceptor: "xg"}) {
		taken[once.Key] = once.Takes
	}
	for _, once := range registry.UsesOf(&second, &registry.Grant{Matter: "m", Acceptor: "yd"}) {
		if once.Clashes(taken[once.Key]) {
			t.Error("another county's case is taken for this one's")
		}
	}
	for name, in := range map[string]registry.Intent{
		"a ruling":              other(base(), func(in *registry.Intent) { in.Act = registry.Reinstate }),
		"a stay":                other(base(), func(in *registry.Intent) { in.Act = registry.Stay }),
		"a remark":              other(base(), func(in *registry.Intent) { in.Act = registry.Annotate }),
		"a sheet":               other(base(), func(in *registry.Intent) { in.Act = registry.Deliver }),
		"under the first rules": other(base(), func(in *registry.Intent) { in.Origin = nil }),
	} {
		if all := registry.UsesOf(&in, grant); len(all) > 0 {
			t.Errorf("%s uses up %+v", name, all)
		}
	}
}

// TestTakingOf: what stands under a key takes it, also where it cannot be read; of two
// namespaces the one that clashes counts, in either order.
func TestTakingOf(t *testing.T) {
	for _, want := range []registry.Taking{registry.Taken, registry.InCases} {
		raw, err := registry.Encode(want)
		if err != nil || registry.TakingOf(raw) != want {
			t.Errorf("%d: %x, %v", want, raw, err)
		}
	}
	untaken, err := registry.Encode(registry.Untaken)
	if err != nil || registry.TakingOf(nil) != registry.Untaken {
		t.Error("nothing is something", err)
	}
	for _, raw := range [][]byte{untaken, {}, {0xff}, []byte("what else")} {
		if registry.TakingOf(raw) != registry.Taken {
			t.Errorf("%x takes nothing", raw)
		}
	}
	for _, found := range [][]registry.Taking{{registry.InCases, registry.Taken}, {registry.Taken, registry.InCases}, {registry.Taken, registry.Untaken}} {
		u := registry.Used{Once: registry.Once{Beside: registry.InCases}}
		for _, f := range found {
			u.See(f)
		}
		if !u.Clashes(u.Found) {
			t.Errorf("%v does not clash", found)
		}
	}
}

// TestNumberTag: the tag is of one type and one number as printed.
func TestNumberTag(t *testing.T) {
	one := registry.NumberTag(goldenID.Type, "JY1")
	if one != registry.NumberTag(goldenID.Type, "JY1") || one == registry.NumberTag(goldenID.Type, "JY2") || one == registry.NumberTag(goldenID.Type+"1", "JY1") {
		t.Error("the tag is not of type and number")
	}
}

// TestCheckNumber: a number is the issuer's to give by its region or by the blocks
// of its instance.
func TestCheckNumber(t *testing.T) {
	const code = "11100000000013338W011"
	region := &registry.LicenseType{Code: code, Number: registry.NumberRule{Template: "JY{region6}{seq:6}"}}
	plain := &registry.LicenseType{Code: code, Number: registry.NumberRule{Template: "D{seq:9}"}}
	holder := &registry.LicenseType{Code: code, Number: registry.NumberRule{Template: "{uscc:KZ_A}"}}
	alone := []string{"city"}
	several := []string{"city", "xingguo"}
	blocks := []registry.NumberBlock{{Type: code, From: 100, To: 199}, {Type: code, From: 10, To: 19}, {Type: "other", From: 500, To: 599}}
	for _, test := range []struct {
		name    string
		t       *registry.LicenseType
		members []string
		blocks  []registry.NumberBlock
		number  string
		before  string
		change  func(in *registry.Intent)
		want    registry.Code
	}{
		{"its own region", region, several, nil, "JY360732000001", "", nil, ""},
		{"another county's", region, several, nil, "JY360731000001", "", nil, registry.CodeNumberRange},
		{"another county's, alone on its ledger", region, alone, nil, "JY360731000001", "", nil, registry.CodeNumberRange},
		{"another county's, kept", region, several, nil, "JY360731000001", "JY360731000001", nil, ""},
		{"another county's, on paper before", region, several, nil, "JY362132000001", "", func(in *registry.Intent) { in.Recording = registry.Register }, ""},
		{"another county's, made elsewhere", region, several, nil, "JY362132000001", "", func(in *registry.Intent) { in.Collected = &registry.Foreign{} }, ""},
		{"another form", region, several, nil, "JY36073200001", "", nil, registry.CodeNumberForm},
		{"its region, outside its blocks", region, several, blocks, "JY360732000200", "", nil, registry.CodeNumberRange},
		{"no region, alone", plain, alone, nil, "D000000001", "", nil, ""},
		{"no region, no block", plain, several, nil, "D000000001", "", nil, registry.CodeNumberRange},
		{"no region, another type's block", plain, several, blocks[2:], "D000000500", "", nil, registry.CodeNumberRange},
		{"in its block", plain, several, blocks, "D000000199", "", nil, ""},
		{"in its other block", plain, several, blocks, "D000000010", "", nil, ""},
		{"between its blocks", plain, several, blocks, "D000000020", "", nil, registry.CodeNumberRange},
		{"a number that the holder has", holder, several, nil, "11360732MB0X12345Y", "", nil, ""},
	} {
		p := &registry.Powers{Rules: &registry.Rules{Members: test.members}, Issuer: &registry.Organization{Region: "360732101"},
			Instance: &registry.Instance{Numbers: test.blocks}}
		in := &registry.Intent{Act: registry.Issue}
		if test.change != nil {
			test.change(in)
		}
		if err := p.CheckNumber(in, test.t, test.number, test.before); registry.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if first := (&registry.Instance{Numbers: blocks}).Blocks(code); len(first) != 2 || first[0].From != 10 {
		t.Errorf("blocks %v, want the lower first", first)
	}
}

// TestNumberBlocksForm: an instance's blocks are well formed and apart.
func TestNumberBlocksForm(t *testing.T) {
	const code = "11100000000013338W011"
	for name, blocks := range map[string][]registry.NumberBlock{
		"no type": {{From: 1, To: 2}}, "from nothing": {{Type: code, To: 2}}, "downward": {{Type: code, From: 3, To: 2}}, "too long": {{Type: code, From: 3, To: 1 << 60}},
		"twice": {{Type: code, From: 1, To: 9}, {Type: code, From: 9, To: 12}},
	} {
		i := &registry.Instance{Issuer: goldenID.Issuer, Prefix: "XG", Lists: []uint32{1}, Numbers: blocks}
		if err := i.Check(); registry.CodeOf(err) != registry.CodeEntryForm {
			t.Errorf("%s: %v", name, err)
		}
	}
	i := &registry.Instance{Issuer: goldenID.Issuer, Prefix: "XG", Lists: []uint32{1}, Numbers: []registry.NumberBlock{{Type: code, From: 1, To: 9}, {Type: code, From: 10, To: 12}}}
	if err := i.Check(); err != nil {
		t.Error(err)
	}
}
