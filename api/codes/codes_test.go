package codes_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/api/codes"
)

// found is a code as the table expects it: the beginning of its token, and its
// place, give or take a few hundredths.
type found struct {
	token           string
	page, left, top int
}

// TestReported: files that people handed in, with every code in its place.
func TestReported(t *testing.T) {
	t.Parallel()
	reader := codes.NewReader(codes.Limits{})
	for name, want := range map[string][]found{
		"q-two.png":    {{"K7IHJQIP", 1, 6, 78}, {"64GAWYFL", 1, 71, 78}},
		"q-both.pdf":   {{"K7IHJQIP", 1, 10, 78}, {"64GAWYFL", 2, 14, 78}},
		"q-cover2.pdf": {{"K7IHJQIP", 2, 10, 78}},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := reader.Read(t.Context(), raw)
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %d codes, want %d (%v)", name, len(got), len(want), err)
			continue
		}
		for i, c := range got {
			w := want[i]
			if !strings.Contains(c.Text, "/v/"+w.token) || !c.Ours() || c.Place.Page != w.page || !near(c.Place.Left, w.left) || !near(c.Place.Top, w.top) {
				t.Errorf("%s: %+v, want %+v", name, c, w)
			}
		}
	}
}

func near(a, b int) bool { return a-b <= 3 && b-a <= 3 }
