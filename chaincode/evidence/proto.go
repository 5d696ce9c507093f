package evidence

import (
	"encoding/binary"
	"slices"
)

// message is a protobuf message taken apart: the few that an endorsement is
// made of are read here, so that a verifier needs no generated code.
type message []field

type field struct {
	number uint64
	varint uint64
	raw    []byte // length-delimited fields only
	isRaw  bool
}

// parse reads a message of varints and length-delimited fields; Fabric's
// messages that we read have no others.
func parse(raw []byte) (message, error) {
	var m message
	for len(raw) > 0 {
		tag, n := binary.Uvarint(raw)
		if n <= 0 || tag>>3 == 0 {
			return nil, fault("a message cannot be read")
		}
		value, k := binary.Uvarint(raw[n:])
		if k <= 0 {
			return nil, fault("a message cannot be read")
		}
		raw = raw[n+k:]
		switch tag & 7 {
		case 0:
			m = append(m, field{number: tag >> 3, varint: value})
		case 2:
			if value > uint64(len(raw)) {
				return nil, fault("a message is cut short")
			}
			m = append(m, field{number: tag >> 3, raw: raw[:value], isRaw: true})
			raw = raw[value:]
		default:
			return nil, fault("a message of an unknown form")
		}
	}
	return m, nil
}

// bytes is the last field of a number, as protobuf readers take it.
func (m message) bytes(number uint64) []byte {
	for _, f := range slices.Backward(m) {
		if f.number == number && f.isRaw {
			return f.raw
		}
	}
	return nil
}

func (m message) uint(number uint64) uint64 {
	for _, f := range slices.Backward(m) {
		if f.number == number && !f.isRaw {
			return f.varint
		}
	}
	return 0
}

// all lists every field of a number, in order.
func (m message) all(number uint64) [][]byte {
	var list [][]byte
	for _, f := range m {
		if f.number == number && f.isRaw {
			list = append(list, f.raw)
		}
	}
	return list
}

func (m message) has(number uint64) bool {
	return slices.ContainsFunc(m, func(f field) bool { return f.number == number })
}

// at descends through nested messages.
func at(raw []byte, path ...uint64) (message, error) {
	m, err := parse(raw)
	for _, number := range path {
		if err != nil {
			return nil, err
		}
		m, err = parse(m.bytes(number))
	}
	return m, err
}

func appendBytes(to []byte, number uint64, value []byte) []byte {
	to = binary.AppendUvarint(to, number<<3|2)
	to = binary.AppendUvarint(to, uint64(len(value)))
	return append(to, value...)
}
