package check

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Extra fields (APPNOTE 4.5 and 4.6) that honest writers use. All others may
// hide something, or mean something to a reader that another does not know.
const (
	extraZip64  = 0x0001
	extraNTFS   = 0x000a // times
	extraUT     = 0x5455 // times
	extraUX1    = 0x5855 // times and owner, the oldest form
	extraUX2    = 0x7855 // owner
	extraUX     = 0x7875 // owner
	extraPath   = 0x7075 // the name in Unicode
	extraAlign  = 0xd935 // alignment, of Android's writers
	extraAlign2 = 0xa11e // alignment, of Apache's writers
	extraJar    = 0xcafe // an empty mark of Java's archives
)

// readExtra reads the extra fields: each known, of the one size that it can
// have, and there once; the zip64 field goes to the sizes and, in the
// directory, to the offset. It tells whether they are as they must be.
func (h *zipHeader) readExtra(offset *uint64) bool {
	var seen []uint16
	for rest := h.extra; !allZero(rest); { // old aligners fill up with zeros
		if len(rest) < 4 {
			return false
		}
		id, size := binary.LittleEndian.Uint16(rest), int(binary.LittleEndian.Uint16(rest[2:]))
		if len(rest) < 4+size || slices.Contains(seen, id) {
			return false
		}
		field := rest[4:][:size]
		rest = rest[4+size:]
		seen = append(seen, id)
		if id == extraZip64 {
			h.wide = true
			if !h.readWide(field, offset) {
				return false
			}
		} else if !h.knownExtra(id, field, offset == nil) {
			return false
		}
	}
	return h.wide || h.packed != 1<<32-1 && h.size != 1<<32-1 && (offset == nil || *offset != 1<<32-1)
}

// readWide reads a zip64 field: the values that do not stand in the header, in
// their order; some writers repeat sizes that do.
func (h *zipHeader) readWide(field []byte, offset *uint64) bool {
	values := []*uint64{&h.size, &h.packed}
	if offset != nil {
		values = append(values, offset)
	}
	asked := 0
	for _, v := range values {
		if *v == 1<<32-1 {
			asked++
		}
	}
	repeats := asked < 2 && len(field) == 16 || asked == 0 && len(field) == 24 && offset != nil
	if len(field) != 8*asked && !repeats {
		return false
	}
	for _, v := range values {
		if !repeats && *v != 1<<32-1 || len(field) == 0 {
			continue
		}
		long := binary.LittleEndian.Uint64(field)
		if *v != 1<<32-1 && *v != long {
			return false
		}
		*v, field = long, field[8:]
	}
	return len(field) == 0
}

// knownExtra tells whether a field has the form that its kind must have.
func (h *zipHeader) knownExtra(id uint16, field []byte, local bool) bool {
	switch id {
	case extraUT:
		return knownTimes(field, local)
	case extraNTFS:
		return len(field) == 32 && allZero(field[:4]) && string(field[4:8]) == "\x01\x00\x18\x00"
	case extraUX1:
		return len(field) == 8 || len(field) == 12
	case extraUX2:
		return len(field) == 0 || len(field) == 4
	case extraUX:
		return knownOwner(field)
	case extraPath:
		return bytes.Equal(field, unicodePathField(h.name)[4:])
	case extraAlign, extraAlign2:
		return len(field) >= 2 && allZero(field[2:])
	case extraJar:
		return len(field) == 0
	}
	return false
}

// knownTimes: one byte says which times follow; the directory has the first
// alone.
func knownTimes(field []byte, local bool) bool {
	if len(field) == 0 || field[0]&^7 != 0 {
		return false
	}
	times := 0
	for bit := field[0]; bit != 0; bit >>= 1 {
		times += int(bit & 1)
	}
	if !local && len(field) != 1+4*times {
		return len(field) == 1+4*int(field[0]&1)
	}
	return len(field) == 1+4*times
}

// knownOwner: version 1, then two numbers with their sizes.
func knownOwner(field []byte) bool {
	if len(field) == 0 {
		return true // as the directory has it
	}
	if field[0] != 1 {
		return false
	}
	rest := field[1:]
	for range 2 {
		if len(rest) == 0 || rest[0] > 8 || len(rest) < 1+int(rest[0]) {
			return false
		}
		rest = rest[1+int(rest[0]):]
	}
	return len(rest) == 0
}

// unicodePathField is the only Unicode path that is taken: the name itself.
func unicodePathField(name string) []byte {
	field := binary.LittleEndian.AppendUint16(nil, extraPath)
	field = append(binary.LittleEndian.AppendUint16(field, uint16(5+len(name))), 1)
	return append(binary.LittleEndian.AppendUint32(field, crc32.ChecksumIEEE([]byte(name))), name...)
}

func allZero(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }
