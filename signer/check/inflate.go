package check

import (
	"encoding/binary"
	"math/bits"
)

// inflate unpacks a DEFLATE stream (RFC 1951) into out, whose size it must fill
// exactly, and tells whether it did: in begins and ends with the stream. It is
// about twice as fast as compress/flate because it knows both ends, and no
// judge of what is wrong: whatever it does not unpack, compress/flate is asked.
func inflate(out, in []byte) bool {
	s := inflater{out: out, in: in}
	for {
		s.refill()
		final, form := s.take(1), s.take(2)
		ok := false
		switch form {
		case 0:
			ok = s.stored()
		case 1:
			ok = s.fixed() && s.block()
		case 2:
			ok = s.dynamic() && s.block()
		}
		if !ok || s.short {
			return false
		}
		if final == 1 {
			return s.at == len(out) && s.next-int(s.count/8) == len(in)
		}
	}
}

// Sizes of the tables: codes of up to rootBits are found at once, longer ones
// through a second table behind the first. Complete codes never need more.
const (
	literalBits  = 10
	distanceBits = 8
	lengthBits   = 7
)

// inflater is one run. held has at least count bits of the stream, the next one
// lowest.
type inflater struct {
	out, in   []byte
	at, next  int // in out, in in
	held      uint64
	count     uint
	short     bool // the stream ended too early
	literals  [2048]entry
	distances [512]entry
}

// entry is one place of a decoding table: bits 0–3 length of the code (0: no
// such code), 4–7 number of extra bits, 8–9 what it is, 16–31 the literal, the
// base of a length or distance, or where the second table begins.
type entry uint32

const (
	isLiteral = iota << 8
	isBase
	isEnd
	isSecond

	kind = 3 << 8
)

func (s *inflater) refill() {
	if s.next+8 <= len(s.in) {
		s.held |= binary.LittleEndian.Uint64(s.in[s.next:]) << s.count
		s.next += int(63-s.count) >> 3
		s.count |= 56
		return
	}
	for s.count <= 56 && s.next < len(s.in) {
		s.held |= uint64(s.in[s.next]) << s.count
		s.next++
		s.count += 8
	}
}

// take returns the next n bits; a refill is good for 56.
func (s *inflater) take(n uint) uint32 {
	if n > s.count {
		s.short = true
		return 0
	}
	v := uint32(s.held) & (1<<n - 1)
	s.held >>= n
	s.count -= n
	return v
}

// stored copies a block that is not compressed (RFC 1951 §3.2.4).
func (s *inflater) stored() bool {
	s.next -= int(s.count / 8)
	s.held, s.count = 0, 0
	if s.next+4 > len(s.in) {
		return false
	}
	size := int(binary.LittleEndian.Uint16(s.in[s.next:]))
	if binary.LittleEndian.Uint16(s.in[s.next+2:]) != ^uint16(size) {
		return false
	}
	s.next += 4
	if size > len(s.in)-s.next || size > len(s.out)-s.at {
		return false
	}
	copy(s.out[s.at:], s.in[s.next:s.next+size])
	s.at, s.next = s.at+size, s.next+size
	return true
}

// block decodes symbols until the end of the block. Its counts are masked so
// that the compiler knows them to be below the width of a word.
func (s *inflater) block() bool {
	in, out, next, at, held, count := s.in, s.out, s.next, s.at, s.held, s.count
	for {
		if count < 48 {
			if next+8 <= len(in) {
				held |= binary.LittleEndian.Uint64(in[next:]) << (count & 63)
				next += int(63-count) >> 3
				count |= 56
			} else {
				s.held, s.count, s.next = held, count, next
				s.refill()
				held, count, next = s.held, s.count, s.next
			}
		}
		e := s.literals[held&(1<<literalBits-1)]
		if e&kind == isSecond {
			e = s.literals[(uint64(e>>16)+held>>literalBits&(1<<(e>>4&15)-1))&2047]
		}
		n := uint(e & 15)
		if n == 0 || n > count {
			return false
		}
		held >>= n & 63
		count -= n
		if e&kind == isLiteral {
			if at >= len(out) {
				return false
			}
			out[at] = byte(e >> 16)
			at++
			continue
		}
		if e&kind == isEnd {
			s.next, s.at, s.held, s.count = next, at, held, count
			return true
		}
		n = uint(e>>4) & 15
		length := int(e>>16) + int(held&(1<<n-1))
		held >>= n & 63
		used := n
		e = s.distances[held&(1<<distanceBits-1)]
		if e&kind == isSecond {
			e = s.distances[(uint64(e>>16)+held>>distanceBits&(1<<(e>>4&15)-1))&511]
		}
		n = uint(e & 15)
		if n == 0 {
			return false
		}
		held >>= n & 63
		used += n
		n = uint(e>>4) & 15
		distance := int(e>>16) + int(held&(1<<n-1))
		held >>= n & 63
		used += n
		if used > count || distance > at || length > len(out)-at {
			return false
		}
		count -= used
		repeat(out, at, distance, length)
		at += length
	}
}

// repeat copies length bytes from distance before at; they may overlap. Words
// may write behind them what comes later anyway.
func repeat(out []byte, at, distance, length int) {
	if distance >= 8 && length <= 32 && at+40 <= len(out) {
		from, to := out[at-distance:], out[at:]
		for n := 0; n < length; n += 8 {
			binary.LittleEndian.PutUint64(to[n:], binary.LittleEndian.Uint64(from[n:]))
		}
		return
	}
	for length > distance {
		copy(out[at:at+distance], out[at-distance:at])
		at, length = at+distance, length-distance
	}
	copy(out[at:at+length], out[at-distance:])
}

// fixed sets the tables of RFC 1951 §3.2.6.
func (s *inflater) fixed() bool {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	var distances [32]uint8
	for i := range distances {
		distances[i] = 5
	}
	return build(s.literals[:], literalBits, lengths[:], literal) && build(s.distances[:], distanceBits, distances[:], distance)
}

// dynamic reads the tables of RFC 1951 §3.2.7.
func (s *inflater) dynamic() bool {
	literals, distances, given := int(s.take(5))+257, int(s.take(5))+1, int(s.take(4))+4
	if literals > 286 || distances > 30 {
		return false
	}
	order := [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var codes [19]uint8
	for _, i := range order[:given] {
		s.refill()
		codes[i] = uint8(s.take(3))
	}
	var table [1 << lengthBits]entry
	if !build(table[:], lengthBits, codes[:], func(i int) entry { return entry(i) << 16 }) {
		return false
	}
	var lengths [286 + 30]uint8
	for i := 0; i < literals+distances; {
		s.refill()
		e := table[s.held&(1<<lengthBits-1)]
		if e&15 == 0 || s.short {
			return false
		}
		s.take(uint(e & 15))
		value, times := uint8(0), 1
		switch symbol := e >> 16; symbol {
		case 16:
			if i == 0 {
				return false
			}
			value, times = lengths[i-1], 3+int(s.take(2))
		case 17:
			times = 3 + int(s.take(3))
		case 18:
			times = 11 + int(s.take(7))
		default:
			value = uint8(symbol)
		}
		if times > literals+distances-i {
			return false
		}
		for range times {
			lengths[i] = value
			i++
		}
	}
	s.refill()
	return !s.short && build(s.literals[:], literalBits, lengths[:literals], literal) &&
		build(s.distances[:], distanceBits, lengths[literals:literals+distances], distance)
}

// literal is what a symbol of the literal and length code means (§3.2.5).
func literal(i int) entry {
	switch {
	case i < 256:
		return entry(i)<<16 | isLiteral
	case i == 256:
		return isEnd
	case i < 265:
		return entry(i-254)<<16 | isBase
	case i < 285:
		extra := (i - 261) / 4
		return entry((4+(i-265)%4)<<extra+3)<<16 | entry(extra)<<4 | isBase
	case i == 285:
		return 258<<16 | isBase
	}
	return noSymbol
}

// distance is what a symbol of the distance code means.
func distance(i int) entry {
	switch {
	case i < 4:
		return entry(i+1)<<16 | isBase
	case i < 30:
		extra := i/2 - 1
		return entry((2+i%2)<<extra+1)<<16 | entry(extra)<<4 | isBase
	}
	return noSymbol
}

// noSymbol marks codes that the fixed tables have and no stream may use.
const noSymbol entry = 3 << 10

// build makes the decoding table of a canonical code (§3.2.2). Only complete
// codes are taken, and the one code of one bit that encoders write for a single
// distance.
func build(table []entry, root uint, lengths []uint8, meaning func(int) entry) bool {
	var counts, codes [16]int
	used := 0
	for _, n := range lengths {
		counts[n]++
	}
	counts[0] = 0
	code, left := 0, 1
	for n := 1; n < 16; n++ {
		code = (code + counts[n-1]) << 1
		codes[n] = code
		left = left<<1 - counts[n]
		used += counts[n]
		if left < 0 {
			return false
		}
	}
	if left != 0 && (used != 1 || counts[1] != 1) {
		return false
	}
	clear(table)
	free := 1 << root
	// Codes ascend within a length and the lengths of one second table differ,
	// so its size is that of the longest code with its beginning.
	var longest [1 << literalBits]uint8
	next := codes
	for _, n := range lengths {
		if uint(n) > root {
			begin := reversed(next[n], uint(n)) & (1<<root - 1)
			longest[begin] = max(longest[begin], n)
		}
		next[n]++
	}
	for i, n := range lengths {
		if n == 0 {
			continue
		}
		length := uint(n)
		code := reversed(codes[n], length)
		codes[n]++
		e := meaning(i)
		if e == noSymbol {
			continue
		}
		e |= entry(n)
		if length <= root {
			for j := code; j < 1<<root; j += 1 << length {
				table[j] = e
			}
			continue
		}
		begin := code & (1<<root - 1)
		width := uint(longest[begin]) - root
		if table[begin] == 0 {
			if free+1<<width > len(table) {
				return false
			}
			table[begin] = entry(free)<<16 | isSecond | entry(width)<<4
			free += 1 << width
		}
		start := int(table[begin] >> 16)
		for j := code >> root; j < 1<<width; j += 1 << (length - root) {
			table[start+j] = e
		}
	}
	return true
}

func reversed(code int, length uint) int {
	return int(bits.Reverse16(uint16(code)) >> (16 - length))
}
