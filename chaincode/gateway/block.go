package gateway

import (
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

// call is what a proposal asks of which chaincode: the one that its header names,
// which peers run and whose policy they apply. The body names one too, which
// nobody compares, so that whoever believes it can be made to look away.
type call struct {
	channel, chaincode, id string
	args                   [][]byte
}

// callOf reads a proposal.
func callOf(raw []byte) (*call, error) {
	var proposal peer.Proposal
	var header common.Header
	if err := unmarshal(raw, &proposal); err != nil {
		return nil, err
	}
	if err := unmarshal(proposal.GetHeader(), &header); err != nil {
		return nil, err
	}
	return callFrom(&header, proposal.GetPayload())
}

func callFrom(header *common.Header, payload []byte) (*call, error) {
	var channel common.ChannelHeader
	var extension peer.ChaincodeHeaderExtension
	var input peer.ChaincodeProposalPayload
	var spec peer.ChaincodeInvocationSpec
	if err := unmarshal(header.GetChannelHeader(), &channel); err != nil {
		return nil, err
	}
	if err := unmarshal(channel.GetExtension(), &extension); err != nil {
		return nil, err
	}
	if err := unmarshal(payload, &input); err != nil {
		return nil, err
	}
	if err := unmarshal(input.GetInput(), &spec); err != nil {
		return nil, err
	}
	return &call{channel: channel.GetChannelId(), id: channel.GetTxId(), chaincode: extension.GetChaincodeId().GetName(),
		args: spec.GetChaincodeSpec().GetInput().GetArgs()}, nil
}

func unmarshal(raw []byte, into proto.Message) error {
	if err := proto.Unmarshal(raw, into); err != nil {
		return registry.Errorf(registry.CodeLedgerDamaged, "", "a %s cannot be read", into.ProtoReflect().Descriptor().Name()).WithCause(err)
	}
	return nil
}

// action is one endorsed call in a transaction: what was asked, what was
// answered, and who signed the answer.
type action struct {
	*call
	header       *common.Header
	proposal     []byte // payload of the proposal, as hashed
	response     []byte // proposal response payload, as signed
	endorsements []*peer.Endorsement
	result       []byte // the contract's answer
}

// actionOf reads a transaction's envelope; nil for one that calls no contract
// (a change of the channel's configuration).
func actionOf(envelope *common.Envelope) (*action, error) {
	var payload common.Payload
	var channel common.ChannelHeader
	if err := unmarshal(envelope.GetPayload(), &payload); err != nil {
		return nil, err
	}
	if err := unmarshal(payload.GetHeader().GetChannelHeader(), &channel); err != nil {
		return nil, err
	}
	if common.HeaderType(channel.GetType()) != common.HeaderType_ENDORSER_TRANSACTION {
		return nil, nil
	}
	var transaction peer.Transaction
	if err := unmarshal(payload.GetData(), &transaction); err != nil {
		return nil, err
	}
	if len(transaction.GetActions()) != 1 { // Fabric allows no more
		return nil, nil
	}
	var called peer.ChaincodeActionPayload
	if err := unmarshal(transaction.GetActions()[0].GetPayload(), &called); err != nil {
		return nil, err
	}
	a := &action{header: payload.GetHeader(), proposal: called.GetChaincodeProposalPayload(),
		response: called.GetAction().GetProposalResponsePayload(), endorsements: called.GetAction().GetEndorsements()}
	var err error
	if a.call, err = callFrom(a.header, a.proposal); err != nil {
		return nil, err
	}
	return a, a.answered()
}

func (a *action) answered() error {
	var response peer.ProposalResponsePayload
	var answer peer.ChaincodeAction
	if err := unmarshal(a.response, &response); err != nil {
		return err
	}
	if err := unmarshal(response.GetExtension(), &answer); err != nil {
		return err
	}
	a.result = answer.GetResponse().GetPayload()
	return nil
}

// commitsOf lists a block's commits: its valid transactions that submitted a
// batch, in order. A block that cannot be read is CodeLedgerDamaged; what
// others did on the channel is passed over. CodeUnavailable: entries of a
// namespace that the profile does not name yet.
func (l *Ledger) commitsOf(block *common.Block) ([]*registry.Commit, error) {
	var codes []byte
	if metadata := block.GetMetadata().GetMetadata(); len(metadata) > int(common.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		codes = metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
	}
	var commits []*registry.Commit
	for i, raw := range block.GetData().GetData() {
		if i >= len(codes) || peer.TxValidationCode(codes[i]) != peer.TxValidationCode_VALID {
			continue
		}
		c, err := l.commitOf(raw, block.GetHeader().GetNumber())
		if err != nil {
			return nil, fmt.Errorf("block %d, transaction %d: %w", block.GetHeader().GetNumber(), i, err)
		}
		if c != nil {
			commits = append(commits, c)
		}
	}
	return commits, nil
}

// commitOf reads a valid transaction; nil when it is no batch of ours.
func (l *Ledger) commitOf(raw []byte, height uint64) (*registry.Commit, error) {
	var envelope common.Envelope
	if err := unmarshal(raw, &envelope); err != nil {
		return nil, err
	}
	a, err := actionOf(&envelope)
	if a == nil || err != nil {
		return nil, err
	}
	if len(a.args) != 2 || string(a.args[0]) != wire.Submit {
		return nil, nil
	}
	batch, err := wire.UnpackBatch(a.args[1])
	switch ours := l.has(a.chaincode); {
	case !ours && err == nil && batch.Namespace == a.chaincode:
		// A new member's, most likely. To pass over its entries would be to lose
		// them: better to stand still until the profile is brought up to date.
		return nil, registry.Errorf(registry.CodeUnavailable, "namespace", "entries of %s, which the profile does not name: renew it", a.chaincode)
	case !ours:
		return nil, nil
	case err != nil:
		return nil, registry.Errorf(registry.CodeLedgerDamaged, "", "a batch cannot be read").WithCause(err)
	}
	c := &registry.Commit{Height: height, Transaction: a.id, Batch: *batch}
	if err := registry.Decode(a.result, &c.Outcome); err != nil || len(c.Outcome.Results) != len(batch.Entries) || batch.Namespace != a.chaincode {
		return nil, registry.Errorf(registry.CodeLedgerDamaged, "", "a batch and its outcome do not fit").WithCause(err)
	}
	return c, nil
}
