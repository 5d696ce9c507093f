package sm

import (
	"fmt"
	"slices"

	"github.com/emmansun/gmsm/sm3"
	"github.com/transparency-dev/merkle"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// treeHasher is RFC 6962 §2.1 with SM3 in place of SHA-256.
type treeHasher struct{}

var _ merkle.LogHasher = treeHasher{}

func (treeHasher) EmptyRoot() []byte { d := Sum(nil); return d[:] }
func (treeHasher) Size() int         { return Size }

func (treeHasher) HashLeaf(leaf []byte) []byte {
	h := sm3.New()
	h.Write([]byte{0})
	h.Write(leaf)
	return h.Sum(nil)
}

func (treeHasher) HashChildren(l, r []byte) []byte {
	h := sm3.New()
	h.Write([]byte{1})
	h.Write(l)
	h.Write(r)
	return h.Sum(nil)
}

// Leaf is the tree hash of one leaf: SM3(0x00 ‖ data).
func Leaf(data []byte) Digest { return Digest(treeHasher{}.HashLeaf(data)) }

// Node is the tree hash of an inner node: SM3(0x01 ‖ left ‖ right).
func Node(left, right Digest) Digest {
	return Digest(treeHasher{}.HashChildren(left[:], right[:]))
}

// Root computes the RFC 6962 root over leaf hashes, in order. The root of no
// leaf is SM3 of nothing.
func Root(leaves []Digest) Digest {
	factory := compact.RangeFactory{Hash: treeHasher{}.HashChildren}
	tree := factory.NewEmptyRange(0)
	for i := range leaves {
		// Append fails only for a range that does not begin at 0.
		if err := tree.Append(leaves[i][:], nil); err != nil {
			panic(err)
		}
	}
	if len(leaves) == 0 {
		return Sum(nil)
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		panic(err)
	}
	return Digest(root)
}

// Path returns the inclusion path of leaf index in the tree over leaves.
func Path(leaves []Digest, index int) ([]Digest, error) { return NewTree(leaves).Path(index) }

// Tree gives the paths of many leaves of one tree, and computes each node once. It is
// not safe for concurrent use.
type Tree struct {
	leaves []Digest
	nodes  map[[2]int]Digest // by first leaf and the one after the last
}

// NewTree is the tree over leaf hashes, which stay as they are.
func NewTree(leaves []Digest) *Tree { return &Tree{leaves: leaves, nodes: map[[2]int]Digest{}} }

// Path returns the inclusion path of leaf index.
func (t *Tree) Path(index int) ([]Digest, error) {
	if index < 0 || index >= len(t.leaves) {
		return nil, fmt.Errorf("inclusion path: index %d of %d leaves", index, len(t.leaves))
	}
	var path []Digest
	for lo, hi := 0, len(t.leaves); hi-lo > 1; {
		mid := lo + split(hi-lo)
		if index < mid {
			path = append(path, t.node(mid, hi))
			hi = mid
		} else {
			path = append(path, t.node(lo, mid))
			lo = mid
		}
	}
	slices.Reverse(path)
	return path, nil
}

// node is the root over the leaves from lo to before hi.
func (t *Tree) node(lo, hi int) Digest {
	if hi-lo == 1 {
		return t.leaves[lo]
	}
	at := [2]int{lo, hi}
	d, known := t.nodes[at]
	if !known {
		mid := lo + split(hi-lo)
		d = Node(t.node(lo, mid), t.node(mid, hi))
		t.nodes[at] = d
	}
	return d
}

// split is the largest power of two smaller than n (RFC 6962 §2.1).
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// VerifyPath tells whether leaf stands at index in the tree of size leaves
// with the given root.
func VerifyPath(root, leaf Digest, index, size int, path []Digest) bool {
	if index < 0 || size <= 0 {
		return false
	}
	got, err := PathRoot(leaf, index, size, path)
	return err == nil && got == root
}

// PathRoot computes the root that leaf at index in a tree of size leaves
// stands under by its inclusion path.
func PathRoot(leaf Digest, index, size int, path []Digest) (Digest, error) {
	if index < 0 || size <= 0 {
		return Digest{}, fmt.Errorf("inclusion path: index %d of %d leaves", index, size)
	}
	hashes := make([][]byte, len(path))
	for i := range path {
		hashes[i] = path[i][:]
	}
	root, err := proof.RootFromInclusionProof(treeHasher{}, uint64(index), uint64(size), leaf[:], hashes)
	if err != nil {
		return Digest{}, fmt.Errorf("inclusion path: %w", err)
	}
	return Digest(root), nil
}
