package office

import (
	"context"
	"time"

	"tongzheng/registry"
)

const (
	// TaskCase is the kind of a task: a case file waits for a step of the organization
	// (registry.CaseFile.Waits).
	TaskCase = "case"
	// TaskCaseRefused is the kind of a task: the ledger refused a step of the
	// organization, which is to be signed again.
	TaskCaseRefused = "case-refused"
)

// caseTasksMost bounds the case files that are looked at for tasks.
const caseTasksMost = 500

// tasks lists what the actor's organization has to do in case files, as far as it is the
// actor's work.
func (o *Cases) tasks(ctx context.Context, by registry.Actor) ([]Task, error) {
	if !by.Sees(registry.MaySeeCases) {
		return nil, nil
	}
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return nil, err
	}
	grants, ids := map[string]*registry.Grant{}, []string{}
	for _, g := range all {
		if grants[g.ID] = g; by.MayDecide(g) {
			ids = append(ids, g.ID)
		}
	}
	refs, err := o.store.WaitingCases(ctx, ids, by.Organization, caseTasksMost)
	if err != nil {
		return nil, err
	}
	var tasks []Task
	for _, ref := range refs {
		if grants[ref.Grant] == nil {
			continue
		}
		waits, err := o.waits(ctx, ref, grants[ref.Grant])
		if err != nil {
			return nil, err
		}
		for _, w := range waits {
			if w.Organization == by.Organization && by.TakesStep(w.Kind) {
				tasks = append(tasks, Task{Organization: w.Organization, Kind: TaskCase, Grant: ref.Grant, Case: ref.Case, Awaits: w.Kind, Due: w.Due, Created: time.Unix(w.Since, 0)})
			}
		}
	}
	refused, err := o.refusedTasks(ctx, by)
	return append(tasks, refused...), err
}

// waits is what a file waits for now. One that is decided waits for nothing any more.
func (o *Cases) waits(ctx context.Context, ref CaseRef, grant *registry.Grant) ([]registry.CaseWait, error) {
	f, err := o.read(ctx, ref.Grant, ref.Case)
	if err != nil {
		return nil, err
	}
	if f.Decision != nil {
		return nil, o.store.DoneWaiting(ctx, ref)
	}
	return f.Waits(grant), nil
}

func (o *Cases) refusedTasks(ctx context.Context, by registry.Actor) (tasks []Task, err error) {
	refused, err := o.store.RefusedSteps(ctx, by.Organization, caseTasksMost)
	for _, h := range refused {
		if s := &h.Step.Statement; by.TakesStep(s.Kind) {
			tasks = append(tasks, Task{Organization: s.Organization, Kind: TaskCaseRefused, Grant: s.Grant, Case: s.Case, Awaits: s.Kind, Code: h.Refusal, Detail: h.Detail,
				Created: time.Unix(s.At, 0)})
		}
	}
	return tasks, err
}
