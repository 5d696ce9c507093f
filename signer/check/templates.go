package check

import (
	"archive/zip"
	"bytes"
	"strings"

	"tongzheng/registry/sm"
)

// Template pages are borders that all licenses of a paper size share: some thirty
// kilobytes of XML in two of DEFLATE. They are unpacked and digested once, and found
// again by every byte that went in: the packed data, the checksum and the size.

// templateFolder is where template pages lie (GB/T 33190, appendix A).
const templateFolder = "/Tpls/"

// What is remembered is bounded by templatesMost entries of these sizes: a template page
// that is larger costs its sender what it costs.
const (
	templatePacked = 4 << 10
	templateSize   = 64 << 10
	templatesMost  = 64
)

// templateKey is all that a header says of an entry's data.
type templateKey struct {
	crc          uint32
	packed, size uint64
}

type template struct {
	packed, content []byte
	digest          sm.Digest
}

// templates are those that were unpacked soundly.
var templates = kept[templateKey, template]{most: templatesMost}

// unpackKnown is unpack, which it asks once for a template page; digest is zero for
// any other file; the content of a template page is shared, and must not be written to.
func unpackKnown(data []byte, entry *zip.File, limit int64, space *room) (content []byte, digest sm.Digest, code string, err error) {
	packed, key, ok := templateOf(data, entry, limit)
	if ok {
		if known, found := templates.get(key); found && bytes.Equal(known.packed, packed) {
			return known.content, known.digest, "", nil
		}
	}
	content, code, err = unpack(data, entry, limit, space)
	if ok && code == "" && err == nil {
		content = bytes.Clone(content) // out of the room
		digest = sm.Sum(content)
		templates.put(key, template{bytes.Clone(packed), content, digest})
	}
	return content, digest, code, err
}

// templateOf tells whether an entry is a template page that may be remembered, and
// returns its data as it stands.
func templateOf(data []byte, entry *zip.File, limit int64) (packed []byte, key templateKey, ok bool) {
	key = templateKey{entry.CRC32, entry.CompressedSize64, entry.UncompressedSize64}
	if entry.Method != zip.Deflate || key.packed > templatePacked || key.size > templateSize || key.size > uint64(max(limit, 0)) ||
		!strings.Contains(entry.Name, templateFolder) {
		return nil, key, false
	}
	start, err := entry.DataOffset()
	if err != nil || start > int64(len(data)) || key.packed > uint64(len(data))-uint64(start) {
		return nil, key, false
	}
	return data[start : start+int64(key.packed)], key, true
}
