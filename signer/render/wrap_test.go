package render

import (
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	fonts := renderer(t).Fonts()
	text := "热食类食品制售；冷食类食品制售（含凉菜），ABCDEFG-12345 预包装食品（含冷藏冷冻食品）销售。"
	for width := 3.0; width < 40; width++ {
		lines := fonts.wrap(regular, text, width)
		for _, line := range lines {
			if w := fonts.measure(regular, line); w > width+1e-9 {
				t.Fatalf("width %v: line %q is %v wide", width, line, w)
			}
			runes := []rune(line)
			if width > 8 && (strings.ContainsRune("；）。，", runes[0]) || runes[len(runes)-1] == '（') {
				t.Fatalf("width %v: line %q breaks at the wrong place", width, line)
			}
		}
		if got := strings.Join(lines, ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Fatalf("width %v: text changed: %q", width, got)
		}
	}
	if lines := fonts.wrap(regular, strings.Repeat("9", 50), 5); len(lines) < 5 {
		t.Fatalf("a long number must be cut: %q", lines)
	}
}
