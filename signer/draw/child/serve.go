package child

import (
	"io"

	"github.com/fxamacker/cbor/v2"

	"tongzheng/registry"
	"tongzheng/signer/draw"
)

// answer is what the program says: a drawing or why there is none.
type answer struct {
	Drawing *registry.Drawing `cbor:"1,keyasint,omitempty"`
	Refusal *refusal          `cbor:"2,keyasint,omitempty"`
}

type refusal struct {
	Code   registry.Code `cbor:"1,keyasint"`
	Field  string        `cbor:"2,keyasint"`
	Detail string        `cbor:"3,keyasint"`
}

// mostIn is how large a document may be, as everywhere.
const mostIn = 32 << 20

// Serve confines the process, then draws the document that in holds. An error
// means that nothing was answered.
func Serve(in io.Reader, out io.Writer) error {
	if err := confine(); err != nil {
		return err
	}
	return serve(in, out)
}

func serve(in io.Reader, out io.Writer) error {
	data, err := io.ReadAll(io.LimitReader(in, mostIn+1))
	if err != nil {
		return err
	}
	var a answer
	if len(data) > mostIn {
		err = registry.Errorf(registry.CodeTooLarge, "file", "the file is larger than allowed")
	} else {
		a.Drawing, err = draw.Document(data, draw.Limits{})
	}
	if err != nil {
		a = answer{Refusal: refused(err)}
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return err
	}
	return mode.NewEncoder(out).Encode(a)
}

func refused(err error) *refusal {
	out := &refusal{Code: registry.CodeOf(err)}
	if e, ok := err.(*registry.Error); ok {
		out.Field, out.Detail = e.Field, e.Detail
	}
	return out
}
