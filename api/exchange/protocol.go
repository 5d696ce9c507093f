package exchange

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
)

// Speaks are the versions of the protocol that one side speaks: the newest and the one
// before it. The second has feeds.
type Speaks struct{ Oldest, Newest uint8 }

// Spoken is what this program speaks.
var Spoken = Speaks{1, 2}

// speaksFeeds is the first version that has them.
const speaksFeeds = 2

func (s Speaks) String() string { return fmt.Sprintf("%d-%d", s.Oldest, s.Newest) }

func (s Speaks) has(version uint8) bool { return s.Oldest <= version && version <= s.Newest }

// parseSpeaks reads what the other side says of itself; false for anything else.
func parseSpeaks(text string) (s Speaks, ok bool) {
	from, to, ok := strings.Cut(text, "-")
	oldest, err := strconv.ParseUint(from, 10, 8)
	newest, err2 := strconv.ParseUint(to, 10, 8)
	return Speaks{uint8(oldest), uint8(newest)}, ok && err == nil && err2 == nil && 1 <= oldest && oldest <= newest
}

// common is the newest version that both speak; 0 for none.
func (s Speaks) common(other Speaks) uint8 {
	if v := min(s.Newest, other.Newest); v >= max(s.Oldest, other.Oldest) {
		return v
	}
	return 0
}

// Requests are POSTs with a body of one kind: the version in one byte, then canonical
// bytes. An answer has the same form, or is an RFC 9457 problem. Every answer says in a
// header what its side speaks.
const (
	pathPackage = "/exchange/package"
	pathHint    = "/exchange/hint"
	pathChanges = "/exchange/changes"
	pathItem    = "/exchange/item"
	pathSubmit  = "/exchange/submit"

	mediaType     = "application/vnd.tongzheng.exchange"
	headerSpeaks  = "Tongzheng-Exchange"
	requestMost   = 4 << 10
	submitMost    = exchange.ItemMost + 4<<10
	changesMost   = exchange.ChangesMost*(exchange.KeyMost+16) + 64
	problemMost   = 16 << 10
	headerTimeout = 5 * time.Second
)

// frame writes a message of a version.
func frame(version uint8, canonical []byte) []byte { return append([]byte{version}, canonical...) }

// unframe reads one: its version and canonical bytes. CodeProtocol for a version that is
// not spoken here, CodeMalformed for no message at all.
func (s Speaks) unframe(raw []byte) (uint8, []byte, error) {
	if len(raw) < 2 {
		return 0, nil, registry.Errorf(registry.CodeMalformed, "", "no message")
	}
	if !s.has(raw[0]) {
		return 0, nil, registry.Errorf(registry.CodeProtocol, "", "version %d; here %s are spoken", raw[0], s)
	}
	return raw[0], raw[1:], nil
}

func say(h http.Header, s Speaks) { h.Set(headerSpeaks, s.String()) }
