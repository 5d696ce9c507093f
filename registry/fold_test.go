package registry_test

import (
	"strings"
	"testing"

	"tongzheng/registry"
)

// TestFoldNumber: brackets, width and blanks make no other case.
func TestFoldNumber(t *testing.T) {
	for _, same := range []string{"受〔2026〕12号", "受（2026）12号", "受[2026]12号", " 受 ［２０２６］　12 号"} {
		if got := registry.FoldNumber(same); got != "受(2026)12号" {
			t.Errorf("%q: %q", same, got)
		}
	}
	if registry.FoldNumber("受〔2026〕12号") == registry.FoldNumber("受〔2026〕1 3号") {
		t.Error("two numbers are one")
	}
}

// TestFold: what people type of one name or number is one, and what merely
// looks alike is not.
func TestFold(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"JY13607320000018", "jy13607320000018", "ＪＹ１３６０７３２０００００１８", " JY13607320000018 ", "　JY13607320000018", "JY1360\u200b7320000018", "\ufeffJY13607320000018"},
		{"兴审批〔2026〕15号", "兴审批[2026]15号", "兴审批（2026）15号", "兴审批(2026)15号", "兴审批［2026］15号", "兴审批【2026】15号", "兴审批〔２０２６〕15号"},
		{"阿依古丽·买买提", "阿依古丽•买买提", "阿依古丽・买买提", "阿依古丽･买买提", "阿依古丽‧买买提"},
		{"江南春（赣州）餐饮有限公司", "江南春(赣州)餐饮有限公司", "江南春（赣州）餐饮有限公司\u00a0"},
		{"Café  Río", "Cafe\u0301 Ri\u0301o", "CAFÉ　RÍO", "ｃａｆé río"},
		{"STRASSE σς", "strasse ΣΣ"},
		{"津-120128", "津－120128", "津–120128", "津—120128"},
		{"", " ", "\u200b"},
	} {
		for _, s := range same {
			if got, want := registry.Fold(s), registry.Fold(same[0]); got != want {
				t.Errorf("%q folds to %q, %q to %q", s, got, same[0], want)
			}
		}
	}
	for _, other := range [][2]string{
		{"𠮷野家", "吉野家"}, {"张 三", "张三"}, {"兴审批〔2026〕15号", "兴审批2026 15号"}, {"O", "0"}, {"l", "1"}, {"己", "已"}, {"阿依古丽·买买提", "阿依古丽买买提"},
		{"囯", "国"}, {"ー", "一"},
	} {
		if registry.Fold(other[0]) == registry.Fold(other[1]) {
			t.Errorf("%q and %q are one", other[0], other[1])
		}
	}
}

// FuzzFold: what is folded stays so.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"兴审批〔2026〕15号", "Cafe\u0301", "İ", "ẞ", "ﬃ", " \u3000\u200b", "\u1100\u1161", "A\u030a", "\xff", "ᾼ", "\u0345"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := registry.Fold(s)
		if twice := registry.Fold(once); twice != once {
			t.Errorf("%q folds to %q, then to %q", s, once, twice)
		}
	})
}

// TestScannedText: a code's text as scanners, messages and people hand it on.
func TestScannedText(t *testing.T) {
	t.Parallel()
	const token, payload = "K7IHJQIPUCAIUB4STOXPOPK2OQ", "VIAQCASYEAAACOPX36VBB7RW"
	bare, full := "https://lic.example.gov.cn/v/"+token, "https://lic.example.gov.cn/v/"+token+"#"+payload
	for text, want := range map[string]string{
		bare: bare, full: full, "\ufeff" + full + "\r\n": full, "HTTPS://LIC.EXAMPLE.GOV.CN/V/" + token + "#" + payload: full,
		"https://lic.example.gov.cn/v/" + "k7ihjqipucaiub4stoxpopk2oq" + "#" + "viaqcasyeaaacopx36vbb7rw": full,
		bare + ".": bare, bare + "。": bare, bare + "）": bare, bare + "%20": bare, bare + "/": bare, bare + "?from=message": bare, bare + "#": bare,
		bare + "%23" + payload: full, full + "。": full, full + ")": full, full + "，请核对": full, bare + "）#" + payload: full,
		"  HTTP://Example:8080/tz/V/" + token: "http://example:8080/tz/v/" + token,
		"https://pay.example/x":               "https://pay.example/x", "weixin://wxpay/v/" + token: "weixin://wxpay/v/" + token,
		"https://lic.example.gov.cn/v/SHORT": "https://lic.example.gov.cn/v/SHORT", "": "",
	} {
		if got := registry.ScannedText(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
		if got, want := registry.HasCode(text), want == full || want == bare || strings.HasPrefix(want, "http://example:8080/tz/v/"); got != want {
			t.Errorf("%q is a code: %v", text, got)
		}
	}
	want, err := registry.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, behind := range []string{"", ".", "。", "）", "%23abc", "%20", " ", "X", "ABCDEF", "\u200b", "…/"} {
		if got, err := registry.ScannedToken("\ufeff" + token + behind); err != nil || got != want {
			t.Errorf("%q behind: %v %v", behind, got, err)
		}
	}
	for _, bad := range []string{"", token[:25], ".", "." + token, "K7IHJQIPUCAIUB4STOXPOPK2O1", "证照证照证照证照证照"} {
		if _, err := registry.ScannedToken(bad); registry.CodeOf(err) != registry.CodeMalformed {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzScannedText: what is tidied stays so.
func FuzzScannedText(f *testing.F) {
	f.Add("HTTPS://X/V/K7IHJQIPUCAIUB4STOXPOPK2OQ%23VIAQ。")
	f.Fuzz(func(t *testing.T, s string) {
		once := registry.ScannedText(s)
		if twice := registry.ScannedText(once); twice != once {
			t.Errorf("%q: %q, then %q", s, once, twice)
		}
	})
}

// TestKindOfFile: by content, whatever stands around it.
func TestKindOfFile(t *testing.T) {
	t.Parallel()
	code := "https://lic.example.gov.cn/v/K7IHJQIPUCAIUB4STOXPOPK2OQ"
	utf16 := func(s string, big bool) string {
		out := []byte{0xff, 0xfe}
		if big {
			out = []byte{0xfe, 0xff}
		}
		for _, c := range []byte(s) {
			if big {
				out = append(out, 0, c)
			} else {
				out = append(out, c, 0)
			}
		}
		return string(out)
	}
	for raw, want := range map[string]registry.FileKind{
		"PK\x03\x04rest": registry.FilePackage, "junk before PK\x03\x04 and PK\x05\x06" + "\x00\x00": registry.FilePackage,
		"%PDF-1.7\n": registry.FilePDF, "\ufeff%PDF-1.4": registry.FilePDF, "\n\n%PDF-1.4": registry.FilePDF,
		"\x89PNG\r\n\x1a\nrest": registry.FilePicture, "\xff\xd8\xff\xe0": registry.FilePicture, "GIF89a": registry.FilePicture, "RIFF\x00\x00\x00\x00WEBPVP8 ": registry.FilePicture,
		code: registry.FileCode, "\ufeff" + code + "\r\n": registry.FileCode, "HTTPS://LIC.EXAMPLE.GOV.CN/V/K7IHJQIPUCAIUB4STOXPOPK2OQ": registry.FileCode,
		utf16(code+"\r\n", true): registry.FileCode, utf16(code, false): registry.FileCode,
		code + "\n" + code: registry.FileOther, "": registry.FileOther, "hello": registry.FileOther, "{}": registry.FileOther,
		"\ufeff" + `{"list":"AAAA"}`: registry.FileKeyList, `{"receipt":{},"field_root":"x"}`: registry.FileDisclosure,
		"\x00\x00\x00\x18ftypheic": registry.FileOther, "II*\x00": registry.FileOther,
	} {
		if got := registry.KindOfFile([]byte(raw)); got != want {
			t.Errorf("%q is %s, want %s", raw, got, want)
		}
	}
	if said := registry.FileOtherName([]byte("\x00\x00\x00\x18ftypheic")); said == "" {
		t.Error("nothing said of a HEIC picture")
	}
}
