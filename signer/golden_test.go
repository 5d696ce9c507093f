package signer

import (
	"encoding/hex"
	"flag"
	"os"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

var freeze = flag.Bool("freeze", false, "write the golden code of format 1; done once, never again")

// TestFreezeGoldenCode writes the vector that signer/check reads for ever.
func TestFreezeGoldenCode(t *testing.T) {
	const path = "check/testdata/qr-v1.txt"
	if !*freeze {
		t.Skip("frozen")
	}
	f := newFixture(t)
	key, _ := f.keys.Current(LabelQR)
	pub, err := f.keys.PublicKey(key)
	must(t, err)
	spki, err := sm.MarshalPublicKey(pub)
	must(t, err)
	token := registry.NewToken([]byte("golden"), testPayload(t).Identifier, registry.Printing{Number: 2, List: 1, Index: 7})
	text, err := SignQR(f.keys, key, "https://lic.example.gov.cn", token, testPayload(t))
	must(t, err)
	must(t, os.WriteFile(path, []byte(text+"\n"+hex.EncodeToString(spki)+"\n"), 0o644))
}

// TestFreezeSealedPackage writes the sealed package and its roots that the
// verifier's tests and fuzzing begin with.
func TestFreezeSealedPackage(t *testing.T) {
	if !*freeze {
		t.Skip("frozen")
	}
	f := newFixture(t)
	must(t, os.WriteFile("check/testdata/sealed-v4.ofd", f.sealed(t), 0o644))
	must(t, os.WriteFile("check/testdata/roots.pem", f.roots.PEM(), 0o644))
}
