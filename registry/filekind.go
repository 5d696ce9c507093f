package registry

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// FileKind is what a file is, told by its content and never by its name.
type FileKind string

const (
	FilePackage    FileKind = "package"     // a ZIP, which a sealed OFD is
	FilePDF        FileKind = "pdf"         //
	FilePicture    FileKind = "picture"     // PNG, JPEG, GIF, BMP or WebP
	FileCode       FileKind = "code"        // the text of one code
	FileStatement  FileKind = "statement"   // a kept statement
	FileBundle     FileKind = "bundle"      //
	FileKeyList    FileKind = "key-list"    //
	FileStatusList FileKind = "status-list" //
	FileDisclosure FileKind = "disclosure"  // disclosed fields
	FileOther      FileKind = "other"       // see FileOtherName
)

// KindOfFile tells what a file is. Command, API and pages ask it, so that they
// answer alike.
func KindOfFile(raw []byte) FileKind {
	switch {
	case IsBundle(raw):
		return FileBundle
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")) || bytes.HasPrefix(raw, []byte("PK\x05\x06")):
		return FilePackage
	case isPicture(raw):
		return FilePicture
	case bytes.HasPrefix(raw, []byte("%PDF-")):
		return FilePDF
	}
	if kind := kindOfText(raw); kind != "" {
		return kind
	}
	if _, err := DecodeStatusList(raw); err == nil {
		return FileStatusList
	}
	switch {
	case FileOtherName(raw) != "":
		return FileOther
	case bytes.Contains(raw[:min(len(raw), 1024)], []byte("%PDF-")): // readers look so far
		return FilePDF
	case hasZIPEnd(raw): // something stands before it: the package's checks say so
		return FilePackage
	}
	return FileOther
}

// kindOfText looks at what is written in UTF-8; empty for anything else.
func kindOfText(raw []byte) FileKind {
	text := TextOfFile(raw)
	if len(text) > 1<<20 || !utf8.ValidString(text) {
		return ""
	}
	if IsStatement([]byte(text)) {
		return FileStatement
	}
	if strings.HasPrefix(text, "{") {
		var shape struct {
			List      []byte          `json:"list"`
			Receipt   json.RawMessage `json:"receipt"`
			FieldRoot string          `json:"field_root"`
		}
		switch {
		case json.Unmarshal([]byte(text), &shape) != nil:
		case len(shape.List) > 0:
			return FileKeyList
		case len(shape.Receipt) > 0 && shape.FieldRoot != "":
			return FileDisclosure
		}
		return ""
	}
	if codeAt(text) >= 0 && !strings.ContainsAny(text, "\r\n\x00") {
		return FileCode
	}
	return ""
}

// TextOfFile is a text file's text, without byte order mark and white space
// around it. A text in UTF-16 that begins with its mark comes back in UTF-8.
func TextOfFile(raw []byte) string {
	if text, ok := utf16Text(raw); ok {
		return trimScanned(text)
	}
	return trimScanned(string(raw))
}

// utf16Text reads UTF-16 of both byte orders, as text editors save it.
func utf16Text(raw []byte) (string, bool) {
	if len(raw) < 2 || len(raw)%2 != 0 || len(raw) > 1<<20 {
		return "", false
	}
	high := 0
	switch {
	case raw[0] == 0xfe && raw[1] == 0xff:
	case raw[0] == 0xff && raw[1] == 0xfe:
		high = 1
	default:
		return "", false
	}
	units := make([]uint16, 0, len(raw)/2)
	for i := 2; i < len(raw); i += 2 {
		units = append(units, uint16(raw[i+high])<<8|uint16(raw[i+1-high]))
	}
	return string(utf16.Decode(units)), true
}

func isPicture(raw []byte) bool {
	for _, magic := range []string{"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF87a", "GIF89a"} {
		if bytes.HasPrefix(raw, []byte(magic)) {
			return true
		}
	}
	return riff(raw, "WEBP") || len(raw) > 18 && string(raw[:2]) == "BM" && bytes.Equal(raw[6:10], []byte{0, 0, 0, 0})
}

func riff(raw []byte, form string) bool {
	return len(raw) >= 12 && string(raw[:4]) == "RIFF" && string(raw[8:12]) == form
}

// hasZIPEnd finds the record that ends a ZIP.
func hasZIPEnd(raw []byte) bool {
	const longest = 22 + 1<<16 // record and comment
	return bytes.Contains(raw[max(0, len(raw)-longest):], []byte("PK\x05\x06"))
}

// others are files that people hand in and nothing here reads, with the place
// of their mark, and what to do.
var others = []struct {
	at              int
	magic, name, do string
}{
	{4, "ftyphei", "HEIC picture", "save it as JPEG or PNG"}, {4, "ftypmif1", "HEIC picture", "save it as JPEG or PNG"},
	{4, "ftypavif", "AVIF picture", "save it as JPEG or PNG"},
	{0, "II*\x00", "TIFF picture", "save it as PNG or PDF"}, {0, "MM\x00*", "TIFF picture", "save it as PNG or PDF"},
	{0, "\xd0\xcf\x11\xe0", "old Office file", "save it as PDF"},
	{0, "Rar!", "RAR archive", "send the file in it"}, {0, "7z\xbc\xaf", "7z archive", "send the file in it"},
}

// FileOtherName says what a file of kind FileOther is and what to do with it;
// empty when nothing is known of it.
func FileOtherName(raw []byte) string {
	for _, o := range others {
		if len(raw) > o.at && bytes.HasPrefix(raw[o.at:], []byte(o.magic)) {
			return o.name + ": " + o.do
		}
	}
	return ""
}
