package draw

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// plainPNG keeps the chunks that make a still picture, when they are whole:
// every checksum right, and as much data as the size asks for (RFC 2083). The
// pixels are counted, never held.
func plainPNG(raw []byte, width, height int) ([]byte, error) {
	out := []byte(pngSignature)
	rest, ok := bytes.CutPrefix(raw, []byte(pngSignature))
	if !ok {
		return nil, malformed("a PNG picture is damaged")
	}
	var data [][]byte
	var header []byte
	for ended := false; !ended; {
		if len(rest) < 12 {
			return nil, malformed("a PNG picture is cut off")
		}
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(len(rest))-12 {
			return nil, malformed("a PNG picture is cut off")
		}
		chunk := rest[:12+size]
		rest = rest[12+size:]
		if crc32.ChecksumIEEE(chunk[4:8+size]) != binary.BigEndian.Uint32(chunk[8+size:]) {
			return nil, malformed("a PNG picture is damaged")
		}
		switch string(chunk[4:8]) {
		case "IHDR":
			header = chunk[8 : 8+size]
		case "IDAT":
			data = append(data, chunk[8:8+size])
		case "PLTE", "tRNS":
		case "IEND":
			ended = true
		default:
			continue
		}
		out = append(out, chunk...)
	}
	if len(header) != 13 {
		return nil, malformed("a PNG picture is damaged")
	}
	want := pngBytes(header, width, height)
	var sources []io.Reader
	for _, d := range data {
		sources = append(sources, bytes.NewReader(d))
	}
	unpacked, err := zlib.NewReader(io.MultiReader(sources...))
	if err != nil {
		return nil, malformed("a PNG picture is damaged")
	}
	if got, err := io.Copy(io.Discard, io.LimitReader(unpacked, want+1)); err != nil || got != want {
		return nil, malformed("a PNG picture is damaged")
	}
	return out, nil
}

// pngBytes is how many bytes the rows of a picture take, filters included.
func pngBytes(header []byte, width, height int) int64 {
	channels := map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[header[9]]
	bits := int(header[8]) * channels
	rows := func(w, h int) int64 {
		if w == 0 || h == 0 {
			return 0
		}
		return int64(h) * int64(1+(w*bits+7)/8)
	}
	if header[12] == 0 {
		return rows(width, height)
	}
	var all int64
	for _, pass := range [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		all += rows((width-pass[0]+pass[2]-1)/pass[2], (height-pass[1]+pass[3]-1)/pass[3])
	}
	return all
}

// plainJPEG keeps what makes the picture and drops what else stands in it:
// EXIF would turn it in some readers, profiles would color it.
func plainJPEG(raw []byte) ([]byte, error) {
	damaged := malformed("a JPEG picture is damaged")
	if len(raw) < 4 || raw[0] != 0xff || raw[1] != 0xd8 {
		return nil, damaged
	}
	out := []byte{0xff, 0xd8}
	rest := raw[2:]
	for {
		if len(rest) < 4 || rest[0] != 0xff {
			return nil, damaged
		}
		marker := rest[1]
		if marker == 0xff { // filling
			rest = rest[1:]
			continue
		}
		size := int(binary.BigEndian.Uint16(rest[2:])) + 2
		if size < 4 || size > len(rest) {
			return nil, damaged
		}
		segment := rest[:size]
		rest = rest[size:]
		switch {
		case marker == 0xda: // the scans follow, to the end
			end := bytes.LastIndex(rest, []byte{0xff, 0xd9})
			if end < 0 {
				return nil, damaged
			}
			return append(append(out, segment...), rest[:end+2]...), nil
		case marker == 0xc0 || marker == 0xc1 || marker == 0xc2:
			if len(segment) < 10 || segment[9] != 1 && segment[9] != 3 {
				return nil, notDrawn("JPEG pictures of four colors")
			}
			out = append(out, segment...)
		case marker == 0xc4, marker == 0xdb, marker == 0xdd, marker == 0xe0, marker == 0xee:
			out = append(out, segment...)
		case marker >= 0xe1 && marker <= 0xef, marker == 0xfe:
		default:
			return nil, notDrawn("JPEG pictures of process %#x", marker)
		}
	}
}
