package problem_test

import (
	"fmt"
	"regexp"
	"testing"

	"tongzheng/api/problem"
	"tongzheng/registry"
)

// Every code has a title in both languages and a status that fits.
func TestEveryCodeIsSaid(t *testing.T) {
	for _, code := range problem.Codes() {
		p := problem.Of(registry.Errorf(code, "", ""), "r")
		if p.Title == "" || p.TitleEnglish == "" || p.Status < 400 || p.Status > 599 {
			t.Errorf("%s: %+v", code, p)
		}
		if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(string(code)) {
			t.Errorf("code %q", code)
		}
	}
	if p := problem.Of(fmt.Errorf("pgx: secret host unreachable"), "r"); p.Status != 500 || p.Detail != "" || p.Code != registry.CodeInternal {
		t.Errorf("internals shown: %+v", p)
	}
}
