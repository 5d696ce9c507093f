package registry

import (
	"encoding/binary"

	"tongzheng/registry/sm"
)

// BatchMost is how many intents one signature approves at most.
const BatchMost = 1000

// Batched says where an approval stands in a batch: a person who looked through a
// list of intents signs once, over BatchDigest; each approval carries the signature
// and the path of its own intent. One that is stale fails alone. Orders and case
// steps are signed one by one.
type Batched struct {
	Count int         `cbor:"1,keyasint" json:"count"` // intents under the signature
	Index int         `cbor:"2,keyasint" json:"index"` // of this one, from 0
	Path  []sm.Digest `cbor:"3,keyasint,omitempty" json:"path,omitempty"`
}

// BatchDigest is what a person signs to approve several intents, in order: tag, their
// number, and the RFC 6962 root over their digests. It takes the place of an intent's
// digest: in ApprovalMessage for key files, as challenge for passkeys.
func BatchDigest(intents []sm.Digest) sm.Digest {
	return batchDigest(len(intents), EntriesRoot(intents))
}

func batchDigest(count int, root sm.Digest) sm.Digest {
	return sm.Tagged("tongzheng approval batch v1", append(binary.BigEndian.AppendUint32(nil, uint32(count)), root[:]...))
}

// SplitBatch gives each intent its approval: signed is the one made over BatchDigest.
// CodeTooLarge for more than BatchMost, CodeMissing for none.
func SplitBatch(signed Approval, intents []sm.Digest) ([]Approval, error) {
	switch {
	case len(intents) == 0:
		return nil, Errorf(CodeMissing, "intents", "nothing to approve")
	case len(intents) > BatchMost:
		return nil, Errorf(CodeTooLarge, "intents", "one signature approves %d intents at most", BatchMost)
	}
	approvals := make([]Approval, len(intents))
	for i := range intents {
		path, err := EntryPath(intents, i)
		if err != nil {
			return nil, err
		}
		approvals[i] = signed
		approvals[i].Batch = &Batched{Count: len(intents), Index: i, Path: path}
	}
	return approvals, nil
}

// signed is what the approval's signature is over, for an intent: its digest, or that
// of the batch which its path leads to; false when the path leads nowhere.
func (a *Approval) signed(intent sm.Digest) (sm.Digest, bool) {
	b := a.Batch
	if b == nil {
		return intent, true
	}
	if b.Count < 1 || b.Count > BatchMost || b.Index < 0 || b.Index >= b.Count {
		return sm.Digest{}, false
	}
	root, err := sm.PathRoot(sm.Leaf(intent[:]), b.Index, b.Count, b.Path)
	return batchDigest(b.Count, root), err == nil
}
