package check_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

// sample reads a document made by others; the folders' README tell what each is.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var sampleNow = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// rootsIn reads trust anchors of testdata; none for an empty name.
func rootsIn(t testing.TB, name string) *check.Roots {
	t.Helper()
	if name == "" {
		return nil
	}
	roots, err := check.ParseRoots(sample(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return roots
}

// judged says what every program says of a file, without a network.
func judged(t testing.TB, file []byte, roots *check.Roots) registry.Verdict {
	t.Helper()
	return judgedBy(t, &check.Checker{Roots: roots}, file)
}

func judgedBy(t testing.TB, checker *check.Checker, file []byte) registry.Verdict {
	t.Helper()
	report, err := checker.Document(file, sampleNow)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Judge(registry.Question{Now: sampleNow, Identifier: report.Identifier, Checks: report.Checks, Knowledge: registry.Knowledge{Stale: true}})
}

// whole is said offline of a file that holds and whose signer is known.
const whole = registry.UnknownNow

// TestSamplesOfOthers: every file of the two folders answers as their README
// say.
func TestSamplesOfOthers(t *testing.T) {
	cases := map[string]struct {
		roots string
		word  registry.Word
		codes []string // of checks that did not pass and must be there
	}{
		"ofd/v4signed.ofd":            {"", registry.Untrusted, []string{"maker-untrusted"}},
		"ofd/SESV4SignDoc.ofd":        {"", registry.Untrusted, []string{"seal-expired"}},
		"ofd/testPathClip.ofd":        {"", registry.Untrusted, []string{"signer-untrusted", "signature-without-seal"}},
		"ofd/h.ofd":                   {"", registry.Altered, []string{"reference-digest"}},
		"ofd/hello.ofd":               {"", registry.Unverifiable, []string{registry.WhyNotSealed}},
		"ofd/hello-integrity.ofd":     {"", registry.Unverifiable, []string{registry.WhyNotSealed}},
		"ofd/unsigned-VPage7.ofd":     {"", registry.Unverifiable, []string{registry.WhyNotSealed}},
		"ofd/DigitalSign.ofd":         {"", registry.Unverifiable, []string{registry.WhySignerUnknown}},
		"ofd/templates-uncovered.ofd": {"", registry.Unverifiable, []string{registry.WhyNotCovered}},
		"ofd/entry-uncovered.ofd":     {"", registry.Unverifiable, []string{registry.WhyNotCovered}},
		"ofd/03-bad-ia5-email.ofd":    {"ofd/roots-for-made.pem", whole, []string{"certificate-odd"}},
		"ofd/12-gbt35275.ofd":         {"ofd/roots-for-made.pem", whole, []string{"signature-without-seal"}},
		"ofd/20-v1.ofd":               {"", registry.Untrusted, []string{"signing-time-document", "maker-untrusted"}},
		"ofd/30-ts-ess-v2-sha256.ofd": {"ofd/roots-for-30-ts.pem", whole, nil},
		"reports/pre.ofd":             {"", registry.Altered, []string{registry.WhyPackage, "identifier-without-seal"}},
		"reports/sm2-raw.ofd":         {"", registry.Unverifiable, []string{registry.WhyForm}},
		"reports/added.ofd":           {"", registry.Altered, []string{registry.WhyNotCovered, "identifier-without-seal"}},
		"reports/strip.ofd":           {"", registry.Altered, []string{registry.WhyNotSealed, "identifier-without-seal"}},
		"reports/rezip.ofd":           {"", registry.Untrusted, []string{"maker-untrusted"}},
	}
	for _, folder := range []string{"ofd", "reports"} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.ofd"))
		if err != nil || len(files) < 6 {
			t.Fatal(files, err)
		}
		for _, path := range files {
			name := folder + "/" + filepath.Base(path)
			if name == "reports/bslash.ofd" { // names of another system: refused
				if _, err := check.OFD(sample(t, name), nil, sampleNow, check.Options{}); registry.CodeOf(err) != registry.CodeMalformed {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			c, ok := cases[name]
			if !ok {
				t.Errorf("%s: not in the table", name)
				continue
			}
			t.Run(name, func(t *testing.T) {
				v := judged(t, sample(t, name), rootsIn(t, c.roots))
				for _, ch := range v.Checks {
					t.Logf("%-12s %-8s %s %s", ch.Name, ch.Result, ch.Code, ch.English)
				}
				if v.Word != c.word {
					t.Errorf("%s, want %s", v.Word, c.word)
				}
				for _, code := range c.codes {
					if !slices.ContainsFunc(v.Checks, func(ch registry.Check) bool { return ch.Code == code && ch.Result != registry.Passed }) {
						t.Errorf("no check has the code %s", code)
					}
				}
				if (v.Word == registry.Unverifiable) != (len(v.Reasons()) > 0) {
					t.Errorf("%s for the reasons %v", v.Word, v.Reasons())
				}
			})
		}
	}
}

// The time of a seal of GM/T 0031-2014 that is text comes from Signature.xml,
// and a time stamp that names its certificate by SHA-256 holds.
func TestTimesOfOthers(t *testing.T) {
	report, err := check.OFD(sample(t, "ofd/20-v1.ofd"), nil, sampleNow, check.Options{})
	if err != nil || !report.Integrity() || report.Seals[0].Form != check.Form1 || report.Seals[0].SignedAt.Format(time.DateOnly) != "2026-11-29" {
		t.Errorf("%v %+v", err, report.Seals)
	}
	report, err = check.OFD(sample(t, "ofd/30-ts-ess-v2-sha256.ofd"), rootsIn(t, "ofd/roots-for-30-ts.pem"), sampleNow, check.Options{})
	if err != nil || report.Seals[0].StampedAt.IsZero() {
		t.Errorf("%v %+v", err, report.Seals)
	}
	if c, ok := report.First(registry.CheckTimeStamp, registry.Passed); !ok {
		t.Errorf("the stamp: %+v %+v", c, report.Checks)
	}
}

// TestReportsKeepNothing: verifications side by side use one another's memory;
// no report shows it, then or later.
func TestReportsKeepNothing(t *testing.T) {
	own, err := os.ReadFile(filepath.Join("testdata", "sealed-v4.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	files := [][]byte{own, sample(t, "ofd/v4signed.ofd"), sample(t, "ofd/SESV4SignDoc.ofd"), sample(t, "ofd/testPathClip.ofd")}
	verify := func(i int) check.Report {
		report, err := check.OFD(files[i%len(files)], nil, sampleNow, check.Options{})
		if err != nil {
			t.Error(err)
		}
		return report
	}
	const times = 24
	var first, again [times]check.Report
	for i := range times {
		first[i] = verify(i)
	}
	var wait sync.WaitGroup
	for i := range times {
		wait.Go(func() { again[i] = verify(i) })
	}
	wait.Wait()
	for i := range times {
		if fresh := verify(i); !reflect.DeepEqual(first[i], fresh) || !reflect.DeepEqual(again[i], fresh) {
			t.Errorf("file %d: the report changed", i%len(files))
		}
	}
}
