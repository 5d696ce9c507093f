package check

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"tongzheng/registry"
	"tongzheng/registry/sm"
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

	digest sm.Digest // of a template page that was met before
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

	folded    map[string]bool // names as careless readers see them
	folders   bool            // it has entries for folders
	canonical bool            // its headers are those of packages sealed here
}

// Get returns the named file.
func (p *Package) Get(name string) ([]byte, bool) {
	i, ok := p.index[name]
	if !ok {
		return nil, false
	}
	return p.Files[i].Data, true
}

// Digest returns the SM3 of the named file.
func (p *Package) Digest(name string) (sm.Digest, bool) {
	i, ok := p.index[name]
	switch {
	case !ok:
		return sm.Digest{}, false
	case !p.Files[i].digest.IsZero():
		return p.Files[i].digest, true
	}
	return sm.Sum(p.Files[i].Data), true
}

func tooLarge(what string) error {
	return registry.Errorf(registry.CodeTooLarge, "file", "%s", what)
}

func unreadable(what string, cause error) error {
	return registry.Errorf(registry.CodeMalformed, "file", "%s", what).WithCause(cause)
}

// ReadPackage unpacks a ZIP within limits. Anything over a limit is
// registry.CodeTooLarge; what is no ZIP, is encrypted or carries names that
// lead out of the package is registry.CodeMalformed. A ZIP without Flaws has
// one reading: a program that goes by its directory and one that reads it from
// the front see the same files.
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
	form, flaw := readZipForm(data)
	p := &Package{index: map[string]int{}}
	if flaw.Code == "" && !form.same(archive.File) {
		flaw.Code = flawHeader
	}
	if flaw.Code != "" {
		p.Flaws = append(p.Flaws, flaw)
	}
	remaining := limits.TotalBytes
	for _, entry := range archive.File {
		if err := checkName(entry); err != nil {
			return nil, err
		}
		content, digest, code, err := unpackKnown(data, entry, min(limits.FileBytes, remaining), space)
		if err != nil {
			return nil, err
		}
		remaining -= int64(len(content))
		if code != "" {
			p.Flaws = append(p.Flaws, Flaw{code, entry.Name})
		}
		switch {
		case !strings.HasSuffix(entry.Name, "/"):
			p.add(File{entry.Name, content, digest})
		case len(content) > 0:
			return nil, unreadable("a folder entry carries data", nil)
		default:
			p.folders = true
		}
	}
	p.nested()
	p.canonical = len(p.Flaws) == 0 && !p.folders && form.canonical()
	return p, nil
}

// add keeps a file. Names that differ in case only are one file to many
// readers, and so are names that differ in dots and blanks at an end.
func (p *Package) add(file File) {
	if p.folded == nil {
		p.folded = map[string]bool{}
	}
	key := foldedName(file.Name)
	if p.folded[key] {
		p.Flaws = append(p.Flaws, Flaw{flawDoubled, file.Name})
		return
	}
	p.folded[key] = true
	p.index[file.Name] = len(p.Files)
	p.Files = append(p.Files, file)
}

func foldedName(name string) string {
	name = strings.ToLower(strings.ToUpper(name))
	if !strings.Contains(name+"/", "./") && !strings.Contains(name+"/", " /") {
		return name
	}
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = strings.TrimRight(parts[i], " .")
	}
	return strings.Join(parts, "/")
}

// nested finds files that are folders to others: a reader that unpacks keeps
// one of them.
func (p *Package) nested() {
	for _, file := range p.Files {
		key := foldedName(file.Name)
		for at, c := range key {
			if c == '/' && p.folded[key[:at]] {
				p.Flaws = append(p.Flaws, Flaw{flawDoubled, file.Name})
			}
		}
	}
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
// directory claims. A wrong checksum, a broken stream, or one that ends before
// its data does, is a flaw with a code, not an error: the verifier then names
// the file.
func unpack(data []byte, entry *zip.File, limit int64, space *room) (content []byte, code string, err error) {
	if entry.UncompressedSize64 > uint64(limit) {
		return nil, "", tooLarge("unpacked, the package is larger than allowed")
	}
	if content, ok := unpackSound(data, entry, space); ok {
		return content, "", nil
	}
	stream, err := entry.Open()
	if err != nil {
		return nil, "", unreadable("an entry cannot be opened", err)
	}
	defer stream.Close()
	content, err = io.ReadAll(io.LimitReader(stream, limit+1))
	if int64(len(content)) > limit {
		return nil, "", tooLarge("unpacked, the package is larger than allowed")
	}
	if err != nil {
		return content, flawDamaged, nil
	}
	return content, flawStream, nil
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
	return content, crc32.ChecksumIEEE(content) == entry.CRC32
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
