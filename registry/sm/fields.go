package sm

import (
	"encoding/binary"
	"hash"
	"sort"
)

// saltSize is the length of a leaf's salt: enough that a value guessed from a
// short list (a name, an identity number) cannot be confirmed from its leaf.
const saltSize = 16

// Field is one named value of a license; the name is its tag in GB/T 36903 or
// an extension KZ_….
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// FieldProof discloses one field of a content digest and nothing of the others.
type FieldProof struct {
	Field Field    `json:"field"`
	Salt  []byte   `json:"salt"`
	Index int      `json:"index"`
	Size  int      `json:"size"`
	Path  []Digest `json:"path"`
}

// FieldRoot is the root over the fields sorted by name, each leaf salted from
// the license's secret, the version and the field's name. Names must differ.
func FieldRoot(secret []byte, version int, fields []Field) Digest {
	return Root(fieldLeaves(secret, version, sorted(fields)))
}

// ProveField discloses the named field. It reports false for an unknown name.
func ProveField(secret []byte, version int, fields []Field, name string) (FieldProof, bool) {
	ordered := sorted(fields)
	for i, f := range ordered {
		if f.Name != name {
			continue
		}
		path, err := Path(fieldLeaves(secret, version, ordered), i)
		if err != nil {
			return FieldProof{}, false
		}
		return FieldProof{Field: f, Salt: fieldSalt(newMAC(secret), version, name), Index: i, Size: len(ordered), Path: path}, true
	}
	return FieldProof{}, false
}

// Verify tells whether the disclosed field stands under root.
func (p FieldProof) Verify(root Digest) bool {
	return VerifyPath(root, fieldLeaf(p.Salt, p.Field), p.Index, p.Size, p.Path)
}

func sorted(fields []Field) []Field {
	ordered := append([]Field(nil), fields...)
	sort.Slice(ordered, func(i, j int) bool { return ordered[i].Name < ordered[j].Name })
	return ordered
}

func fieldLeaves(secret []byte, version int, ordered []Field) []Digest {
	leaves := make([]Digest, len(ordered))
	mac := newMAC(secret) // reset between fields, it keeps what it made of the key
	for i, f := range ordered {
		leaves[i] = fieldLeaf(fieldSalt(mac, version, f.Name), f)
	}
	return leaves
}

// fieldSalt derives a leaf's salt: HMAC-SM3(secret, tag ‖ version ‖ name).
func fieldSalt(mac hash.Hash, version int, name string) []byte {
	data := append([]byte("tongzheng field v1\x00"), 0, 0)
	binary.BigEndian.PutUint16(data[len(data)-2:], uint16(version))
	mac.Reset()
	mac.Write(append(data, name...))
	return mac.Sum(nil)[:saltSize]
}

// fieldLeaf hashes salt ‖ length of name ‖ name ‖ value; lengths keep two
// different fields from giving the same bytes.
func fieldLeaf(salt []byte, f Field) Digest {
	data := make([]byte, 0, len(salt)+4+len(f.Name)+len(f.Value))
	data = append(data, byte(len(salt)))
	data = append(data, salt...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(f.Name)))
	data = append(data, f.Name...)
	data = append(data, f.Value...)
	return Leaf(data)
}
