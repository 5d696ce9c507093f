package office

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"sync"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// tokens are those of printings. The signer makes them; what it said is remembered,
// bounded, because pages name the same sheets again and again.
type tokens struct {
	attester interface {
		Tokens(ctx context.Context, ask registry.TokenRequest) ([]registry.Token, error)
	}
	mu    sync.Mutex
	known map[sheet]registry.Token
}

// sheet is what a token is made of.
type sheet struct {
	id                  registry.Identifier
	number, list, index uint32
}

const tokensKept = 1 << 16

func sheetOf(id registry.Identifier, p registry.Printing) sheet {
	return sheet{id, p.Number, p.List, p.Index}
}

// of returns the tokens of a version's printings, in their order. CodeUnavailable
// while the signer is out of reach and has not told them before.
func (t *tokens) of(ctx context.Context, id registry.Identifier, printings ...registry.Printing) ([]registry.Token, error) {
	if found := t.remembered(id, printings); found != nil {
		return found, nil
	}
	made, err := t.attester.Tokens(ctx, registry.TokenRequest{Identifier: id, Printings: printings})
	if err == nil && len(made) != len(printings) {
		err = registry.Errorf(registry.CodeInternal, "", "the signer answered %d tokens for %d printings", len(made), len(printings))
	}
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[sheet]registry.Token{}
	}
	for i, p := range printings {
		for old := range t.known {
			if len(t.known) < tokensKept {
				break
			}
			delete(t.known, old)
		}
		t.known[sheetOf(id, p)] = made[i]
	}
	return made, nil
}

func (t *tokens) remembered(id registry.Identifier, printings []registry.Printing) []registry.Token {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := make([]registry.Token, 0, len(printings))
	for _, p := range printings {
		token, ok := t.known[sheetOf(id, p)]
		if !ok {
			return nil
		}
		found = append(found, token)
	}
	return found
}

// mark binds a row to the token and the sheet that it was written for, under the
// registry's own key: who edits the row cannot make another.
func (d *common) mark(ref *PrintingRef) sm.Digest {
	data := append([]byte("tongzheng printing row v1\x00"), ref.Token[:]...)
	data = append(append(data, ref.Identifier.String()...), 0)
	for _, n := range []uint32{ref.Printing.Number, ref.Printing.List, ref.Printing.Index} {
		data = binary.BigEndian.AppendUint32(data, n)
	}
	return sm.MAC(d.config.Secret, data)
}

// belongs tells whether a row shows the sheet that its token was made for. Its mark
// says so without asking anybody; a row that has none, or one under a key that was
// lost, is held against the signer's own token. The error says that this is not
// possible now.
func (d *common) belongs(ctx context.Context, ref *PrintingRef) (bool, error) {
	if mark := d.mark(ref); subtle.ConstantTimeCompare(mark[:], ref.Mark[:]) == 1 {
		return true, nil
	}
	want, err := d.tokens.of(ctx, ref.Identifier, ref.Printing)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(want[0][:], ref.Token[:]) == 1, nil
}
