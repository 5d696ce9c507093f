package signer

import (
	"testing"

	"tongzheng/signer/check"
)

func BenchmarkSealOFD(b *testing.B) {
	f := newFixture(b)
	unsealed, job := unsealedOFD(), f.job()
	for b.Loop() {
		if _, _, err := SealOFD(f.keys, unsealed, job); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyOFD(b *testing.B) {
	f := newFixture(b)
	sealed := f.sealed(b)
	for b.Loop() {
		if _, err := check.OFD(sealed, f.roots, f.now, check.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
