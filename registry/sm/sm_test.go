package sm_test

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"pgregory.net/rapid"

	"tongzheng/registry/sm"
)

func TestSM3Vector(t *testing.T) { // GB/T 32905 appendix A.1
	if got := sm.Sum([]byte("abc")).String(); got != "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" {
		t.Fatal(got)
	}
}

func TestPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		leaves := make([]sm.Digest, n)
		for i := range leaves {
			leaves[i] = sm.Leaf([]byte(fmt.Sprint(i)))
		}
		root, i := sm.Root(leaves), rapid.IntRange(0, n-1).Draw(t, "i")
		path, err := sm.Path(leaves, i)
		if err != nil || !sm.VerifyPath(root, leaves[i], i, n, path) {
			t.Fatalf("leaf %d of %d: %v", i, n, err)
		}
		tree := sm.NewTree(leaves)
		for j := range leaves { // nodes are computed for one path and used for another
			if path, err := tree.Path(j); err != nil || !sm.VerifyPath(root, leaves[j], j, n, path) {
				t.Fatalf("leaf %d of %d, in a row: %v", j, n, err)
			}
		}
		if sm.VerifyPath(root, sm.Leaf([]byte("other")), i, n, path) {
			t.Fatal("a foreign leaf passed")
		}
	})
}

func TestFieldProof(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	fields := []sm.Field{{Name: "ZZMC", Value: "食品经营许可证"}, {Name: "CZZT", Value: "𠮷祥饭店"}, {Name: "KZ_DZ", Value: ""}}
	root := sm.FieldRoot(secret, 1, fields)
	for _, f := range fields {
		proof, ok := sm.ProveField(secret, 1, fields, f.Name)
		if !ok || !proof.Verify(root) {
			t.Fatal(f.Name)
		}
		proof.Field.Value += "x"
		if proof.Verify(root) {
			t.Fatal("an altered value passed")
		}
	}
	if root == sm.FieldRoot(secret, 2, fields) {
		t.Fatal("versions share salts")
	}
}

func TestSM2Forms(t *testing.T) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.SignWithSM2(rand.Reader, nil, []byte("act"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sm.ASN1ToRaw(der)
	if err != nil || !sm.VerifyRaw(&key.PublicKey, []byte("act"), raw) || !sm.Verify(&key.PublicKey, []byte("act"), der) {
		t.Fatal("signature does not verify", err)
	}
	if sm.VerifyRaw(&key.PublicKey, []byte("acT"), raw) {
		t.Fatal("another message passed")
	}
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := sm.ParsePublicKey(spki)
	if err != nil || !pub.Equal(&key.PublicKey) || len(sm.KeyIDOf(spki)) != 32 {
		t.Fatal("public key", err)
	}
}
