package child

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"time"

	"github.com/fxamacker/cbor/v2"

	"tongzheng/registry"
	"tongzheng/signer/draw"
)

// Program draws documents by starting a program for each, which ends with it.
// It is safe for concurrent use.
type Program struct {
	Path    string        // of the executable
	Args    []string      // that make it call Serve; "draw" for tongzheng-signer
	Timeout time.Duration // of one document; 10 s when 0
	Most    int           // bytes of an answer; 64 MiB when 0
}

// Draw draws a document. Errors are those of draw.Document; CodeUnavailable when
// the program ended otherwise: out of time, memory or its wits.
func (p *Program) Draw(ctx context.Context, document []byte) (*registry.Drawing, error) {
	timeout, most := p.Timeout, p.Most
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	if most == 0 {
		most = 64 << 20
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := &bounded{most: most}
	cmd := exec.CommandContext(ctx, p.Path, p.Args...)
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.Stdin, cmd.Stdout = bytes.NewReader(document), out
	cmd.SysProcAttr, cmd.WaitDelay = diesWithParent(), time.Second
	if err := cmd.Run(); err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "file", "the document could not be drawn").WithCause(err)
	}
	return read(out.kept)
}

// bounded keeps so much of what a program writes, and no more. It is no
// io.ReaderFrom: one of those would read on without looking.
type bounded struct {
	kept []byte
	most int
}

var errFlood = errors.New("the answer is larger than allowed")

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.kept)+len(p) > b.most {
		return 0, errFlood
	}
	b.kept = append(b.kept, p...)
	return len(p), nil
}

// read takes an answer for what it is: a stranger's.
func read(raw []byte) (*registry.Drawing, error) {
	strange := func(why string) error {
		return registry.Errorf(registry.CodeUnavailable, "file", "the document could not be drawn").WithCause(errors.New(why))
	}
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 8, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode()
	if err != nil {
		return nil, err
	}
	var a answer
	if err := mode.Unmarshal(raw, &a); err != nil {
		return nil, strange("the answer is no answer: " + err.Error())
	}
	switch {
	case a.Refusal != nil && a.Drawing == nil:
		if a.Refusal.Code.Kind() != registry.KindInvalid && a.Refusal.Code.Kind() != registry.KindTooLarge {
			return nil, strange("refused as " + string(a.Refusal.Code))
		}
		return nil, registry.Errorf(a.Refusal.Code, a.Refusal.Field, "%s", a.Refusal.Detail)
	case a.Drawing == nil || a.Refusal != nil || len(a.Drawing.Pages) == 0:
		return nil, strange("neither drawing nor refusal")
	}
	for i := range a.Drawing.Pages {
		if err := draw.Inert(a.Drawing.Pages[i].SVG); err != nil {
			return nil, strange(err.Error())
		}
	}
	return a.Drawing, nil
}
