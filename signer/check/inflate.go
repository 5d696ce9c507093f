package check

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

// flat unpacks DEFLATE (RFC 1951) from one slice into another, when both are whole at
// hand: a third of the time that a reader of streams takes, and fonts are most of what
// a check unpacks. It says yes only to what it has unpacked to the last byte. Anything
// else it leaves to the library (inflate), codes that do not fill their tree included.
type flat struct {
	in  []byte
	pos int    // of in
	buf uint64 // bits that were taken from in, the next one lowest
	n   uint   // how many of them

	literals  huffman
	distances huffman
	lengths   huffman // of the codes of the other two
	sizes     [maxLiterals + maxDistances]uint8
}

// huffman is a complete code. Codes of up to tableBits bits are looked up; longer ones
// are rare and found bit by bit.
type huffman struct {
	table  [1 << tableBits]uint32
	counts [maxCode + 1]uint16 // of codes by their length
	sorted [maxLiterals]uint32 // entries by code
}

const (
	tableBits    = 10
	maxCode      = 15
	maxLiterals  = 288
	maxDistances = 32
)

// An entry says what a code stands for: four bits its length, two its kind, eight how
// many bits follow it, sixteen its value. Zero is no entry.
const (
	isLiteral = iota << 4
	isMatch   // a length or a distance, to which the bits that follow are added
	isEnd
	isNothing // a code that stands for nothing

	kindMask = 3 << 4
)

func entryOf(kind, more, value int) uint32 {
	return uint32(kind) | uint32(more)<<8 | uint32(value)<<16
}

// Meanings of the symbols (RFC 1951 §3.2.5), without the lengths of their codes.
var literalMeaning, distanceMeaning, plainMeaning = meanings()

func meanings() (literal [maxLiterals]uint32, distance [maxDistances]uint32, plain [maxLiterals]uint32) {
	for i := range literal {
		literal[i], plain[i] = entryOf(isLiteral, 0, i), entryOf(isLiteral, 0, i)
	}
	literal[256], literal[286], literal[287] = isEnd, isNothing, isNothing
	for i, base := 257, 3; i < 285; i++ {
		more := max(0, (i-261)/4)
		literal[i] = entryOf(isMatch, more, base)
		base += 1 << more
	}
	literal[285] = entryOf(isMatch, 0, 258)
	distance[30], distance[31] = isNothing, isNothing
	for i, base := 0, 1; i < 30; i++ {
		more := max(0, i/2-1)
		distance[i] = entryOf(isMatch, more, base)
		base += 1 << more
	}
	return literal, distance, plain
}

// build makes the code whose symbols have these lengths; false unless it is complete.
func (h *huffman) build(sizes []uint8, meaning []uint32) bool {
	h.counts = [maxCode + 1]uint16{}
	for _, size := range sizes {
		h.counts[size]++
	}
	h.counts[0] = 0
	var code, place [maxCode + 2]int
	for size, left := 1, 1; size <= maxCode; size++ {
		left = left<<1 - int(h.counts[size])
		if left < 0 || size == maxCode && left != 0 {
			return false
		}
		code[size+1] = (code[size] + int(h.counts[size])) << 1
		place[size+1] = place[size] + int(h.counts[size])
	}
	clear(h.table[:])
	for symbol, size := range sizes {
		if size == 0 {
			continue
		}
		entry := meaning[symbol] | uint32(size)
		h.sorted[place[size]] = entry
		if size <= tableBits {
			for at := int(bits.Reverse16(uint16(code[size])) >> (16 - size)); at < len(h.table); at += 1 << size {
				h.table[at] = entry
			}
		}
		place[size]++
		code[size]++
	}
	return true
}

// long finds the entry of a code that the table does not have.
func (h *huffman) long(buf uint64) uint32 {
	code, first, place := 0, 0, 0
	for size := 1; size <= maxCode; size++ {
		code |= int(buf & 1)
		buf >>= 1
		count := int(h.counts[size])
		if code-first < count {
			return h.sorted[place+code-first]
		}
		place += count
		first = (first + count) << 1
		code <<= 1
	}
	return isNothing
}

// fill takes bits from the input, fifty-six or more as long as there are.
func (f *flat) fill() {
	if f.pos+8 <= len(f.in) {
		f.buf |= binary.LittleEndian.Uint64(f.in[f.pos:]) << f.n
		f.pos += int(63-f.n) >> 3
		f.n |= 56
		return
	}
	for f.n <= 56 && f.pos < len(f.in) {
		f.buf |= uint64(f.in[f.pos]) << f.n
		f.pos++
		f.n += 8
	}
}

// take takes a few bits; false when there are no more.
func (f *flat) take(count uint) (int, bool) {
	if f.n < count {
		f.fill()
	}
	if f.n < count {
		return 0, false
	}
	value := int(f.buf & (1<<count - 1))
	f.buf >>= count
	f.n -= count
	return value, true
}

var flats = sync.Pool{New: func() any { return new(flat) }}

// inflateWhole unpacks in into out and tells whether the one ended where the other did.
func inflateWhole(out, in []byte) bool {
	f := flats.Get().(*flat)
	defer func() { f.in = nil; flats.Put(f) }()
	f.in, f.pos, f.buf, f.n = in, 0, 0, 0
	at := 0
	for {
		head, ok := f.take(3)
		if !ok {
			return false
		}
		switch head >> 1 {
		case 0:
			at, ok = f.stored(out, at)
		case 1:
			ok = f.fixed()
		case 2:
			ok = f.dynamic()
		default:
			return false
		}
		if ok && head>>1 > 0 {
			at, ok = f.block(out, at)
		}
		if !ok {
			return false
		}
		if head&1 == 1 {
			return at == len(out) && f.pos-int(f.n>>3) == len(in)
		}
	}
}

// stored copies a block that is not compressed.
func (f *flat) stored(out []byte, at int) (int, bool) {
	f.pos -= int(f.n >> 3)
	f.buf, f.n = 0, 0
	if len(f.in)-f.pos < 4 {
		return at, false
	}
	size := int(binary.LittleEndian.Uint16(f.in[f.pos:]))
	if uint16(size) != ^binary.LittleEndian.Uint16(f.in[f.pos+2:]) {
		return at, false
	}
	f.pos += 4
	if size > len(f.in)-f.pos || size > len(out)-at {
		return at, false
	}
	copy(out[at:], f.in[f.pos:f.pos+size])
	f.pos += size
	return at + size, true
}

// fixed makes the codes of RFC 1951 §3.2.6.
func (f *flat) fixed() bool {
	literals, distances := f.sizes[:maxLiterals], f.sizes[maxLiterals:]
	for i := range literals {
		switch {
		case i < 144 || i >= 280:
			literals[i] = 8
		case i < 256:
			literals[i] = 9
		default:
			literals[i] = 7
		}
	}
	for i := range distances {
		distances[i] = 5
	}
	return f.literals.build(literals, literalMeaning[:]) && f.distances.build(distances, distanceMeaning[:])
}

// lengthOrder is the order in which the lengths of the codes of lengths stand.
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes of a block (RFC 1951 §3.2.7).
func (f *flat) dynamic() bool {
	head, ok := f.take(14)
	literals, distances, lengths := head&31+257, head>>5&31+1, head>>10+4
	if !ok || literals > 286 || distances > 30 {
		return false
	}
	var own [19]uint8
	for _, symbol := range lengthOrder[:lengths] {
		size, ok := f.take(3)
		if !ok {
			return false
		}
		own[symbol] = uint8(size)
	}
	if !f.lengths.build(own[:], plainMeaning[:]) || !f.readSizes(f.sizes[:literals+distances]) {
		return false
	}
	return f.sizes[256] != 0 && f.literals.build(f.sizes[:literals], literalMeaning[:]) &&
		f.distances.build(f.sizes[literals:literals+distances], distanceMeaning[:])
}

// readSizes reads the lengths of codes, which are written as a code with repetitions.
func (f *flat) readSizes(sizes []uint8) bool {
	for i := 0; i < len(sizes); {
		f.fill()
		entry := f.lengths.table[f.buf&(1<<tableBits-1)]
		if entry == 0 {
			return false
		}
		if _, ok := f.take(uint(entry & 15)); !ok {
			return false
		}
		symbol, last, repeat, ok := uint8(entry>>16), uint8(0), 0, true
		switch {
		case symbol < 16:
			sizes[i] = symbol
			i++
			continue
		case symbol == 16 && i == 0:
			return false
		case symbol == 16:
			last = sizes[i-1]
			repeat, ok = f.take(2)
			repeat += 3
		case symbol == 17:
			repeat, ok = f.take(3)
			repeat += 3
		default:
			repeat, ok = f.take(7)
			repeat += 11
		}
		if !ok || repeat > len(sizes)-i {
			return false
		}
		for range repeat {
			sizes[i] = last
			i++
		}
	}
	return true
}

// block unpacks a block's literals and matches behind at, and returns where it ended.
func (f *flat) block(out []byte, at int) (int, bool) {
	for {
		if f.n < 48 { // the longest code with what follows it, twice
			f.fill()
		}
		entry := f.literals.table[f.buf&(1<<tableBits-1)]
		if entry == 0 {
			entry = f.literals.long(f.buf)
		}
		size := uint(entry & 15)
		if size > f.n || size == 0 {
			return at, false
		}
		f.buf >>= size
		f.n -= size
		switch entry & kindMask {
		case isLiteral:
			if at == len(out) {
				return at, false
			}
			out[at] = byte(entry >> 16)
			at++
			continue
		case isEnd:
			return at, true
		case isNothing:
			return at, false
		}
		length, ok := f.more(entry)
		if !ok {
			return at, false
		}
		entry = f.distances.table[f.buf&(1<<tableBits-1)]
		if entry == 0 {
			entry = f.distances.long(f.buf)
		}
		size = uint(entry & 15)
		if size > f.n || size == 0 || entry&kindMask != isMatch {
			return at, false
		}
		f.buf >>= size
		f.n -= size
		distance, ok := f.more(entry)
		if !ok || distance > at || length > len(out)-at {
			return at, false
		}
		at = repeat(out, at, distance, length)
	}
}

// more is an entry's value with the bits that follow it.
func (f *flat) more(entry uint32) (int, bool) {
	count := uint(entry >> 8 & 0xff)
	if count > f.n {
		return 0, false
	}
	value := int(entry>>16) + int(f.buf&(1<<count-1))
	f.buf >>= count
	f.n -= count
	return value, true
}

// repeat writes what stood distance bytes before again, which may reach into itself.
func repeat(out []byte, at, distance, length int) int {
	if distance >= length {
		return at + copy(out[at:at+length], out[at-distance:])
	}
	for end := at + length; at < end; at++ {
		out[at] = out[at-distance]
	}
	return at
}
