package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Renewal says which certificates are renewed.
type Renewal struct {
	// Before are those that end before this time; zero with Holders: whenever they
	// end.
	Before time.Time
	// Holders are whose ("orderer.city"); empty: everybody's on this machine.
	Holders []string
	// Systemctl is the command that stops and starts units, where systemd runs the
	// processes. Empty: this command does.
	Systemctl []string
	// Update is an update made by PrepareRenewal with the signatures of the others,
	// on a host of several.
	Update string
}

// ErrUpdateNeeded is the answer on a host of several when the other members must
// sign before an orderer can use its new certificates.
var ErrUpdateNeeded = errors.New("the other members must sign first")

// Renew gives holders new keys and certificates, one after the other, while the
// network goes on: whoever is renewed is back at work before the next is stopped.
// A renewal that was begun is ended before others begin, so that the same call
// goes on after any interruption.
func (n *Network) Renew(ctx context.Context, r Renewal) error {
	if err := n.goOn(ctx, r); err != nil {
		return err
	}
	due, err := n.due(ctx, r)
	if err != nil {
		return err
	}
	var wait error
	for _, h := range due {
		err := n.renew(ctx, r, h)
		switch {
		case errors.Is(err, ErrUpdateNeeded):
			wait = err // Its member's other certificates need nobody.
		case err != nil:
			return fmt.Errorf("renewing %s: %w", h.name(), err)
		default:
			n.opts.Log("%s has new certificates", h.name())
		}
	}
	if wait != nil || len(r.Systemctl) > 0 || len(due) == 0 {
		return wait
	}
	return n.Ready(ctx)
}

// goOn starts what an interrupted renewal left stopped. Renew comes to those whose
// renewal was begun.
func (n *Network) goOn(ctx context.Context, r Renewal) error {
	for _, p := range n.Processes() {
		if n.begun(p.of, p.folder) {
			continue
		}
		if err := n.goOnWith(ctx, r, p); err != nil {
			return err
		}
	}
	return nil
}

func (n *Network) goOnWith(ctx context.Context, r Renewal, p Process) error {
	answers := dials(p.Ports[0])
	switch {
	case len(r.Systemctl) > 0 && answers, n.Running(p.Name):
		return nil
	case len(r.Systemctl) > 0:
		err := n.prepareUnit(ctx, r, p) // systemd leaves alone what it was told to stop.
		if err != nil && !canListen(address(p.Host, 0)) {
			n.opts.Log("%s does not answer, and is perhaps on another machine: %v", p.Name, err)
			return nil
		}
		return err
	case answers:
		return fmt.Errorf("%s runs, and was not started by this command: name the command that starts units, with -systemctl", p.Name)
	}
	return n.startProcess(p)
}

// holder is one member's holder of certificates.
type holder struct {
	m    Member
	kind string
}

func (h holder) name() string { return h.kind + "." + h.m.ID }

// order is in which order kinds are renewed: administrators first, because they
// sign for the orderers.
var order = []string{HolderAdmin, KindOrderer, KindService, KindPeer, HolderClient}

// due are the holders to renew, in order: those whose renewal was begun, then by
// kind, and the orderer that leads after those that follow.
func (n *Network) due(ctx context.Context, r Renewal) ([]holder, error) {
	wanted := map[string]bool{}
	for _, name := range r.Holders {
		wanted[name] = true
	}
	leader, _ := n.Leader(ctx) // Unknown on a host of several.
	var due []holder
	last := map[string]int{}
	for _, m := range n.own() {
		for _, folder := range m.holders() {
			h := holder{m, folder}
			now, err := n.isDue(h, r, wanted)
			if err != nil {
				return nil, err
			}
			delete(wanted, h.name())
			if !now {
				continue
			}
			due = append(due, h)
			kind, _ := m.seated(folder)
			last[h.name()] = 2 * (1 + slices.Index(order, kind))
			if n.begun(m, folder) {
				last[h.name()] = 0
			} else if h.name() == leader {
				last[h.name()]++
			}
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("no holder of certificates %q on this machine: certificates lists them", name)
	}
	slices.SortStableFunc(due, func(a, b holder) int { return last[a.name()] - last[b.name()] })
	return due, nil
}

func (n *Network) isDue(h holder, r Renewal, wanted map[string]bool) (bool, error) {
	if n.begun(h.m, h.kind) {
		return true, nil
	}
	if len(r.Holders) > 0 && !wanted[h.name()] {
		return false, nil
	}
	if r.Before.IsZero() {
		return len(r.Holders) > 0, nil
	}
	for _, one := range holdings(h.m, h.kind) {
		certificate, err := readCertificate(n.member(h.m.ID, h.kind, one.certificate))
		if err != nil {
			return false, err
		}
		roots := n.identityRoots(h.m.ID)
		if one.tls {
			roots = n.tlsRoots(h.m.ID)
		}
		authority, err := readCertificate(roots)
		if err != nil {
			return false, err
		}
		// A new one would end no later than the one that ends with its authority.
		if certificate.NotAfter.Before(r.Before) && certificate.NotAfter.Before(authority.NotAfter) {
			return true, nil
		}
	}
	return false, nil
}

// renew renews one holder and waits until it is back at work.
func (n *Network) renew(ctx context.Context, r Renewal, h holder) error {
	if err := n.stage(h); err != nil {
		return err
	}
	if h.kind == KindOrderer {
		return n.renewOrderer(ctx, r, h.m)
	}
	if h.kind == HolderAdmin || h.kind == HolderClient {
		return n.take(h.m, h.kind) // Read at every use, or by the registry while it runs.
	}
	if err := n.halt(ctx, r, h); err != nil {
		return err
	}
	if err := n.resume(ctx, r, h); err != nil {
		return err
	}
	return n.Endorses(ctx, h.m.ID, readyWithin)
}

// stage makes a holder's next keys and certificates, unless they are there.
func (n *Network) stage(h holder) error {
	if isThere(n.taking(h.m, h.kind)) || n.staged(h.m, h.kind) {
		return nil
	}
	if n.authorityElsewhere(h.m) {
		return fmt.Errorf("the keys of its authorities are elsewhere: bring members/%s/ca and tlsca back", h.m.ID)
	}
	is, err := n.issuer(h.m)
	if err != nil {
		return err
	}
	return is.issueInto(h.kind, n.next(h.m, h.kind))
}

// renewOrderer: the channel learns of the new certificates while the orderer is
// away. It must not sign the block that says so: its signature would be under the
// old identity and count no more, and a change of leaders right after that block
// asks for signatures that count.
func (n *Network) renewOrderer(ctx context.Context, r Renewal, m Member) error {
	if err := n.publishOrderer(m); err != nil {
		return err
	}
	if err := n.othersOrder(ctx, m); err != nil {
		return err
	}
	h := holder{m, KindOrderer}
	named, err := n.namesComing(ctx, m)
	if err != nil {
		return err
	}
	update := r.Update
	if !named && update == "" {
		if update, err = n.signedRenewal(ctx, m); err != nil {
			return errors.Join(err, n.resumeOld(ctx, r, h)) // It may be stopped since an interruption.
		}
	}
	if err := n.halt(ctx, r, h); err != nil {
		return err
	}
	if !named {
		if err := n.makeKnown(ctx, m, update); err != nil {
			return errors.Join(err, n.resumeOld(ctx, r, h))
		}
		n.opts.Log("%s: the channel names its new certificates", h.name())
	}
	if err := n.resume(ctx, r, h); err != nil {
		return err
	}
	return retry(ctx, readyWithin, "waiting for "+h.name()+" to order", func() error { return n.ordersAgain(ctx, m) })
}

// signedRenewal makes the update that names an orderer's new certificates, with the
// signatures of the members on this machine.
func (n *Network) signedRenewal(ctx context.Context, m Member) (string, error) {
	if n.Partial() {
		return "", fmt.Errorf("%w: hand public/%s to all members; one of them writes the update (update renew %s), others sign it; then renew again with -update",
			ErrUpdateNeeded, m.ID, m.ID)
	}
	file, err := n.PrepareRenewal(ctx, m.ID)
	if err != nil {
		return "", err
	}
	for _, o := range n.own() {
		if o.ID == m.ID {
			continue // It signs by submitting.
		}
		if err := n.SignUpdate(ctx, file, o.ID); err != nil {
			return "", err
		}
	}
	return file, nil
}

// makeKnown submits the update and waits until the channel is as it says.
func (n *Network) makeKnown(ctx context.Context, m Member, update string) error {
	if err := n.SubmitUpdate(ctx, update, m.ID); err != nil {
		return err
	}
	return retry(ctx, fetchWithin, "waiting for the configuration block", func() error {
		named, err := n.namesComing(ctx, m)
		if err == nil && !named {
			err = fmt.Errorf("the channel names other certificates")
		}
		return err
	})
}

// othersOrder waits until every other orderer of this machine is at work: never
// are two of them away.
func (n *Network) othersOrder(ctx context.Context, but Member) error {
	return retry(ctx, readyWithin, "waiting for the other orderers", func() error {
		for _, o := range n.own() {
			if o.Orderer == nil || o.ID == but.ID {
				continue
			}
			if err := n.ordersAgain(ctx, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// ordersAgain is nil when a member's orderer takes part and has the blocks that any
// orderer of this machine has.
func (n *Network) ordersAgain(ctx context.Context, m Member) error {
	most := 0
	for _, height := range n.Heights(ctx) {
		most = max(most, height)
	}
	p, err := n.partOf(ctx, m)
	switch {
	case err != nil:
		return err
	case !p.orders():
		return fmt.Errorf("the orderer of %s is %s, %s", m.ID, p.Relation, p.Status)
	case p.Height < most:
		return fmt.Errorf("the orderer of %s has %d of %d blocks", m.ID, p.Height, most)
	}
	return nil
}

// halt stops a process.
func (n *Network) halt(ctx context.Context, r Renewal, h holder) error {
	if len(r.Systemctl) > 0 {
		return systemctl(ctx, r, "stop", h.m.ID, h.kind)
	}
	return n.Stop(h.name())
}

// resume starts a process that was halted, with its new certificates.
func (n *Network) resume(ctx context.Context, r Renewal, h holder) error {
	if err := n.take(h.m, h.kind); err != nil {
		return err
	}
	p, err := n.process(h.name())
	if err != nil {
		return err
	}
	if len(r.Systemctl) == 0 {
		return n.startProcess(p)
	}
	return n.prepareUnit(ctx, r, p)
}

// resumeOld starts an orderer with the certificates that it had: the channel does
// not know the new ones.
func (n *Network) resumeOld(ctx context.Context, r Renewal, h holder) error {
	if len(r.Systemctl) > 0 {
		return startUnit(ctx, r, h.m.ID, h.kind)
	}
	return n.Start(h.name())
}

// prepareUnit has systemd start a process that does not run.
func (n *Network) prepareUnit(ctx context.Context, r Renewal, p Process) error {
	if err := n.prepareStart(p); err != nil {
		return err
	}
	return startUnit(ctx, r, p.Member, p.folder)
}

// startUnit starts a unit even when the caller gives up: what was stopped must not
// stay so.
func startUnit(ctx context.Context, r Renewal, member, kind string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWithin)
	defer cancel()
	return systemctl(ctx, r, "start", member, kind)
}

// startWithin bounds the start of a unit.
const startWithin = 2 * time.Minute

func systemctl(ctx context.Context, r Renewal, verb, member, kind string) error {
	args := append(slices.Clone(r.Systemctl[1:]), verb, unitName(member, kind))
	if _, err := runTool(ctx, command{path: r.Systemctl[0], args: args}); err != nil {
		return fmt.Errorf("%s %s: %w", strings.Join(r.Systemctl, " "), verb, err)
	}
	return nil
}
