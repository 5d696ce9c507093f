package office

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
)

// caseNeighbors are the other members' registries, as case files see them.
type caseNeighbors struct {
	*common
	exchange CaseExchange // nil: there are no other registries
}

// caseMessage is what another registry hands in for a file's home: a step that a person of
// its member signed.
type caseMessage struct {
	Step      sentStep `cbor:"1,keyasint"`
	Withdrawn bool     `cbor:"2,keyasint,omitempty"` // it is not to be: the ledger did not take it
	Height    uint64   `cbor:"3,keyasint,omitempty"` // of the ledger, where it has the step
}

type sentStep struct {
	Statement registry.CaseStatement `cbor:"1,keyasint"`
	Approval  registry.Approval      `cbor:"2,keyasint"`
	Content   string                 `cbor:"3,keyasint,omitempty"`
}

// sent makes a step one on its way.
func sent(step registry.CaseStep) sentStep {
	return sentStep{step.Statement, step.Approval, step.Content}
}

func (s sentStep) step() registry.CaseStep {
	return registry.CaseStep{Statement: s.Statement, Approval: s.Approval, Content: s.Content}
}

// caseItem is a whole file as its home gives it.
type caseItem struct {
	Steps  []sentStep `cbor:"1,keyasint"`
	Height uint64     `cbor:"2,keyasint"` // of the ledger by which the home judged them
}

// stepsMost bounds a file that another registry hands over.
const stepsMost = 2000

// heightWait is how long this registry's view may take to see what another one has seen.
const heightWait = 5 * time.Second

func (o *caseNeighbors) item(steps []registry.CaseStep) ([]byte, error) {
	item := itemOf(steps)
	item.Height = o.view.Knowledge(o.now()).Height
	return registry.Encode(item)
}

func itemOf(steps []registry.CaseStep) *caseItem {
	item := &caseItem{}
	for _, step := range steps {
		item.Steps = append(item.Steps, sent(step))
	}
	return item
}

// stepsOf reads an item once the view has seen what it was judged by. CodeNotYet before.
func (o *caseNeighbors) stepsOf(ctx context.Context, body []byte) ([]registry.CaseStep, error) {
	var item caseItem
	if err := registry.Decode(body, &item); err != nil || len(item.Steps) == 0 {
		return nil, registry.Errorf(registry.CodeMalformed, "case", "no case file")
	}
	if len(item.Steps) > stepsMost {
		return nil, registry.Errorf(registry.CodeTooLarge, "case", "over %d steps", stepsMost)
	}
	if err := o.await(ctx, item.Height); err != nil {
		return nil, registry.Errorf(registry.CodeNotYet, "case", "judged at height %d, and this registry has not read so far", item.Height)
	}
	var steps []registry.CaseStep
	for _, step := range item.Steps {
		steps = append(steps, step.step())
	}
	return steps, nil
}

func (o *caseNeighbors) await(ctx context.Context, height uint64) error {
	ctx, cancel := context.WithTimeout(ctx, heightWait)
	defer cancel()
	return o.view.Await(ctx, height)
}

// registry is the member whose registry works for an organization; empty for this one.
func (o *caseNeighbors) registry(organization string) (string, error) {
	if o.exchange == nil {
		return "", nil
	}
	return o.exchange.Registry(organization)
}

// neighborsOf lists the members whose registries work for one of the organizations, this one
// left out.
func (o *caseNeighbors) neighborsOf(organizations []string) (members []string, err error) {
	for _, code := range organizations {
		member, err := o.registry(code)
		if err != nil {
			return nil, err
		}
		if member != "" && !slices.Contains(members, member) {
			members = append(members, member)
		}
	}
	slices.Sort(members)
	return members, nil
}

// memberOf is the member that carries an organization; empty for an unknown one.
func (o *caseNeighbors) memberOf(organization string) (string, error) {
	known, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, organization)
	if err != nil || known == nil {
		return "", err
	}
	return known.Member, nil
}

// submit hands a message to the file's home and returns the file as it answers; none to a
// step that is not to be.
func (o *caseNeighbors) submit(ctx context.Context, home string, m *caseMessage) ([]registry.CaseStep, error) {
	if o.exchange == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "case", "this registry exchanges nothing with member %s", home)
	}
	from, err := o.memberOf(m.Step.Statement.Organization)
	if err != nil {
		return nil, err
	}
	body, err := registry.Encode(m)
	if err != nil {
		return nil, err
	}
	answer, err := o.exchange.Submit(ctx, home, from, body)
	if err != nil || m.Withdrawn {
		return nil, err
	}
	return o.stepsOf(ctx, answer)
}

// nudge lets the home look for a step that the ledger has. It would find it by itself.
func (o *caseNeighbors) nudge(ctx context.Context, home string, h *HeldStep) {
	if _, err := o.submit(ctx, home, &caseMessage{Step: sent(h.Step), Height: o.view.Knowledge(o.now()).Height}); err != nil {
		o.log.Info("the home of a case was not told", "member", home, "error", err)
	}
}

// carries tells whether one of the organizations is the member's.
func (o *caseNeighbors) carries(member string, organizations []string) (bool, error) {
	for _, code := range organizations {
		of, err := o.memberOf(code)
		if err != nil || of == member {
			return err == nil, err
		}
	}
	return false, nil
}

// inCase tells whether the organization of a step is in the file's case.
func (o *caseNeighbors) inCase(kept *KeptCase, s *registry.CaseStatement) (bool, error) {
	grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, s.Grant)
	if err != nil {
		return false, err
	}
	f, err := o.law().CaseFile(kept.Steps, registry.DateOf(o.now()))
	return err == nil && slices.Contains(f.InCase(grant), s.Organization), err
}
