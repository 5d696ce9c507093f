package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"tongzheng/registry"
)

// FontPackage is the Debian package that brings the default fonts: LXGW WenKai
// (SIL Open Font License 1.1), a regular-script face with TrueType outlines,
// all of GBK's characters and many rare ones, such as U+20BB7.
const FontPackage = "fonts-lxgw-wenkai"

// FallbackPackage is a Debian package whose fonts, when installed, draw the rare
// name characters that the default fonts lack.
const FallbackPackage = "fonts-hanazono"

// FontFiles names the TrueType files of a FontSet.
type FontFiles struct {
	Regular   string   // values and labels
	Bold      string   // titles
	Fallbacks []string // tried in order for a character that neither has; absent files are passed over
}

// DefaultFonts are where Debian installs FontPackage and FallbackPackage.
func DefaultFonts() FontFiles {
	return FontFiles{
		Regular: "/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
		Bold:    "/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Bold.ttf",
		Fallbacks: []string{
			"/usr/share/fonts/truetype/hanazono/HanaMinA.ttf",
			"/usr/share/fonts/truetype/hanazono/HanaMinB.ttf",
		},
	}
}

// FontSet is the fonts that licenses are drawn with. It is read-only and safe
// for concurrent use.
type FontSet struct {
	regular, bold *font
	fallbacks     []func() *font // parsed when first asked for: they are large and rarely needed
}

// style chooses between the two weights.
type style uint8

const (
	regular style = iota
	bold
)

// LoadFonts reads the font files. An absent main font is an error that names
// the package to install.
func LoadFonts(files FontFiles) (*FontSet, error) {
	set := &FontSet{}
	var err error
	if set.regular, err = loadFont(files.Regular); err != nil {
		return nil, err
	}
	if set.bold, err = loadFont(files.Bold); err != nil {
		return nil, err
	}
	for _, path := range files.Fallbacks {
		if _, err := os.Stat(path); err == nil {
			set.fallbacks = append(set.fallbacks, sync.OnceValue(func() *font {
				f, err := loadFont(path)
				if err != nil {
					return nil // a broken fallback is as good as none: its characters count as missing
				}
				return f
			}))
		}
	}
	return set, nil
}

func loadFont(path string) (*font, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("font %s cannot be read (apt-get install %s): %w", path, FontPackage, err)
	}
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return parseFont(name, data)
}

// pick returns the font that draws r in a style, nil when none does.
func (s *FontSet) pick(st style, r rune) *font {
	first, second := s.regular, s.bold
	if st == bold {
		first, second = second, first
	}
	for _, f := range []*font{first, second} {
		if _, ok := f.glyph(r); ok {
			return f
		}
	}
	for _, load := range s.fallbacks {
		if f := load(); f != nil {
			if _, ok := f.glyph(r); ok {
				return f
			}
		}
	}
	return nil
}

// Missing returns the characters of text that no font of the set draws, each
// once, in order of appearance.
func (s *FontSet) Missing(text string) []rune {
	var missing []rune
	seen := map[rune]bool{}
	for _, r := range text {
		if !seen[r] && s.pick(regular, r) == nil {
			missing = append(missing, r)
		}
		seen[r] = true
	}
	return missing
}

// Check refuses content that cannot be printed because a character has no
// glyph: CodeGlyph, naming the field and the code points.
func (s *FontSet) Check(c registry.Content) error {
	if err := s.check("title", c.Title); err != nil {
		return err
	}
	for _, f := range c.Fields {
		if err := s.check(f.Name, f.Label+f.Value); err != nil {
			return err
		}
	}
	return nil
}

func (s *FontSet) check(field, text string) error {
	missing := s.Missing(text)
	if len(missing) == 0 {
		return nil
	}
	points := make([]string, len(missing))
	for i, r := range missing {
		points[i] = fmt.Sprintf("U+%04X", r)
	}
	return registry.Errorf(registry.CodeGlyph, field, "no font draws %s", strings.Join(points, ", "))
}

// run is a stretch of text that one font draws.
type run struct {
	font *font
	text string
}

// runs splits text by the font that draws it. Characters that nothing draws are
// an error: gopdf would drop them without a word.
func (s *FontSet) runs(st style, text string) ([]run, error) {
	var out []run
	for _, r := range text {
		f := s.pick(st, r)
		if f == nil {
			return nil, registry.Errorf(registry.CodeGlyph, "", "no font draws U+%04X", r)
		}
		if n := len(out); n > 0 && out[n-1].font == f {
			out[n-1].text += string(r)
		} else {
			out = append(out, run{f, string(r)})
		}
	}
	return out, nil
}

// measure is the width of text in ems, letter spacing left out.
func (s *FontSet) measure(st style, text string) float64 {
	width := 0.0
	for _, r := range text {
		if f := s.pick(st, r); f != nil {
			width += f.width(r)
		}
	}
	return width
}
