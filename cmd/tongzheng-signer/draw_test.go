package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/signer/draw"
	"tongzheng/signer/draw/child"
)

// TestDrawApart: the program draws a sealed license as the package does, with no
// environment, and refuses with the code of the reason.
func TestDrawApart(t *testing.T) {
	p := &child.Program{Path: citytest.Program(t, "tongzheng-signer"), Args: []string{"draw"}}
	file, err := os.ReadFile(filepath.Join("..", "..", "signer", "check", "testdata", "reports", "rezip.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := draw.Document(file, draw.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Draw(context.Background(), file)
	if err != nil || len(got.Pages) != 1 || !bytes.Equal(got.Pages[0].SVG, want.Pages[0].SVG) || got.Text() != want.Text() || got.Own() != nil {
		t.Errorf("another drawing: %v", err)
	}
	if _, err := p.Draw(context.Background(), file[:len(file)/2]); registry.CodeOf(err) != registry.CodeMalformed {
		t.Error(err)
	}
}
