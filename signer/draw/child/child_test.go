package child

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"tongzheng/registry"
	"tongzheng/signer/draw"
)

// TestMain is the program too: what it does stands in its arguments, for it has
// no environment.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "child" {
		os.Exit(behave(os.Args[2]))
	}
	os.Exit(m.Run())
}

// behave is a good program, or a bad one.
func behave(how string) int {
	if err := confine(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	switch how {
	case "draw":
		if err := serve(os.Stdin, os.Stdout); err != nil {
			return 2
		}
	case "environment":
		say(refusal{registry.CodeMalformed, "", fmt.Sprint(len(os.Environ()))})
	case "files":
		_, err := os.Open("/etc/hostname")
		_, other := os.Create(filepath.Join(os.TempDir(), "tongzheng-child"))
		say(refusal{registry.CodeMalformed, "", fmt.Sprint(err != nil && other != nil)})
	case "memory":
		var kept [][]byte
		for {
			kept = append(kept, bytes.Repeat([]byte{1}, 64<<20))
			fmt.Fprintln(os.Stderr, len(kept))
		}
	case "time":
		time.Sleep(time.Hour)
	case "flood":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				return 0
			}
		}
	case "script":
		raw, _ := cbor.Marshal(answer{Drawing: &registry.Drawing{Pages: []registry.DrawnPage{{SVG: []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)}}}})
		_, _ = os.Stdout.Write(raw)
	case "fault":
		say(refusal{registry.CodeInternal, "", "x"})
	}
	return 0
}

func say(r refusal) {
	raw, _ := cbor.Marshal(answer{Refusal: &r})
	_, _ = os.Stdout.Write(raw)
}

func program(how string) *Program {
	return &Program{Path: os.Args[0], Args: []string{"child", how}, Timeout: 20 * time.Second, Most: 8 << 20}
}

// TestDraw: a document is drawn apart as it is drawn here, and refused for the
// same reason.
func TestDraw(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "check", "testdata", "reports", "rezip.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range [][]byte{data, []byte("no package"), bytes.Repeat([]byte{7}, mostIn+1)} {
		want, wantErr := draw.Document(file, draw.Limits{})
		got, err := program("draw").Draw(context.Background(), file)
		if registry.CodeOf(err) != registry.CodeOf(wantErr) {
			t.Errorf("%v, want %v", err, wantErr)
		}
		if len(file) == len(data) && (want == nil || got == nil || !bytes.Equal(got.Pages[0].SVG, want.Pages[0].SVG) || got.Text() != want.Text()) {
			t.Error("another drawing")
		}
	}
}

// TestBadPrograms: whatever the program does, its caller gets an answer in time
// and believes nothing.
func TestBadPrograms(t *testing.T) {
	for _, how := range []string{"memory", "time", "flood", "script", "fault", "nothing"} {
		p := program(how)
		if how == "time" {
			p.Timeout = 300 * time.Millisecond
		}
		begin := time.Now()
		if d, err := p.Draw(context.Background(), []byte("x")); registry.CodeOf(err) != registry.CodeUnavailable || d != nil {
			t.Errorf("%s: %v", how, err)
		}
		if took := time.Since(begin); took > 15*time.Second {
			t.Errorf("%s took %v", how, took)
		}
	}
	if _, err := (&Program{Path: "/nowhere"}).Draw(context.Background(), nil); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Error(err)
	}
}

// TestConfined: the program sees no environment and opens no file.
func TestConfined(t *testing.T) {
	t.Setenv("TONGZHENG_SIGNER_DATA", "secret")
	for how, want := range map[string]string{"environment": "0", "files": "true"} {
		_, err := program(how).Draw(context.Background(), nil)
		if err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s: %v", how, err)
		}
	}
}
