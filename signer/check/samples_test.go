package check_test

import (
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

// sample reads a document made by others; see ../shared/testdata/ofd/README.md.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "testdata", "ofd", name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("the shared sample %s is not here: %v", name, err)
	}
	return data
}

var sampleNow = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func TestSamplesOfOthers(t *testing.T) {
	cases := []struct {
		file      string
		integrity bool
		seals     int
		cause     string // code of a failed check that must be there
		absent    registry.CheckName
	}{
		{"v4signed.ofd", true, 1, "maker-untrusted", ""},
		{"SESV4SignDoc.ofd", true, 1, "seal-expired", ""},
		{"h.ofd", false, 2, "reference-digest", ""},
		{"testPathClip.ofd", true, 2, "signer-untrusted", ""},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			report, err := check.OFD(sample(t, c.file), nil, sampleNow, check.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, ch := range report.Checks {
				t.Logf("%-12s %-8s %s %s", ch.Name, ch.Result, ch.Code, ch.English)
			}
			t.Logf("%+v", report.Seals)
			if report.Integrity() != c.integrity || report.Trusted() || len(report.Seals) != c.seals {
				t.Errorf("integrity %v trusted %v seals %d", report.Integrity(), report.Trusted(), len(report.Seals))
			}
			if !hasCode(report, c.cause) {
				t.Errorf("no check failed with %s", c.cause)
			}
			if trust, ok := report.First(registry.CheckTrust, registry.Failed); !ok {
				t.Errorf("trust: %+v", trust)
			}
		})
	}
}

func hasCode(report check.Report, code string) bool {
	for _, c := range report.Checks {
		if c.Code == code && c.Result == registry.Failed {
			return true
		}
	}
	return false
}

// TestReportsKeepNothing: verifications side by side use one another's memory;
// no report shows it, then or later.
func TestReportsKeepNothing(t *testing.T) {
	own, err := os.ReadFile(filepath.Join("testdata", "sealed-v4.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	files := [][]byte{own, sample(t, "v4signed.ofd"), sample(t, "SESV4SignDoc.ofd"), sample(t, "testPathClip.ofd")}
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
