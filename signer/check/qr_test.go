package check_test

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/emmansun/gmsm/sm2"
	qrcode "github.com/skip2/go-qrcode"
	"pgregory.net/rapid"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

const prefix30 = "https://verify.ganzhou.gov.cn/"

// drawPayload draws any payload the registry can print: identifiers with
// serials up to 32 characters, holders in any script, 20-character blanks.
func drawPayload(t *rapid.T) check.QRPayload {
	return check.QRPayload{
		Identifier: registry.Identifier{
			Type:   rapid.StringMatching(`[0-9A-Z]{18}[0-9]{3}`).Draw(t, "type"),
			Issuer: rapid.StringMatching(`[0-9A-Z]{18}`).Draw(t, "issuer"),
			Serial: rapid.StringMatching(`[0-9A-Z]{7,32}`).Draw(t, "serial"), Version: rapid.IntRange(1, 999).Draw(t, "version"),
		},
		Printing:  uint32(rapid.IntRange(1, 1<<16-1).Draw(t, "printing")),
		Holder:    rapid.StringOfN(rapid.RuneFrom(nil, unicode.Han, unicode.Latin, unicode.Digit), 1, 120, -1).Draw(t, "holder"),
		Effective: registry.Date(rapid.Int32Range(0, int32(registry.LongTerm)).Draw(t, "effective")),
		Expires:   registry.Date(rapid.Int32Range(0, int32(registry.LongTerm)).Draw(t, "expires")),
		Blank:     rapid.StringMatching(`[0-9A-Z-]{0,20}`).Draw(t, "blank"),
		List:      uint32(rapid.IntRange(1, 1<<16-1).Draw(t, "list")), Index: uint32(rapid.IntRange(0, registry.StatusListSize-1).Draw(t, "index")),
		Key: check.KeyHint(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "key")),
	}
}

func TestEveryPayloadFitsAndComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawPayload(t)
		raw, err := check.EncodeQR(want)
		if registry.CodeOf(err) == registry.CodeGlyph {
			t.Skip("a character without a GB 18030 form")
		}
		if err != nil || len(raw)+sm.RawSignatureSize > check.MaxQRBytes {
			t.Fatalf("%d bytes: %v", len(raw), err)
		}
		token := registry.Token(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "token"))
		text, err := check.QRText("https://a.gov.cn", token, raw, make([]byte, 64))
		if err != nil {
			t.Fatal(err)
		}
		code, err := check.ParseQR(text)
		if err != nil || code.Token != token || code.Prefix != "https://a.gov.cn" {
			t.Fatalf("%+v %v", code, err)
		}
		got := *code.Payload
		if !got.NamesHolder(want.Holder) || got.NamesHolder(want.Holder+"x") || !strings.HasPrefix(want.Holder, got.Holder) {
			t.Fatalf("holder %q of %q", got.Holder, want.Holder)
		}
		got.Holder, got.HolderDigest = want.Holder, nil
		if got.Identifier != want.Identifier || got.Printing != want.Printing || got.Effective != want.Effective || got.Expires != want.Expires ||
			got.Blank != want.Blank || got.List != want.List || got.Index != want.Index || got.Key != want.Key {
			t.Fatalf("%+v\n%+v", got, want)
		}
	})
}

func TestThousandCodesStaySmall(t *testing.T) {
	prefix := strings.TrimSuffix(prefix30, "/")
	if len(prefix30) != 30 {
		t.Fatal(len(prefix30))
	}
	count, largest := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			p := drawPayload(t)
			raw, err := check.EncodeQR(p)
			if err != nil {
				continue
			}
			signature := make([]byte, sm.RawSignatureSize)
			token := registry.Token{}
			_, _ = rand.Read(signature)
			_, _ = rand.Read(token[:])
			text, err := check.QRText(prefix+"x", token, raw, signature)
			if err != nil {
				t.Fatal(err)
			}
			code, err := qrcode.New(text, qrcode.Medium)
			if err != nil {
				t.Fatal(err)
			}
			modules := 17 + 4*code.VersionNumber
			count++
			largest = max(largest, modules)
			if modules > 65 {
				t.Fatalf("%d modules for %d characters", modules, len(text))
			}
		}
	})
	t.Logf("%d codes, at most %d modules", count, largest)
	if count < 900 {
		t.Errorf("only %d codes drawn", count)
	}
}

// golden is a code that was printed; it must be read for ever.
func golden(t testing.TB) (text string, keys check.QRKeys) {
	t.Helper()
	raw, err := os.ReadFile("testdata/qr-v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	spki, err := hex.DecodeString(lines[1])
	if err != nil {
		t.Fatal(err)
	}
	pub, err := sm.ParsePublicKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	keys = check.QRKeys{}
	if err := keys.Add(pub); err != nil {
		t.Fatal(err)
	}
	return lines[0], keys
}

func TestGoldenCode(t *testing.T) {
	text, keys := golden(t)
	code, err := check.ParseQR(text)
	if err != nil {
		t.Fatal(err)
	}
	if c := check.VerifyQR(code, keys); c.Result != registry.Passed {
		t.Fatalf("%+v", c)
	}
	p := code.Payload
	if code.Prefix != "https://lic.example.gov.cn" || p.Identifier.String() != "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U" ||
		p.Printing != 2 || p.Holder != "兴国县𠮷祥饭店（个体工商户）" || p.HolderDigest != nil || p.Effective.String() != "2026-03-02" || p.Expires.String() != "2031-03-01" ||
		p.Blank != "JX00012345" || p.List != 1 || p.Index != 4711 {
		t.Errorf("%+v", p)
	}
	again, err := check.EncodeQR(*p)
	if err != nil || hex.EncodeToString(check.QRSigned(code.Token, again)) != hex.EncodeToString(code.SignedBytes()) {
		t.Errorf("the payload is written differently now: %v", err)
	}
}

func TestOneChangedByteOfACodeFails(t *testing.T) {
	text, keys := golden(t)
	start := strings.Index(text, "/v/")
	for at := start; at < len(text); at++ {
		for _, c := range []byte("A7a/#") {
			if text[at] == c {
				continue
			}
			changed := []byte(text)
			changed[at] = c
			code, err := check.ParseQR(string(changed))
			if err == nil && check.VerifyQR(code, keys).Result == registry.Passed {
				t.Errorf("byte %d changed to %c and the code passed", at, c)
			}
		}
	}
	raw := func(edit func([]byte)) check.QR {
		code, err := check.ParseQR(text)
		if err != nil {
			t.Fatal(err)
		}
		edit(code.Signature)
		return code
	}
	for at := range sm.RawSignatureSize {
		if c := check.VerifyQR(raw(func(s []byte) { s[at] ^= 1 }), keys); c.Code != "qr-signature-wrong" {
			t.Errorf("%+v", c)
		}
	}
}

func TestOtherCodes(t *testing.T) {
	text, keys := golden(t)
	address, _, _ := strings.Cut(text, "#")
	code, err := check.ParseQR(address)
	if err != nil || code.Payload != nil {
		t.Fatalf("%+v %v", code, err)
	}
	if c := check.VerifyQR(code, keys); c.Result != registry.Unknown || c.Code != "qr-token-only" {
		t.Errorf("%+v", c)
	}
	full, err := check.ParseQR(strings.Replace(text, "https://lic.example.gov.cn", "http://10.0.0.8:8080/tz", 1))
	if err != nil || check.VerifyQR(full, keys).Result != registry.Passed {
		t.Errorf("another prefix: %v", err)
	}
	if c := check.VerifyQR(full, check.QRKeys{}); c.Code != "qr-key-unknown" || c.Result != registry.Failed {
		t.Errorf("%+v", c)
	}
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if c := check.VerifyQR(full, check.QRKeys{full.Payload.Key: &key.PublicKey}); c.Code != "qr-signature-wrong" {
		t.Errorf("%+v", c)
	}
	for _, bad := range []string{
		"", "hello", "https://lic.example.gov.cn/v/", "https://lic.example.gov.cn/v/AAAA", address + "#", text + "A", text + "#", text + "\n",
		"javascript:alert(1)/v/" + strings.Repeat("A", 26), "https:///v/" + strings.Repeat("A", 26), strings.ToLower(text),
		strings.Repeat("A", 5000), address + "#" + strings.Repeat("A", 304), "https://x.cn/v/" + strings.Repeat("A", 25) + "B",
	} {
		if _, err := check.ParseQR(bad); err == nil {
			t.Errorf("%.60q was read", bad)
		}
	}
}

func FuzzParseQR(f *testing.F) {
	text, keys := golden(f)
	f.Add(text)
	f.Add(text[:strings.Index(text, "#")])
	f.Add("https://a/v/AAAAAAAAAAAAAAAAAAAAAAAAAA#AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		code, err := check.ParseQR(s)
		if err != nil {
			if c := registry.CodeOf(err); c == registry.CodeInternal {
				t.Errorf("uncoded error: %v", err)
			}
			return
		}
		if check.VerifyQR(code, keys).Result == registry.Passed {
			original, _ := check.ParseQR(text)
			if code.Token != original.Token || string(code.SignedBytes()) != string(original.SignedBytes()) {
				t.Error("a forged code passed")
			}
		}
	})
}
