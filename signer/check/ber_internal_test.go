package check

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Values of indefinite length are written with lengths, strings in one piece;
// DER and what is neither stay as they are.
func TestDefinite(t *testing.T) {
	for from, to := range map[string]string{
		"30800201010000":                    "3003020101",
		"3080308002010100000000":            "30053003020101",
		"3005a003020101":                    "3005a003020101",
		"3007a0800201010000":                "3005a003020101",
		"a0802480040161040162000000" + "00": "a00404026162",
		"2480040161040162" + "0000":         "04026162",
		"24060401610401" + "62":             "04026162",
		"248030000000":                      "248030000000", // no string in it
		"3080020101":                        "3080020101",   // no end
		"30800201010000ff":                  "30800201010000ff",
		"0480000000":                        "0480000000", // a primitive one has a length
		"":                                  "",
		"30":                                "30",
	} {
		if got := hex.EncodeToString(definite(unhex(t, from))); got != to {
			t.Errorf("%s: %s, want %s", from, got, to)
		}
	}
	deep := append(bytes.Repeat([]byte{0x30, 0x80}, 1<<16), bytes.Repeat([]byte{0, 0}, 1<<16)...)
	if !bytes.Equal(definite(deep), deep) {
		t.Error("a value of any depth was rewritten")
	}
}

func FuzzDefinite(f *testing.F) {
	for _, text := range []string{"30800201010000", "a08024800401610401620000" + "0000", "3003020101", "2480248004016100000000"} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once := definite(data)
		if len(once) > len(data) || !bytes.Equal(definite(once), once) {
			t.Errorf("%x became %x", data, once)
		}
	})
}
