package evidence

import (
	"encoding/json"
	"encoding/pem"

	"tongzheng/registry"
)

// NetworkBlock is the PEM type under which trust anchors name a network; it
// stands beside the certificates in a roots file.
const NetworkBlock = "TONGZHENG NETWORK"

// PEM writes the trust as one block for a roots file.
func (t *Trust) PEM() ([]byte, error) {
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: NetworkBlock, Bytes: raw}), nil
}

// ParseTrusts reads the networks that a roots file names, none at all included.
func ParseTrusts(text []byte) ([]*Trust, error) {
	var trusts []*Trust
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return trusts, nil
		}
		text = rest
		if block.Type != NetworkBlock {
			continue
		}
		t := new(Trust)
		if err := json.Unmarshal(block.Bytes, t); err != nil || t.Ledger == "" || len(t.Members) == 0 {
			return nil, registry.Errorf(registry.CodeMalformed, "roots", "a network in the roots cannot be read").WithCause(err)
		}
		trusts = append(trusts, t)
	}
}
