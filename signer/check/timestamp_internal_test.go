package check

import (
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

func TestGenTimeWithFraction(t *testing.T) {
	moment := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"20260302013000Z": moment, "20260302013000.25Z": moment.Add(250 * time.Millisecond),
		"20260302013000.250Z": {}, "20260302013000.Z": {}, "20260302013000.5": {}, "20260332013000Z": {},
	} {
		der := append([]byte{0x18, byte(len(text))}, text...)
		r := &reader{s: cryptobyte.String(der)}
		got := r.genTime()
		if err := r.end("genTime"); (err == nil) == want.IsZero() || err == nil && !got.Equal(want) {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}
