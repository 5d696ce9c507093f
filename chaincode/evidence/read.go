package evidence

import (
	"bytes"
	"crypto/sha256"

	"tongzheng/chaincode"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

const (
	// endorserTransaction is the type of a proposal (common.HeaderType).
	endorserTransaction = 3
	// statusOK is a contract's good answer.
	statusOK = 200
	// lifecycle is Fabric's own namespace: every simulation reads the
	// definition of the contract it runs.
	lifecycle = "_lifecycle"
)

// endorsedRead is what the signed bytes say.
type endorsedRead struct {
	channel        string
	contract       string // version
	root           chaincode.BatchRoot
	height, number uint64 // of the transaction that wrote root and transaction key
}

// read takes the signed bytes apart and checks that they are the read of this
// root and transaction in this namespace: what was asked, what was answered,
// and the versions of exactly these keys.
func (e *Evidence) read(namespace string, root sm.Digest, transaction string) (*endorsedRead, error) {
	keys := Keys(root, transaction)
	channel, err := e.asked(namespace, keys)
	if err != nil {
		return nil, err
	}
	payload, err := parse(e.Response)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	for _, part := range [][]byte{e.ChannelHeader, e.SignatureHeader, e.Proposal} {
		hash.Write(part)
	}
	if !bytes.Equal(payload.bytes(1), hash.Sum(nil)) {
		return nil, fault("the answer is to another proposal")
	}
	action, err := parse(payload.bytes(2))
	if err != nil {
		return nil, err
	}
	r := &endorsedRead{channel: channel}
	if err := r.answer(action, namespace, root); err != nil {
		return nil, err
	}
	return r, r.versions(action.bytes(1), namespace, keys)
}

// asked checks the proposal: read of the keys, in the namespace's contract.
func (e *Evidence) asked(namespace string, keys []string) (channel string, err error) {
	header, err := parse(e.ChannelHeader)
	if err != nil {
		return "", err
	}
	extension, err := at(header.bytes(7), 2) // ChaincodeHeaderExtension.chaincode_id
	if err != nil {
		return "", err
	}
	spec, err := at(e.Proposal, 1, 1) // input → ChaincodeInvocationSpec.chaincode_spec
	if err != nil {
		return "", err
	}
	name, err := parse(spec.bytes(2))
	if err != nil {
		return "", err
	}
	input, err := parse(spec.bytes(3))
	if err != nil {
		return "", err
	}
	packed, err := wire.PackKeys(keys)
	if err != nil {
		return "", err
	}
	args := input.all(1)
	switch {
	case header.uint(1) != endorserTransaction:
		return "", fault("not a proposal to a contract")
	case string(extension.bytes(2)) != namespace || string(name.bytes(2)) != namespace:
		return "", fault("a proposal to another namespace")
	case len(args) != 2 || string(args[0]) != wire.Read || !bytes.Equal(args[1], packed):
		return "", fault("a proposal that asks for something else")
	}
	return string(header.bytes(4)), nil
}

// answer checks the contract's response: the root is there, and it is the
// transaction's.
func (r *endorsedRead) answer(action message, namespace string, root sm.Digest) error {
	response, err := parse(action.bytes(3))
	if err != nil {
		return err
	}
	id, err := parse(action.bytes(4))
	if err != nil {
		return err
	}
	if response.uint(1) != statusOK || string(id.bytes(2)) != namespace {
		return fault("not an answer of this namespace's contract")
	}
	values, err := wire.UnpackValues(response.bytes(3))
	if err != nil || len(values) != 2 || values[0] == nil || values[1] == nil {
		return fault("the ledger does not have this root and transaction").WithCause(err)
	}
	if err := registry.Decode(values[0], &r.root); err != nil {
		return fault("the root's record").WithCause(err)
	}
	if !bytes.Equal(values[1], root[:]) {
		return fault("the root is another transaction's")
	}
	r.contract = string(id.bytes(3))
	return nil
}

// versions checks the read set: both keys, written by one transaction, and
// nothing written by the read itself.
func (r *endorsedRead) versions(results []byte, namespace string, keys []string) error {
	set, err := parse(results)
	if err != nil {
		return err
	}
	if set.uint(1) != 0 {
		return fault("results of an unknown model")
	}
	found := false
	for _, raw := range set.all(2) {
		one, err := parse(raw)
		if err != nil {
			return err
		}
		reads, err := readsOf(one)
		if err != nil {
			return err
		}
		switch name := string(one.bytes(1)); {
		case name == namespace && !found:
			found = true
			if err := r.written(reads, keys); err != nil {
				return err
			}
		case name != lifecycle:
			return fault("the read touched %s", name)
		}
	}
	if !found {
		return fault("the answer rests on no read")
	}
	return nil
}

// readsOf lists a namespace's reads and refuses everything else.
func readsOf(namespace message) ([][]byte, error) {
	set, err := parse(namespace.bytes(2))
	if err != nil {
		return nil, err
	}
	if namespace.has(3) || set.has(2) || set.has(3) || set.has(4) {
		return nil, fault("the read wrote, or read more than keys")
	}
	return set.all(1), nil
}

func (r *endorsedRead) written(reads [][]byte, keys []string) error {
	heights := map[string][2]uint64{}
	for _, raw := range reads {
		one, err := parse(raw)
		if err != nil {
			return err
		}
		version, err := parse(one.bytes(2))
		if err != nil {
			return err
		}
		if !one.has(2) {
			return fault("a key that the ledger does not have")
		}
		heights[string(one.bytes(1))] = [2]uint64{version.uint(1), version.uint(2)}
	}
	first, ok := heights[keys[0]]
	if second, also := heights[keys[1]]; !ok || !also || len(reads) != 2 || first != second {
		return fault("root and transaction were not written together")
	}
	r.height, r.number = first[0], first[1]
	return nil
}
