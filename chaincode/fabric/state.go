package fabric

import (
	"fmt"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"tongzheng/chaincode"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

// state is the contract's State over one proposal's simulation at the peer.
type state struct {
	stub      shim.ChaincodeStubInterface
	namespace string
	rules     []byte // as read; decides whether the clock is compared
	written   bool
}

// Read asks the peer once: for own keys directly, for another namespace's by
// calling the read function of its chaincode on the same peer. Both put the
// keys with their versions into the transaction's read set, so that a batch
// judged on records that changed meanwhile is not committed.
func (s *state) Read(namespace string, keys []string) ([][]byte, error) {
	values, err := s.values(namespace, keys)
	if err != nil {
		return nil, err
	}
	if len(values) != len(keys) {
		return nil, fmt.Errorf("%d values for %d keys", len(values), len(keys))
	}
	for i, value := range values {
		// The peer says "absent" with no bytes; the contract never writes none.
		if len(value) == 0 {
			values[i] = nil
		}
		if namespace == registry.Governance && keys[i] == chaincode.RulesKey() {
			s.rules = values[i]
		}
	}
	return values, nil
}

func (s *state) values(namespace string, keys []string) ([][]byte, error) {
	if len(keys) == 0 {
		return [][]byte{}, nil
	}
	if namespace == s.namespace {
		return s.stub.GetMultipleStates(keys...)
	}
	packed, err := wire.PackKeys(keys)
	if err != nil {
		return nil, err
	}
	answer := s.stub.InvokeChaincode(namespace, [][]byte{[]byte(wire.Read), packed}, "")
	if answer.GetStatus() != shim.OK {
		return nil, fmt.Errorf("reading %s: %s", namespace, answer.GetMessage())
	}
	return wire.UnpackValues(answer.GetPayload())
}

// Put writes a value of the own namespace.
func (s *state) Put(key string, value []byte) error {
	s.written = true
	return s.stub.PutState(key, value)
}
