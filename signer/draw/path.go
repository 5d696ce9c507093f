package draw

import (
	"strings"

	"tongzheng/signer/check"
)

// arguments of the steps of AbbreviatedData (GB/T 33190 §9.1).
var arguments = map[string]int{"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}

// parsePath reads AbbreviatedData.
func (f *file) parsePath(t *check.Tree) (outline, error) {
	data, err := t.Value("AbbreviatedData")
	if err != nil {
		return nil, malformed("a path is written twice")
	}
	var o outline
	var at, start point
	fields := strings.Fields(data)
	for len(fields) > 0 {
		op := fields[0]
		count, known := arguments[op]
		if !known || len(fields) < 1+count {
			return nil, malformed("%q is no step of a path", short(op))
		}
		if err := f.spent.point(1); err != nil {
			return nil, err
		}
		v, err := numbers(strings.Join(fields[1:1+count], " "))
		if err != nil {
			return nil, err
		}
		fields = fields[1+count:]
		if len(o) == 0 && op != "M" && op != "S" {
			return nil, malformed("a path begins nowhere")
		}
		switch op {
		case "S", "M":
			at = point{v[0], v[1]}
			start = at
			o.add('M', at)
		case "L":
			at = point{v[0], v[1]}
			o.add('L', at)
		case "Q":
			at = point{v[2], v[3]}
			o.add('Q', point{v[0], v[1]}, at)
		case "B":
			at = point{v[4], v[5]}
			o.add('C', point{v[0], v[1]}, point{v[2], v[3]}, at)
		case "A":
			to := point{v[5], v[6]}
			o.arc(at, v[0], v[1], v[2], v[3] != 0, v[4] != 0, to)
			at = to
		case "C":
			o.add('Z')
			at = start
		}
	}
	return o, nil
}
