// Package fabric is the contract as a Fabric network runs it: a service that
// peers call, one chaincode per namespace, around the same Execute that the
// embedded ledger runs. It reads and writes through the peer, compares the
// client's time with the peer's clock, and names the transaction of a root.
//
// It must not judge entries: what it refuses is a whole proposal, and nothing
// it does may shape a result, because two members' services must answer alike.
package fabric

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

// Config says for whom a contract answers.
type Config struct {
	Namespace string           // chaincode name: registry.Governance or a member
	Clock     func() time.Time // time.Now when nil
	MaxSkew   time.Duration    // between client and Clock; chaincode.MaxSkew when zero
	Log       *slog.Logger     // slog.Default when nil
}

// Contract is the chaincode of one namespace. It keeps nothing between calls.
type Contract struct{ config Config }

var _ shim.Chaincode = (*Contract)(nil)

// New makes the contract of one namespace.
func New(config Config) (*Contract, error) {
	if config.Namespace == "" {
		return nil, registry.Errorf(registry.CodeInternal, "namespace", "a contract answers for a namespace")
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.MaxSkew == 0 {
		config.MaxSkew = chaincode.MaxSkew
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	return &Contract{config}, nil
}

// Init has nothing to do: a ledger begins with its genesis batch.
func (c *Contract) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke answers one call. An error of the whole call is a response with
// status 500, which no peer endorses.
func (c *Contract) Invoke(stub shim.ChaincodeStubInterface) (response *peer.Response) {
	// One malformed call must not end the service for everybody else.
	defer func() {
		if fault := recover(); fault != nil {
			c.config.Log.Error("contract", "namespace", c.config.Namespace, "transaction", stub.GetTxID(), "panic", fmt.Sprint(fault))
			response = shim.Error(wire.PackError(registry.Errorf(registry.CodeInternal, "", "fault in the contract")))
		}
	}()
	payload, err := c.call(stub)
	if err != nil {
		c.config.Log.Info("refused as a whole", "namespace", c.config.Namespace, "transaction", stub.GetTxID(), "error", err)
		return shim.Error(wire.PackError(err))
	}
	return shim.Success(payload)
}

func (c *Contract) call(stub shim.ChaincodeStubInterface) ([]byte, error) {
	args := stub.GetArgs()
	if len(args) == 0 {
		return nil, registry.Errorf(registry.CodeEntryForm, "function", "no function named")
	}
	state := &state{stub: stub, namespace: c.config.Namespace}
	switch name := string(args[0]); {
	case name == wire.Submit && len(args) == 2:
		return c.submit(state, args[1])
	case name == wire.DryRun && len(args) == 2:
		return c.judge(state, args[1], chaincode.DryRun)
	case name == wire.Read && len(args) == 2:
		return read(state, args[1])
	case name == wire.Ping && len(args) == 1:
		return ping(state)
	case name == wire.Version && len(args) == 1:
		return []byte(strconv.Itoa(chaincode.RulesVersion)), nil
	default:
		return nil, registry.Errorf(registry.CodeEntryForm, "function", "no function %q with %d arguments", name, len(args)-1)
	}
}

// submit executes a batch and writes what the accepted entries change.
func (c *Contract) submit(state *state, packed []byte) ([]byte, error) {
	// Called from another chaincode, the batch would not stand in the block as
	// a call of ours, and those who follow the ledger would miss it.
	if err := c.calledDirectly(state.stub); err != nil {
		return nil, err
	}
	state.stub.StartWriteBatch()
	payload, err := c.judge(state, packed, chaincode.Execute)
	if err != nil {
		return nil, err
	}
	if err := state.stub.FinishWriteBatch(); err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "writing").WithCause(err)
	}
	return payload, nil
}

type execution func(chaincode.State, *registry.Batch) (*registry.Outcome, error)

func (c *Contract) judge(state *state, packed []byte, execute execution) ([]byte, error) {
	batch, err := wire.UnpackBatch(packed)
	if err != nil {
		return nil, err
	}
	if batch.Namespace != c.config.Namespace {
		return nil, registry.Errorf(registry.CodeNamespace, "namespace", "a batch of %s in %s", batch.Namespace, c.config.Namespace)
	}
	outcome, err := execute(state, batch)
	if err != nil {
		return nil, err
	}
	if err := chaincode.CheckClock(state.rules, batch, c.config.Clock(), c.config.MaxSkew); err != nil {
		return nil, err
	}
	if outcome.Count > 0 && state.written {
		if err := state.Put(wire.TransactionKey(state.stub.GetTxID()), outcome.Root[:]); err != nil {
			return nil, err
		}
	}
	return registry.Encode(outcome)
}

func read(state *state, raw []byte) ([]byte, error) {
	keys, err := wire.UnpackKeys(raw)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return wire.PackValues([][]byte{})
	}
	values, err := state.Read(state.namespace, keys)
	if err != nil {
		return nil, err
	}
	return wire.PackValues(values)
}

// ping reads the rules as every batch does: a contract that cannot reach the
// governance namespace is not ready.
func ping(state *state) ([]byte, error) {
	if _, err := state.Read(registry.Governance, []string{chaincode.RulesKey()}); err != nil {
		return nil, err
	}
	return []byte(wire.Pong), nil
}

// calledDirectly compares the chaincode that the client's signed proposal names
// with our own.
func (c *Contract) calledDirectly(stub shim.ChaincodeStubInterface) error {
	unclear := registry.Errorf(registry.CodeNamespace, "namespace", "not called as %s", c.config.Namespace)
	signed, err := stub.GetSignedProposal()
	if err != nil {
		return unclear.WithCause(err)
	}
	var proposal peer.Proposal
	var header common.Header
	var channel common.ChannelHeader
	var extension peer.ChaincodeHeaderExtension
	for _, step := range []struct {
		raw  func() []byte
		into proto.Message
	}{
		{signed.GetProposalBytes, &proposal}, {proposal.GetHeader, &header},
		{header.GetChannelHeader, &channel}, {channel.GetExtension, &extension},
	} {
		if err := proto.Unmarshal(step.raw(), step.into); err != nil {
			return unclear.WithCause(err)
		}
	}
	if extension.GetChaincodeId().GetName() != c.config.Namespace {
		return unclear
	}
	return nil
}
