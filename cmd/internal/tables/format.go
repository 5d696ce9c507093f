package tables

import (
	"strings"

	"github.com/xuri/nfp"
)

// format is what a number format says of the numbers shown in it.
type format struct {
	dated  bool // shows a day
	digits int  // at least so many digits, zeros in front
}

// format reads a style's number format, once.
func (w *workbook) format(style int) (format, error) {
	if f, ok := w.formats[style]; ok {
		return f, nil
	}
	s, err := w.book.GetStyle(style)
	if err != nil {
		return format{}, err
	}
	f := format{dated: showsDay(s.NumFmt)}
	if s.CustomNumFmt != nil {
		f = formatOf(*s.CustomNumFmt)
	}
	w.formats[style] = f
	return f, nil
}

// showsDay knows the formats that have a number and no text (ECMA-376 part 1,
// 18.8.30): 27 to 36 and 50 to 58 are those of Chinese, some of them times.
func showsDay(number int) bool {
	switch {
	case number >= 32 && number <= 35, number == 55, number == 56:
		return false
	}
	return number >= 14 && number <= 17 || number == 22 || number >= 27 && number <= 36 || number >= 50 && number <= 58
}

// formatOf reads a format's text, as far as it is for positive numbers.
func formatOf(text string) (f format) {
	parser := nfp.NumberFormatParser()
	sections := parser.Parse(text)
	if len(sections) == 0 {
		return f
	}
	only := true
	for _, item := range sections[0].Items {
		switch item.TType {
		case nfp.TokenTypeDateTimes:
			f.dated = f.dated || strings.ContainsAny(strings.ToUpper(item.TValue), "YD") || strings.HasPrefix(strings.ToUpper(item.TValue), "MMM")
		case nfp.TokenTypeZeroPlaceHolder:
			f.digits += len(item.TValue)
			continue
		}
		only = false
	}
	if !only {
		f.digits = 0
	}
	return f
}
