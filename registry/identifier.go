package registry

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Identifier is the 电子证照标识 of one version of a license (GB/T 36904):
// 1.2.156.3005.2.{type}.{issuer}.{serial}.{version}.{check}.
type Identifier struct {
	Type    string // USCC of the authority that defined the type + 3 digits: 21 characters
	Issuer  string // USCC of the issuing authority; a 6-digit region is read, never written
	Serial  string // 7–32 of 0-9A-Z
	Version int    // 1–999
}

// IdentifierRoot begins every identifier; it is left out of the check character.
const IdentifierRoot = "1.2.156.3005.2"

const base36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

var (
	typeForm   = regexp.MustCompile(`^[0-9A-Z]{18}[0-9]{3}$`)
	issuerForm = regexp.MustCompile(`^([0-9A-Z]{18}|[0-9]{6})$`)
	serialForm = regexp.MustCompile(`^[0-9A-Z]{7,32}$`)
)

// ParseIdentifier reads the dotted form. A form error has CodeIdentifierForm;
// a well-formed identifier with a wrong check character is returned together
// with CodeIdentifierCheck, because a wrong checker is in circulation and a
// reader may want to look further.
func ParseIdentifier(s string) (Identifier, error) {
	rest, ok := strings.CutPrefix(s, IdentifierRoot+".")
	parts := strings.Split(rest, ".")
	if !ok || len(parts) != 5 || len(parts[3]) != 3 || len(parts[4]) != 1 {
		return Identifier{}, Errorf(CodeIdentifierForm, "identifier", "want %s.type.issuer.serial.version.check", IdentifierRoot)
	}
	version, err := strconv.ParseUint(parts[3], 10, 16)
	if err != nil {
		return Identifier{}, Errorf(CodeIdentifierForm, "identifier", "version %q: want three digits", parts[3])
	}
	id := Identifier{Type: parts[0], Issuer: parts[1], Serial: parts[2], Version: int(version)}
	if err := id.check(); err != nil {
		return Identifier{}, err
	}
	if want := id.Check(); parts[4] != string(want) {
		return id, Errorf(CodeIdentifierCheck, "identifier", "check character %s does not fit: want %c (GB/T 17710 MOD 37,36)", parts[4], want)
	}
	return id, nil
}

func (id Identifier) check() error {
	switch {
	case !typeForm.MatchString(id.Type):
		return Errorf(CodeIdentifierForm, "identifier", "type: want 18 characters of 0-9A-Z and three digits")
	case !issuerForm.MatchString(id.Issuer):
		return Errorf(CodeIdentifierForm, "identifier", "issuer: want a credit code of 18 characters")
	case !serialForm.MatchString(id.Serial):
		return Errorf(CodeIdentifierForm, "identifier", "serial: want 7 to 32 of 0-9A-Z")
	case id.Version < 1 || id.Version > 999:
		return Errorf(CodeIdentifierForm, "identifier", "version: want 001 to 999")
	}
	return nil
}

// Validate tells whether the identifier may be written: as check, and the
// issuer a credit code.
func (id Identifier) Validate() error {
	if err := id.check(); err != nil {
		return err
	}
	if len(id.Issuer) != 18 {
		return Errorf(CodeIdentifierForm, "identifier", "issuer: a region code is read, never written")
	}
	return nil
}

// Check is the ISO/IEC 7064 MOD 37,36 character over type, issuer, serial and
// version, root and dots left out.
func (id Identifier) Check() byte {
	return mod3736(id.Type + id.Issuer + id.Serial + fmt.Sprintf("%03d", id.Version))
}

func mod3736(s string) byte {
	p := 36
	for i := 0; i < len(s); i++ {
		p = (p + strings.IndexByte(base36, s[i])) % 36
		if p == 0 {
			p = 36
		}
		p = p * 2 % 37
	}
	return base36[(37-p)%36]
}

// String is the dotted form with its check character.
func (id Identifier) String() string {
	return fmt.Sprintf("%s.%s.%03d.%c", IdentifierRoot, id.Base(), id.Version, id.Check())
}

// Prefix is the serial's beginning, which the ledger assigns to one instance of
// an issuer; empty for a serial that is shorter.
func (id Identifier) Prefix() string {
	if len(id.Serial) < PrefixLength {
		return ""
	}
	return id.Serial[:PrefixLength]
}

// Base names the license over all its versions: type.issuer.serial.
func (id Identifier) Base() string { return id.Type + "." + id.Issuer + "." + id.Serial }

// WithVersion names another version of the same license.
func (id Identifier) WithVersion(version int) Identifier {
	id.Version = version
	return id
}

// IsZero tells whether the identifier was never set.
func (id Identifier) IsZero() bool { return id == Identifier{} }

// MarshalText writes the dotted form; the zero identifier is empty.
func (id Identifier) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads the dotted form strictly.
func (id *Identifier) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = Identifier{}
		return nil
	}
	parsed, err := ParseIdentifier(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// MarshalBinary packs a written identifier for canonical bytes and QR payloads:
// the version in two bytes, then type, issuer and serial as one base-36 number
// behind a leading 1, so that leading zeros survive. About 38 bytes.
func (id Identifier) MarshalBinary() ([]byte, error) {
	if id.IsZero() {
		return []byte{}, nil
	}
	if err := id.Validate(); err != nil {
		return nil, err
	}
	n, _ := new(big.Int).SetString("1"+id.Type+id.Issuer+id.Serial, 36)
	return append([]byte{byte(id.Version >> 8), byte(id.Version)}, n.Bytes()...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote and nothing else.
func (id *Identifier) UnmarshalBinary(raw []byte) error {
	if len(raw) == 0 {
		*id = Identifier{}
		return nil
	}
	bad := Errorf(CodeIdentifierForm, "identifier", "packed form is damaged")
	if len(raw) < 3 || len(raw) > 60 || raw[2] == 0 {
		return bad
	}
	s := strings.ToUpper(new(big.Int).SetBytes(raw[2:]).Text(36))
	if len(s) < 1+21+18+7 || s[0] != '1' {
		return bad
	}
	got := Identifier{Type: s[1:22], Issuer: s[22:40], Serial: s[40:], Version: int(raw[0])<<8 | int(raw[1])}
	if got.Validate() != nil {
		return bad
	}
	*id = got
	return nil
}
