package check_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"sync"
)

// zipPart is one entry of a ZIP made byte by byte: honest unless a field says
// otherwise.
type zipPart struct {
	name, data string
	deflate    bool
	descriptor int    // 0 none, 1 with its mark, 2 without
	wide       bool   // sizes in a zip64 field of the local header
	local, dir []byte // extra fields
	dirWide    bool   // sizes in a zip64 field of the directory

	localName  string // in the local header, when it lies
	localData  string // what the stream really has, when the sizes lie
	behind     string // after the stream, inside its size
	before     string // between the entry before and this one
	badSize    uint32 // added to the size in the local header
	badSum     uint32 // added to the checksum in the local header
	flags      uint16 // added to both
	localFlags uint16 // added to the local header's
	comment    string
}

// zipTail is how a ZIP made by zipBytes ends.
type zipTail struct {
	gap, behind, comment string
	wide                 bool
	moved                uint32 // added to the offset of the directory
}

func packed(p zipPart) []byte {
	data := p.data
	if p.localData != "" {
		data = p.localData
	}
	if !p.deflate {
		return []byte(data + p.behind)
	}
	stream, known := deflated.Load(data)
	if !known {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, 9)
		_, _ = w.Write([]byte(data))
		_ = w.Close()
		stream, _ = deflated.LoadOrStore(data, b.String())
	}
	return []byte(stream.(string) + p.behind)
}

// deflated keeps streams: a writer costs more than all the rest.
var deflated sync.Map

func u16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func u32(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func u64(b []byte, values ...uint64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func field(id uint16, data string) []byte {
	return append(u16(nil, id, uint16(len(data))), data...)
}

func pathField(name, as string) []byte {
	return field(0x7075, string(append(u32([]byte{1}, crc32.ChecksumIEEE([]byte(name))), as...)))
}

// zipBytes writes a ZIP.
func zipBytes(tail zipTail, parts ...zipPart) []byte {
	var out, directory []byte
	for _, p := range parts {
		out = append(out, p.before...)
		offset, stream, sum := uint32(len(out)), packed(p), crc32.ChecksumIEEE([]byte(p.data))
		flags, method, size := p.flags, uint16(0), uint32(len(p.data))
		if p.deflate {
			method = 8
		}
		if p.descriptor > 0 {
			flags |= 8
		}
		if len(p.name) != len([]rune(p.name)) {
			flags |= 0x800
		}
		name, extra, sizes := p.name, p.local, []uint32{sum + p.badSum, uint32(len(stream)) + p.badSize, size + p.badSize}
		if p.localName != "" {
			name = p.localName
		}
		if p.descriptor > 0 && p.deflate {
			sizes = []uint32{0, 0, 0}
		}
		if p.wide {
			extra = append(field(1, string(u64(nil, uint64(sizes[2]), uint64(sizes[1])))), extra...)
			sizes = []uint32{sizes[0], 1<<32 - 1, 1<<32 - 1}
		}
		out = u32(u16(u16(append(out, "PK\x03\x04"...), 20), flags|p.localFlags, method, 0, 33), sizes...)
		out = append(append(u16(out, uint16(len(name)), uint16(len(extra))), name...), extra...)
		out = append(out, stream...)
		if p.descriptor == 1 {
			out = append(out, "PK\x07\x08"...)
		}
		if p.descriptor > 0 && p.wide {
			out = u64(u32(out, sum), uint64(len(stream)), uint64(size))
		} else if p.descriptor > 0 {
			out = u32(out, sum, uint32(len(stream)), size)
		}
		dirExtra, dirSizes := p.dir, []uint32{uint32(len(stream)), size}
		if p.dirWide {
			dirExtra = append(field(1, string(u64(nil, uint64(size), uint64(len(stream))))), dirExtra...)
			dirSizes = []uint32{1<<32 - 1, 1<<32 - 1}
		}
		directory = u32(u32(u16(append(directory, "PK\x01\x02"...), 20, 20, flags, method, 0, 33), sum), dirSizes...)
		directory = u32(u16(directory, uint16(len(p.name)), uint16(len(dirExtra)), uint16(len(p.comment)), 0, 0), 0, offset)
		directory = append(append(append(directory, p.name...), dirExtra...), p.comment...)
	}
	out = append(out, tail.gap...)
	at := uint32(len(out)) + tail.moved
	out = append(out, directory...)
	if tail.wide {
		end := len(out)
		out = u64(u32(u16(u64(append(out, "PK\x06\x06"...), 44), 45, 45), 0, 0), uint64(len(parts)), uint64(len(parts)), uint64(len(directory)), uint64(at))
		out = u32(u64(u32(append(out, "PK\x06\x07"...), 0), uint64(end)), 1)
	}
	out = u32(u16(append(out, "PK\x05\x06"...), 0, 0, uint16(len(parts)), uint16(len(parts))), uint32(len(directory)), at)
	return append(append(u16(out, uint16(len(tail.comment))), tail.comment...), tail.behind...)
}
