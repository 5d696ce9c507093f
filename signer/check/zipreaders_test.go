package check_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
)

// The readers of this file stand for other programs: they share no code with
// the verifier's, and are as trusting as programs are.

// shown is what a program shows of a package: files by name, the last of two
// with one name.
type shown map[string]string

var errStream = errors.New("cannot be read from the front")

// readFromFront reads local headers as they come and never looks at the
// directory, as programs do that unpack while they download. It renames by a
// Unicode path, and takes the first data descriptor that fits.
func readFromFront(data []byte) (shown, error) {
	files := shown{}
	for len(data) >= 4 && string(data[:4]) == "PK\x03\x04" {
		if len(data) < 30 {
			return nil, errStream
		}
		le := binary.LittleEndian
		flags, method := le.Uint16(data[6:]), le.Uint16(data[8:])
		packed, size := uint64(le.Uint32(data[18:])), uint64(le.Uint32(data[22:]))
		names, extras := int(le.Uint16(data[26:])), int(le.Uint16(data[28:]))
		if len(data) < 30+names+extras {
			return nil, errStream
		}
		name, extra := string(data[30:][:names]), data[30+names:][:extras]
		name, wide := renamed(name, extra)
		if wide != nil && size == 1<<32-1 && len(wide) >= 8 {
			wide = wide[8:]
		}
		if wide != nil && packed == 1<<32-1 && len(wide) >= 8 {
			packed = le.Uint64(wide)
		}
		rest := data[30+names+extras:]
		unsized := flags&8 != 0 && packed == 0
		if !unsized && packed > uint64(len(rest)) {
			return nil, errStream
		}
		content, used, err := unpackFront(rest, method, packed, unsized)
		if err != nil {
			return nil, err
		}
		rest = rest[used:]
		if flags&8 != 0 {
			if rest, err = skipDescriptor(rest, crc32.ChecksumIEEE([]byte(content)), uint64(used), uint64(len(content)), wide != nil); err != nil {
				return nil, err
			}
		}
		if !strings.HasSuffix(name, "/") {
			files[name] = content
		}
		data = rest
	}
	return files, nil
}

// unpackFront unpacks one entry and tells how many bytes it took.
func unpackFront(rest []byte, method uint16, packed uint64, unsized bool) (content string, used int, err error) {
	switch {
	case method == 0 && unsized:
		return "", 0, nil
	case method == 0:
		return string(rest[:packed]), int(packed), nil
	case method != 8:
		return "", 0, errStream
	}
	source := bytes.NewReader(rest)
	out, err := io.ReadAll(io.LimitReader(flate.NewReader(source), 4<<20))
	if err != nil {
		return "", 0, errStream
	}
	if used = len(rest) - source.Len(); !unsized {
		used = int(packed) // others skip what follows the stream
	}
	return string(out), used, nil
}

func skipDescriptor(rest []byte, sum uint32, packed, size uint64, wide bool) ([]byte, error) {
	rest = bytes.TrimPrefix(rest, []byte("PK\x07\x08"))
	want := binary.LittleEndian.AppendUint32(nil, sum)
	if wide {
		want = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(want, packed), size)
	} else {
		want = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(want, uint32(packed)), uint32(size))
	}
	if !bytes.HasPrefix(rest, want) {
		return nil, errStream
	}
	return rest[len(want):], nil
}

// renamed takes the name from a Unicode path, without asking whether it fits,
// and finds the zip64 field.
func renamed(name string, extra []byte) (string, []byte) {
	var wide []byte
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if size > len(extra)-4 {
			break
		}
		field := extra[4:][:size]
		switch {
		case id == 0x7075 && size > 5:
			name = string(field[5:])
		case id == 1:
			wide = append([]byte{}, field...)
		}
		extra = extra[4+size:]
	}
	return name, wide
}

// readByDirectory reads with Go's library, which believes the directory and
// looks past whatever stands before, between and behind.
func readByDirectory(data []byte) (shown, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	files := shown{}
	for _, entry := range archive.File {
		name, _ := renamed(entry.Name, entry.Extra)
		if strings.HasSuffix(name, "/") {
			continue
		}
		stream, err := entry.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(stream, 4<<20))
		if err != nil {
			return nil, err
		}
		files[name] = string(content)
	}
	return files, nil
}
