package check

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
	"unicode/utf8"
)

// What may be wrong with the form of a ZIP. Each lets two programs see
// different files, or hides bytes that no signature covers.
const (
	flawOutside  = "package-outside"        // bytes before, between or behind the entries, or a comment
	flawHeader   = "package-header-differs" // the local header and the directory say different things
	flawExtra    = "package-extra-field"    // an extra field that may rename an entry or hide something
	flawStream   = "package-stream"         // an entry's data does not end where its header says
	flawDamaged  = "package-entry-damaged"  // the checksum of an entry is wrong
	flawDoubled  = "package-entry-doubled"  // two entries are one file to many readers
	flawEncoding = "package-name-encoding"  // a name whose characters two readers see differently
)

// Signatures of the records of a ZIP (APPNOTE 4.3).
const (
	zipLocal     = "PK\x03\x04"
	zipDirectory = "PK\x01\x02"
	zipEnd       = "PK\x05\x06"
	zipEnd64     = "PK\x06\x06"
	zipLocator   = "PK\x06\x07"
	zipData      = "PK\x07\x08"
)

const (
	zipLocalBytes     = 30
	zipDirectoryBytes = 46
	zipEndBytes       = 22
	zipEnd64Bytes     = 56
	zipLocatorBytes   = 20
)

// Flags of an entry that are read here (APPNOTE 4.4.4).
const (
	zipEncrypted  = 1 << 0
	zipLevel      = 3 << 1 // how hard the writer tried
	zipDescriptor = 1 << 3 // checksum and sizes follow the data
	zipUTF8       = 1 << 11
)

// zipHeader is what the local header and the directory say of an entry alike.
type zipHeader struct {
	need, flags, method, time, date uint16
	crc                             uint32
	packed, size                    uint64
	name                            string
	extra                           []byte
	wide                            bool // it has a zip64 field
}

// zipEntry is one entry where both agree.
type zipEntry struct {
	zipHeader           // of the directory
	local     zipHeader // as it stands in front of the data
	offset    uint64    // of the local header
	start     uint64    // of the data
	end       uint64    // of the data and what describes it
}

// zipForm is a ZIP in which nothing is hidden: its entries lie side by side
// from the first byte to the directory, and the end of the directory is the end
// of the file.
type zipForm struct {
	entries []zipEntry // in the order of the directory
	wide    bool       // it ends in the zip64 form
}

// readZipForm reads the form alone; whether the data fills its entries is seen
// when they are unpacked. A flaw without a code means that there is none.
func readZipForm(data []byte) (form zipForm, flaw Flaw) {
	from, to, count, wide, ok := zipTail(data)
	if !ok {
		return form, Flaw{Code: flawOutside}
	}
	form.wide = wide
	rest := data[from:to]
	for range count {
		var entry zipEntry
		if entry, rest, flaw = zipDirectoryEntry(rest); flaw.Code != "" {
			return form, flaw
		}
		form.entries = append(form.entries, entry)
	}
	if len(rest) > 0 {
		return form, Flaw{Code: flawOutside}
	}
	return form, form.layOut(data[:from])
}

// same tells whether the library that unpacks understands the directory in the
// same way.
func (f *zipForm) same(files []*zip.File) bool {
	return len(files) == len(f.entries) && !slices.ContainsFunc(f.entries, func(e zipEntry) bool {
		file := files[0]
		files = files[1:]
		start, err := file.DataOffset()
		return err != nil || file.Name != e.name || uint64(start) != e.start || file.CompressedSize64 != e.packed ||
			file.UncompressedSize64 != e.size || file.Method != e.method || file.CRC32 != e.crc
	})
}

// zipTail reads the end of the directory, which must be the end of the file,
// and returns where the directory lies.
func zipTail(data []byte) (from, to, count uint64, wide, ok bool) {
	if len(data) < zipEndBytes {
		return
	}
	at := uint64(len(data) - zipEndBytes)
	end := data[at:]
	le := binary.LittleEndian
	if string(end[:4]) != zipEnd || le.Uint32(end[4:]) != 0 || le.Uint16(end[8:]) != le.Uint16(end[10:]) || le.Uint16(end[20:]) != 0 {
		return
	}
	count, size, from := uint64(le.Uint16(end[10:])), uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	to = at
	if at >= zipLocatorBytes && string(data[at-zipLocatorBytes:][:4]) == zipLocator {
		if at < zipLocatorBytes+zipEnd64Bytes {
			return
		}
		locator := data[at-zipLocatorBytes:]
		to = at - zipLocatorBytes - zipEnd64Bytes
		end64 := data[to:]
		if le.Uint32(locator[4:]) != 0 || le.Uint64(locator[8:]) != to || le.Uint32(locator[16:]) != 1 ||
			string(end64[:4]) != zipEnd64 || le.Uint64(end64[4:]) != zipEnd64Bytes-12 || le.Uint64(end64[16:]) != 0 ||
			le.Uint64(end64[24:]) != le.Uint64(end64[32:]) {
			return
		}
		known := func(short, limit, long uint64) bool { return short == long || short == limit }
		count64, size64, from64 := le.Uint64(end64[32:]), le.Uint64(end64[40:]), le.Uint64(end64[48:])
		if !known(count, 1<<16-1, count64) || !known(size, 1<<32-1, size64) || !known(from, 1<<32-1, from64) {
			return
		}
		count, size, from, wide = count64, size64, from64, true
	}
	ok = from <= to && size == to-from && count <= size/zipDirectoryBytes
	return
}

// zipDirectoryEntry takes one entry from the directory.
func zipDirectoryEntry(rest []byte) (entry zipEntry, after []byte, flaw Flaw) {
	if len(rest) < zipDirectoryBytes || string(rest[:4]) != zipDirectory {
		return entry, nil, Flaw{Code: flawOutside}
	}
	le := binary.LittleEndian
	names, extra := uint64(le.Uint16(rest[28:])), uint64(le.Uint16(rest[30:]))
	if uint64(len(rest)) < zipDirectoryBytes+names+extra {
		return entry, nil, Flaw{Code: flawOutside}
	}
	entry.zipHeader = fixedHeader(rest[6:])
	entry.name = string(rest[zipDirectoryBytes:][:names])
	entry.extra = rest[zipDirectoryBytes+names:][:extra]
	if comment, disk := le.Uint16(rest[32:]), le.Uint16(rest[34:]); comment != 0 || disk != 0 {
		return entry, nil, Flaw{flawOutside, entry.name}
	}
	entry.offset = uint64(le.Uint32(rest[42:]))
	if !entry.readExtra(&entry.offset) {
		return entry, nil, Flaw{flawExtra, entry.name}
	}
	if code := entry.strange(); code != "" {
		return entry, nil, Flaw{code, entry.name}
	}
	return entry, rest[zipDirectoryBytes+names+extra:], Flaw{}
}

// fixedHeader reads the fields that stand in both headers in one order.
func fixedHeader(raw []byte) zipHeader {
	le := binary.LittleEndian
	return zipHeader{need: le.Uint16(raw), flags: le.Uint16(raw[2:]), method: le.Uint16(raw[4:]), time: le.Uint16(raw[6:]), date: le.Uint16(raw[8:]),
		crc: le.Uint32(raw[10:]), packed: uint64(le.Uint32(raw[14:])), size: uint64(le.Uint32(raw[18:]))}
}

// strange tells what of a header is not read by everyone alike.
func (h *zipHeader) strange() (code string) {
	switch {
	case h.flags&^(zipLevel|zipDescriptor|zipUTF8) != 0 || h.need > zip45:
		return flawHeader
	case !h.ascii() && h.flags&zipUTF8 == 0 && !bytes.Contains(h.extra, unicodePathField(h.name)):
		return flawEncoding
	}
	return ""
}

// layOut holds every local header against the directory and sees that entries
// fill the file up to the directory.
func (f *zipForm) layOut(data []byte) Flaw {
	order := make([]*zipEntry, len(f.entries))
	for i := range f.entries {
		order[i] = &f.entries[i]
	}
	sort.SliceStable(order, func(i, j int) bool { return order[i].offset < order[j].offset })
	end := uint64(0)
	for i, entry := range order {
		next := uint64(len(data))
		if i+1 < len(order) {
			next = order[i+1].offset
		}
		if entry.offset != end || next > uint64(len(data)) {
			return Flaw{flawOutside, entry.name}
		}
		if code := entry.readLocal(data[:next]); code != "" {
			return Flaw{code, entry.name}
		}
		end = entry.end
	}
	if end != uint64(len(data)) {
		return Flaw{Code: flawOutside}
	}
	return Flaw{}
}

// readLocal reads the local header in data, which ends where the next entry
// begins.
func (e *zipEntry) readLocal(data []byte) (code string) {
	raw := data[e.offset:]
	if len(raw) < zipLocalBytes || string(raw[:4]) != zipLocal {
		return flawOutside
	}
	local := fixedHeader(raw[4:])
	names, extra := int(binary.LittleEndian.Uint16(raw[26:])), int(binary.LittleEndian.Uint16(raw[28:]))
	if len(raw) < zipLocalBytes+names+extra {
		return flawOutside
	}
	local.name, local.extra = string(raw[zipLocalBytes:][:names]), raw[zipLocalBytes+names:][:extra]
	e.local = local
	switch {
	case local.name != e.name:
		return flawHeader
	case !local.readExtra(nil):
		return flawExtra
	case local.strange() != "":
		return local.strange()
	case !local.agrees(&e.zipHeader):
		return flawHeader
	}
	e.start = e.offset + uint64(zipLocalBytes+names+extra)
	e.end = e.start + e.packed
	if e.end < e.start || e.end > uint64(len(data)) {
		return flawOutside
	}
	if e.flags&zipDescriptor != 0 {
		size := e.describes(data[e.end:], local.wide)
		if size == 0 {
			return flawStream
		}
		e.end += size
	}
	return ""
}

// agrees compares a local header with the directory. How hard the writer tried
// and which version unpacks it changes nothing that is read, and an ASCII name
// is the same in UTF-8: programs that edit a package leave such things as they
// found them in one of the two. Where checksum and sizes
// follow the data, the local header may leave any of them out; stored data must have
// its size in front, or nobody who reads from the front finds its end.
func (h *zipHeader) agrees(dir *zipHeader) bool {
	if h.deciding() != dir.deciding() || h.method != dir.method || h.time != dir.time || h.date != dir.date {
		return false
	}
	left := h.flags&zipDescriptor != 0
	return (h.packed == dir.packed || left && h.packed == 0 && h.method == zipDeflated) &&
		(h.size == dir.size || left && h.size == 0) && (h.crc == dir.crc || left && h.crc == 0)
}

// deciding are the flags that change what is read.
func (h *zipHeader) deciding() uint16 {
	flags := h.flags &^ zipLevel
	if h.ascii() {
		flags &^= zipUTF8
	}
	return flags
}

func (h *zipHeader) ascii() bool { return len(h.name) == utf8.RuneCountInString(h.name) }

// describes returns the size of the data descriptor that is all of data; zero
// when it says something else. Sizes have eight bytes in it when the local
// header has a zip64 field (APPNOTE 4.3.9.2).
func (e *zipEntry) describes(data []byte, wide bool) uint64 {
	want := binary.LittleEndian.AppendUint32(nil, e.crc)
	if wide {
		want = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(want, e.packed), e.size)
	} else {
		want = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(want, uint32(e.packed)), uint32(e.size))
	}
	if bytes.Equal(data, want) || bytes.Equal(data, append([]byte(zipData), want...)) {
		return uint64(len(data))
	}
	return 0
}

// Methods of compression that are read (APPNOTE 4.4.5).
const (
	zipStored   = 0
	zipDeflated = 8
)

// canonical tells whether the headers are those that a package sealed here has:
// entries in one order in front and in the directory, and no extra fields.
// Packages sealed by the first versions have a descriptor behind each entry and
// one time, always the same, in an extra field.
func (f *zipForm) canonical() bool {
	plain, first := true, true
	for i := range f.entries {
		e := &f.entries[i]
		if i > 0 && e.offset != f.entries[i-1].end || e.need != zip20 || e.local.need != zip20 || e.local.flags != e.flags {
			return false
		}
		flags := e.flags
		if !e.ascii() {
			flags ^= zipUTF8
		}
		plain = plain && flags == 0 && len(e.extra) == 0 && len(e.local.extra) == 0
		first = first && flags == zipDescriptor && string(e.extra) == firstTime && string(e.local.extra) == firstTime
	}
	return !f.wide && (plain || first)
}

const (
	zip45     = 45                               // the highest version whose features are read: zip64
	zip20     = 20                               // version 2.0 of the format
	firstTime = "UT\x05\x00\x01\x00\xa6\xce\x12" // 1 January 1980, Greenwich
)
