// Package pack writes and reads the ZIP form of the packages that are made here,
// and composes a sealed package from the unsealed one and what sealing adds.
//
// Entries are copied as they stand, never unpacked and packed again: whoever has
// the unsealed package and the parts composes the same bytes for ever, whatever
// becomes of the compressor. So the signer and the store keep one document and
// little beside it, and both come here for the whole. It judges no signature, and
// strangers' packages are not read with it: that is the verifier's.
package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

// Methods of an entry (APPNOTE 4.4.5).
const (
	Stored   = 0
	Deflated = 8
)

// Entry is one file as it stands in a package. Packed must not be written to.
type Entry struct {
	Name   string
	Method uint16
	CRC    uint32
	Size   int    // unpacked
	Packed []byte // the file itself where Method is Stored
}

// Store is an entry that is not compressed.
func Store(name string, data []byte) Entry {
	return Entry{name, Stored, crc32.ChecksumIEEE(data), len(data), data}
}

// Levels of compression: Once for what is compressed once and stays, Fast for
// what every document has of its own.
const (
	Fast = 3
	Once = 9
)

// compressors are those not in use, by level: making one costs more than a page.
var compressors = map[int]*sync.Pool{Fast: newCompressors(Fast), Once: newCompressors(Once)}

func newCompressors(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		w, err := flate.NewWriter(nil, level)
		if err != nil {
			panic(err) // the level is ours
		}
		return w
	}}
}

// Deflate is an entry that is compressed, or stored where that is no larger.
func Deflate(name string, data []byte, level int) Entry {
	packed, ok := deflate(data, level)
	if !ok {
		return Store(name, data)
	}
	return Entry{name, Deflated, crc32.ChecksumIEEE(data), len(data), packed}
}

// deflate compresses, and tells whether the result is smaller.
func deflate(data []byte, level int) ([]byte, bool) {
	var out bytes.Buffer
	out.Grow(len(data)/2 + 64)
	pool := compressors[level]
	w := pool.Get().(*flate.Writer)
	defer pool.Put(w)
	w.Reset(&out)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a Buffer cannot fail
	}
	return out.Bytes(), out.Len() < len(data)
}

// Content unpacks the file.
func (e Entry) Content() ([]byte, error) {
	if e.Method == Stored {
		return e.Packed, nil
	}
	out, err := inflate(e.Packed, e.Size)
	if err != nil || crc32.ChecksumIEEE(out) != e.CRC {
		return nil, errDamaged
	}
	return out, nil
}

// inflaters are readers not in use.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflate unpacks size bytes.
func inflate(packed []byte, size int) ([]byte, error) {
	if size > mostInflated*len(packed) {
		return nil, errDamaged
	}
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(packed), nil); err != nil {
		return nil, errDamaged
	}
	out := make([]byte, size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, errDamaged
	}
	return out, nil
}

// mostInflated is how many bytes one byte of DEFLATE can become, at most.
const mostInflated = 1032

var errDamaged = errors.New("the package is damaged")

// Records of a ZIP (APPNOTE 4.3).
const (
	localHeader = "PK\x03\x04"
	directory   = "PK\x01\x02"
	endRecord   = "PK\x05\x06"

	localBytes     = 30
	directoryBytes = 46
	endBytes       = 22

	version20  = 20    // of the format: DEFLATE
	nameIsUTF8 = 0x800 // flag
)

// FirstDay is the first day that a ZIP can write: 1 January 1980.
const FirstDay = 1<<5 | 1

// Write writes a package: entries in their order, one day for all, no extra
// fields, sizes in front of the data. The same entries give the same bytes.
func Write(entries []Entry, day uint16) []byte {
	size := endBytes
	for _, e := range entries {
		size += localBytes + directoryBytes + 2*len(e.Name) + len(e.Packed)
	}
	out := make([]byte, 0, size)
	offsets := make([]int, len(entries))
	for i, e := range entries {
		offsets[i] = len(out)
		out = append(out, localHeader...)
		out = append(e.fixed(out, day), e.Name...)
		out = append(out, e.Packed...)
	}
	start, le := len(out), binary.LittleEndian
	for i, e := range entries {
		out = append(out, directory...)
		out = le.AppendUint16(out, version20) // made by
		out = e.fixed(out, day)
		out = append(out, make([]byte, 10)...) // comment, disk, attributes
		out = le.AppendUint32(out, uint32(offsets[i]))
		out = append(out, e.Name...)
	}
	length := len(out) - start
	out = append(append(out, endRecord...), 0, 0, 0, 0)
	out = le.AppendUint16(le.AppendUint16(out, uint16(len(entries))), uint16(len(entries)))
	out = le.AppendUint32(le.AppendUint32(out, uint32(length)), uint32(start))
	return append(out, 0, 0)
}

// fixed writes the fields that stand in both headers in one order.
func (e Entry) fixed(out []byte, day uint16) []byte {
	le, flags := binary.LittleEndian, uint16(0)
	if strings.ContainsFunc(e.Name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		flags = nameIsUTF8
	}
	for _, v := range []uint16{version20, flags, e.Method, 0, day} {
		out = le.AppendUint16(out, v)
	}
	for _, v := range []uint32{e.CRC, uint32(len(e.Packed)), uint32(e.Size)} {
		out = le.AppendUint32(out, v)
	}
	return le.AppendUint16(le.AppendUint16(out, uint16(len(e.Name))), 0)
}

// Read lists the entries of a package by its directory. Nothing is unpacked or
// copied: the entries lie in pkg.
func Read(pkg []byte) ([]Entry, error) {
	if len(pkg) < endBytes || string(pkg[len(pkg)-endBytes:][:4]) != endRecord {
		return nil, errDamaged
	}
	le, end := binary.LittleEndian, pkg[len(pkg)-endBytes:]
	count, start := int(le.Uint16(end[10:])), uint64(le.Uint32(end[16:]))
	if start > uint64(len(pkg)-endBytes) {
		return nil, errDamaged
	}
	rest := pkg[start : len(pkg)-endBytes]
	entries := make([]Entry, count)
	for i := range entries {
		if len(rest) < directoryBytes || string(rest[:4]) != directory {
			return nil, errDamaged
		}
		names := int(le.Uint16(rest[28:]))
		more := names + int(le.Uint16(rest[30:])) + int(le.Uint16(rest[32:]))
		if len(rest) < directoryBytes+more {
			return nil, errDamaged
		}
		e := Entry{Name: string(rest[directoryBytes:][:names]), Method: le.Uint16(rest[10:]), CRC: le.Uint32(rest[16:]), Size: int(le.Uint32(rest[24:]))}
		var ok bool
		if e.Packed, ok = dataAt(pkg[:start], uint64(le.Uint32(rest[42:])), uint64(le.Uint32(rest[20:]))); !ok {
			return nil, errDamaged
		}
		if e.Method != Deflated && (e.Method != Stored || e.Size != len(e.Packed)) {
			return nil, errDamaged
		}
		entries[i], rest = e, rest[directoryBytes+more:]
	}
	return entries, nil
}

// dataAt is an entry's data behind its local header.
func dataAt(pkg []byte, offset, packed uint64) ([]byte, bool) {
	if offset+localBytes > uint64(len(pkg)) || string(pkg[offset:][:4]) != localHeader {
		return nil, false
	}
	le := binary.LittleEndian
	from := offset + localBytes + uint64(le.Uint16(pkg[offset+26:])) + uint64(le.Uint16(pkg[offset+28:]))
	to := from + packed
	if to > uint64(len(pkg)) {
		return nil, false
	}
	return pkg[from:to:to], true
}
