package main

import (
	"bytes"
	"regexp"
	"testing"
)

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	w := &world{ctx: t.Context(), stdout: &out, stderr: &out}
	if code := run(w, []string{"--version"}); code != 0 || !regexp.MustCompile(`^tongzheng commit \w+\+?, rules version [1-9]\d*\n$`).Match(out.Bytes()) {
		t.Errorf("%d %q", code, out.String())
	}
}
