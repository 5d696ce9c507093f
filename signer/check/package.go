package check

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"tongzheng/registry"
)

// Limits bound what a package may cost to read. Zero fields take the value of
// DefaultLimits.
type Limits struct {
	PackageBytes int   // the ZIP itself
	Entries      int   // files and folders
	FileBytes    int64 // one file, unpacked
	TotalBytes   int64 // all files, unpacked
	XMLDepth     int   // nesting of the XML files that are interpreted
	XMLNodes     int   // elements of one such file
	XMLBytes     int   // size of one such file
	Signatures   int   // of one package
}

// DefaultLimits fit licenses with pictures and scanned annexes.
var DefaultLimits = Limits{
	PackageBytes: 32 << 20, Entries: 2000, FileBytes: 32 << 20, TotalBytes: 96 << 20, XMLDepth: 64, XMLNodes: 50000,
	XMLBytes: 4 << 20, Signatures: 64,
}

func (l Limits) filled() Limits {
	d := DefaultLimits
	for _, f := range []struct{ value, fallback *int }{
		{&l.PackageBytes, &d.PackageBytes}, {&l.Entries, &d.Entries}, {&l.XMLDepth, &d.XMLDepth}, {&l.XMLNodes, &d.XMLNodes},
		{&l.XMLBytes, &d.XMLBytes}, {&l.Signatures, &d.Signatures},
	} {
		if *f.value == 0 {
			*f.value = *f.fallback
		}
	}
	if l.FileBytes == 0 {
		l.FileBytes = d.FileBytes
	}
	if l.TotalBytes == 0 {
		l.TotalBytes = d.TotalBytes
	}
	return l
}

// File is one file of a package. Name is its path without a leading slash. Data
// may lie in the package itself: it must not be written to.
type File struct {
	Name string
	Data []byte
}

// Flaw is something wrong with a package that does not keep it from being read.
type Flaw struct {
	Code string // as in registry.Check
	Name string // the file concerned, may be empty
}

// Package is an unpacked OFD. Files are in the order of the ZIP's directory;
// of two entries with one name the first is kept and Flaws names it.
type Package struct {
	Files []File
	Flaws []Flaw
	index map[string]int
}

// Get returns the named file.
func (p *Package) Get(name string) ([]byte, bool) {
	i, ok := p.index[name]
	if !ok {
		return nil, false
	}
	return p.Files[i].Data, true
}

func tooLarge(what string) error {
	return registry.Errorf(registry.CodeTooLarge, "file", "%s", what)
}

func unreadable(what string, cause error) error {
	return registry.Errorf(registry.CodeMalformed, "file", "%s", what).WithCause(cause)
}

// ReadPackage unpacks a ZIP within limits. Anything over a limit is
// registry.CodeTooLarge; what is no ZIP, is encrypted or carries names that
// lead out of the package is registry.CodeMalformed.
func ReadPackage(data []byte, limits Limits) (*Package, error) {
	return readPackage(data, limits, &room{})
}

func readPackage(data []byte, limits Limits, space *room) (*Package, error) {
	limits = limits.filled()
	if len(data) > limits.PackageBytes {
		return nil, tooLarge("the file is larger than allowed")
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, unreadable("不是 OFD 文件；PDF 或照片，请扫描其中的二维码 not an OFD file; of a PDF or a picture, scan the code", err)
	}
	if len(archive.File) > limits.Entries {
		return nil, tooLarge("more entries than allowed")
	}
	p := &Package{index: map[string]int{}}
	folded := map[string]bool{}
	remaining := limits.TotalBytes
	for _, entry := range archive.File {
		if err := checkName(entry); err != nil {
			return nil, err
		}
		if strings.HasSuffix(entry.Name, "/") {
			if entry.UncompressedSize64 != 0 {
				return nil, unreadable("a folder entry carries data", nil)
			}
			continue
		}
		content, damaged, err := unpack(data, entry, min(limits.FileBytes, remaining), space)
		if err != nil {
			return nil, err
		}
		remaining -= int64(len(content))
		if damaged {
			p.Flaws = append(p.Flaws, Flaw{"package-entry-damaged", entry.Name})
		}
		// Names that differ in case only are one file to many readers.
		if key := strings.ToLower(entry.Name); folded[key] {
			p.Flaws = append(p.Flaws, Flaw{"package-entry-doubled", entry.Name})
		} else {
			folded[key] = true
			p.index[entry.Name] = len(p.Files)
			p.Files = append(p.Files, File{entry.Name, content})
		}
	}
	p.Flaws = append(p.Flaws, hidden(data, archive.File)...)
	return p, nil
}

func checkName(entry *zip.File) error {
	name := entry.Name
	switch {
	case entry.Flags&1 != 0:
		return unreadable("the package is encrypted", nil)
	case len(name) > 255 || !utf8.ValidString(name) || strings.ContainsAny(name, "\\:\x00") || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return unreadable("an entry's name has characters that are not allowed", nil)
	case entry.Mode()&^0o777 != 0 && !entry.Mode().IsDir():
		return unreadable("an entry is neither file nor folder", nil)
	}
	for _, part := range strings.Split(strings.TrimSuffix(name, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return unreadable("an entry's name leads out of the package", nil)
		}
	}
	return nil
}

// unpack reads one entry. The size that counts is what comes out, not what the
// directory claims. A wrong checksum or a broken stream is damage, not an
// error: the verifier then names the file.
func unpack(data []byte, entry *zip.File, limit int64, space *room) (content []byte, damaged bool, err error) {
	if entry.UncompressedSize64 > uint64(limit) {
		return nil, false, tooLarge("unpacked, the package is larger than allowed")
	}
	if content, ok := unpackSound(data, entry, space); ok {
		return content, false, nil
	}
	stream, err := entry.Open()
	if err != nil {
		return nil, false, unreadable("an entry cannot be opened", err)
	}
	defer stream.Close()
	content, err = io.ReadAll(io.LimitReader(stream, limit+1))
	if int64(len(content)) > limit {
		return nil, false, tooLarge("unpacked, the package is larger than allowed")
	}
	return content, err != nil, nil
}

// room is memory for the files of a package, used again for the next one when
// nothing of this one is kept.
type room struct{ free []byte }

// usualRoom is what the files of a one-page license take, with more to spare.
const usualRoom = 256 << 10

// rooms are those not in use.
var rooms = sync.Pool{New: func() any { return &room{make([]byte, usualRoom)} }}

// take returns size bytes with anything in them.
func (r *room) take(size int) []byte {
	if size > len(r.free) {
		return make([]byte, size)
	}
	taken := r.free[:size:size]
	r.free = r.free[size:]
	return taken
}

// mostInflated is how many bytes one byte of DEFLATE can become, at most.
const mostInflated = 1032

// unpackSound unpacks an entry whose sizes and checksums are what its headers
// say; of any other it says nothing, and archive/zip tells what is wrong with
// it.
func unpackSound(data []byte, entry *zip.File, space *room) ([]byte, bool) {
	start, err := entry.DataOffset()
	packed := entry.CompressedSize64
	if err != nil || start > int64(len(data)) || packed > uint64(len(data))-uint64(start) || entry.UncompressedSize64 > mostInflated*packed {
		return nil, false
	}
	end := start + int64(packed)
	content := data[start:end:end]
	switch {
	case entry.Method == zip.Deflate:
		content = space.take(int(entry.UncompressedSize64))
		if !inflate(content, data[start:end]) {
			return nil, false
		}
	case entry.Method != zip.Store || packed != entry.UncompressedSize64:
		return nil, false
	}
	if crc32.ChecksumIEEE(content) != entry.CRC32 || entry.Flags&8 != 0 && !describes(data[end:], entry.CRC32) {
		return nil, false
	}
	return content, true
}

// inflaters are readers not in use: making one costs more than a small file.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// inflate unpacks a DEFLATE stream that begins and ends with in into out, which
// it must fill exactly, and tells whether it did.
func inflate(out, in []byte) bool {
	stream := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(stream)
	source := bytes.NewReader(in)
	if err := stream.(flate.Resetter).Reset(source, nil); err != nil {
		return false
	}
	if _, err := io.ReadFull(stream, out); err != nil {
		return false
	}
	more, err := stream.Read(make([]byte, 1))
	return more == 0 && err == io.EOF && source.Len() == 0
}

// describes tells whether a data descriptor with the checksum stands at the
// beginning, with or without its signature.
func describes(data []byte, sum uint32) bool {
	data = bytes.TrimPrefix(data, []byte("PK\x07\x08"))
	return len(data) >= 12 && binary.LittleEndian.Uint32(data) == sum
}

// hidden compares the ZIP's directory with what stands in the file itself:
// readers that stream see the local headers, so an entry that is only there,
// or has another name there, would show another document to them.
func hidden(data []byte, entries []*zip.File) []Flaw {
	type span struct {
		entry *zip.File
		start int64
	}
	spans := make([]span, 0, len(entries))
	for _, entry := range entries {
		start, err := entry.DataOffset()
		if err != nil {
			return []Flaw{{"package-entry-damaged", entry.Name}}
		}
		spans = append(spans, span{entry, start})
	}
	sort.SliceStable(spans, func(i, j int) bool { return spans[i].start < spans[j].start })
	ends := []int64{0}
	var flaws []Flaw
	for _, s := range spans {
		if !headerAt(data, ends, s.start, s.entry.Name) {
			flaws = append(flaws, Flaw{"package-hidden-entry", s.entry.Name})
		}
		end := s.start + int64(s.entry.CompressedSize64)
		ends = []int64{end}
		if s.entry.Flags&8 != 0 { // a data descriptor follows, in one of four forms
			ends = []int64{end, end + 12, end + 16, end + 20, end + 24}
		}
	}
	const directory = "PK\x01\x02"
	for _, end := range ends {
		if end+4 <= int64(len(data)) && (string(data[end:end+4]) == directory || len(entries) == 0) {
			return flaws
		}
	}
	return append(flaws, Flaw{"package-hidden-entry", ""})
}

// headerAt tells whether a local header with the name stands at one of the
// starts and its data begins at dataStart.
func headerAt(data []byte, starts []int64, dataStart int64, name string) bool {
	for _, at := range starts {
		if at+30 > int64(len(data)) || string(data[at:at+4]) != "PK\x03\x04" {
			continue
		}
		n := int64(binary.LittleEndian.Uint16(data[at+26:]))
		extra := int64(binary.LittleEndian.Uint16(data[at+28:]))
		if at+30+n+extra == dataStart && dataStart <= int64(len(data)) && string(data[at+30:at+30+n]) == name {
			return true
		}
	}
	return false
}
