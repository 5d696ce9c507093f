package wire_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

func TestBatch(t *testing.T) {
	b := ledgertest.NewCity().Genesis()
	packed, err := wire.PackBatch(&b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := wire.UnpackBatch(packed)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := registry.Encode(&b)
	after, _ := registry.Encode(again)
	if !bytes.Equal(before, after) {
		t.Error("a batch changed on its way")
	}
	t.Logf("%d bytes packed into %d", len(before), len(packed))
	if twice, err := wire.PackBatch(again); err != nil || !bytes.Equal(twice, packed) {
		t.Errorf("packed again it is not the same: %v", err)
	}
	other := b
	other.Time++
	if !wire.Holds(packed, &b) || wire.Holds(packed, &other) || wire.Holds(append(packed, 0), &b) || wire.Holds(packed[:len(packed)-1], &b) {
		t.Error("what is packed is told wrong")
	}
}

// TestBomb: a few bytes that unpack to very many are refused before they are
// all there.
func TestBomb(t *testing.T) {
	var bomb bytes.Buffer
	w, _ := flate.NewWriter(&bomb, flate.BestCompression)
	zeros := make([]byte, 1<<20)
	for range 64 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	if _, err := wire.UnpackBatch(bomb.Bytes()); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("%d bytes: %v", bomb.Len(), err)
	}
}

func TestValues(t *testing.T) {
	raw, err := wire.PackValues([][]byte{nil, []byte("v")})
	if err != nil {
		t.Fatal(err)
	}
	values, err := wire.UnpackValues(raw)
	if err != nil || values[0] != nil || string(values[1]) != "v" {
		t.Errorf("%x %v", values, err)
	}
}

func TestErrors(t *testing.T) {
	said := wire.PackError(registry.Errorf(registry.CodeClock, "time", "a|b"))
	got := wire.UnpackError("chaincode response 500, " + said)
	if got == nil || got.Code != registry.CodeClock || got.Field != "time" || got.Detail != "a|b" {
		t.Errorf("%+v", got)
	}
	if got := wire.UnpackError(wire.PackError(errors.New("secret"))); got.Code != registry.CodeInternal || got.Detail != "" {
		t.Errorf("a fault's text went out: %+v", got)
	}
	if wire.UnpackError("connection refused") != nil {
		t.Error("a peer's own fault passed for the contract's")
	}
}

func FuzzUnpackBatch(f *testing.F) {
	b := ledgertest.NewCity().Genesis()
	packed, err := wire.PackBatch(&b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if batch, err := wire.UnpackBatch(raw); err == nil {
			if _, err := wire.PackBatch(batch); err != nil {
				t.Error(err)
			}
		}
	})
}
