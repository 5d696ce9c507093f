package network

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// stepWithin limits each step that waits for a process. What ends at once says
// so at once; a busy machine takes its time.
const stepWithin = 2 * time.Minute

// found sets up a new network: orderers and peers join the channel, contracts
// are installed, approved and committed. Every step tolerates having been done.
func (n *Network) found(ctx context.Context) error {
	if err := inParallel(n.own(), func(m Member) error { return n.JoinOrderer(ctx, m.ID) }); err != nil {
		return err
	}
	err := inParallel(n.ownPeers(), func(m Member) error {
		if err := n.JoinPeer(ctx, m.ID); err != nil {
			return err
		}
		return n.Install(ctx, m.ID)
	})
	if err != nil {
		return err
	}
	if err := n.approveAndCommit(ctx, n.d.OpenNamespaces()); err != nil {
		return err
	}
	return n.markFounded()
}

// contracts are the packages and definitions of the namespaces: what the peers
// run, and who must endorse it.
type contracts struct{ *site }

func (cc contracts) writePackages() error {
	for _, ns := range cc.d.Namespaces {
		pkg, err := chaincodePackage(ns)
		if err != nil {
			return err
		}
		if err := writeFile(cc.packageFile(ns), pkg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// approveAndCommit takes the namespaces' definitions through all members.
func (cc contracts) approveAndCommit(ctx context.Context, namespaces []string) error {
	return inParallel(namespaces, func(ns string) error {
		sequence, err := cc.nextSequence(ctx, ns)
		if err != nil {
			return err
		}
		err = inParallel(cc.ownPeers(), func(m Member) error { return cc.approve(ctx, m, ns, sequence) })
		if err != nil {
			return err
		}
		return cc.Commit(ctx, cc.d.Lead, ns, sequence)
	})
}

// Install gives a member's peer the package of every namespace.
func (cc contracts) Install(ctx context.Context, id string) error {
	m, ok := cc.d.Member(id)
	if !ok || m.Peer == nil {
		return nil
	}
	return inParallel(m.seats(), func(seat Member) error { return cc.installAt(ctx, seat) })
}

func (cc contracts) installAt(ctx context.Context, m Member) error {
	for _, ns := range cc.d.Namespaces {
		err := retry(ctx, stepWithin, fmt.Sprintf("installing %s at %s", ns, m.process(KindPeer)), func() error {
			_, err := cc.administrator(m).peer(ctx, "lifecycle", "chaincode", "install", cc.packageFile(ns))
			if err != nil && strings.Contains(err.Error(), "already successfully installed") {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// approve records a member's consent to a namespace's definition.
func (cc contracts) approve(ctx context.Context, m Member, ns string, sequence int) error {
	pkg, err := os.ReadFile(cc.packageFile(ns))
	if err != nil {
		return fmt.Errorf("reading the package of %s: %w", ns, err)
	}
	definition, err := cc.definition(ns, sequence)
	if err != nil {
		return err
	}
	args := append([]string{"lifecycle", "chaincode", "approveformyorg", "--package-id", packageID(ns, pkg)}, definition...)
	return retry(ctx, stepWithin, fmt.Sprintf("approving %s for %s", ns, m.ID), func() error {
		_, err := cc.administrator(m.answering()).peer(ctx, append(args, cc.administrator(m).orderer()...)...)
		if alreadyApproved(err) {
			return nil
		}
		if differs(err) {
			return final{err}
		}
		return err
	})
}

// differs tells that the definition in force is another than ours.
func differs(err error) bool {
	return err != nil && strings.Contains(err.Error(), "with different parameters")
}

// alreadyApproved tells by Fabric's words that this very definition has the
// member's approval, e.g. after an interruption or when a member comes back.
func alreadyApproved(err error) bool {
	return err != nil && strings.Contains(err.Error(), "attempted to redefine") && !differs(err)
}

// Commit puts a namespace's definition in force; enough members must have
// approved it.
func (cc contracts) Commit(ctx context.Context, id, ns string, sequence int) error {
	m, ok := cc.d.Member(id)
	if !ok || m.Peer == nil {
		return fmt.Errorf("%q is not a member with a peer", id)
	}
	definition, err := cc.definition(ns, sequence)
	if err != nil {
		return err
	}
	args := append([]string{"lifecycle", "chaincode", "commit"}, definition...)
	for _, p := range cc.d.PeerMembers() {
		p = p.answering()
		args = append(args, "--peerAddresses", address(p.Peer.Host, p.Peer.Port), "--tlsRootCertFiles", cc.tlsRoots(p.ID))
	}
	return retry(ctx, stepWithin, "committing "+ns, func() error {
		_, err := cc.administrator(m.answering()).peer(ctx, append(args, cc.administrator(m).orderer()...)...)
		if err == nil {
			return nil
		}
		// It may have been committed although the answer was lost.
		if at, e := cc.committedSequence(ctx, m, ns); e == nil && at >= sequence {
			return nil
		}
		return err
	})
}

func (cc contracts) definition(ns string, sequence int) ([]string, error) {
	rule, ok := cc.d.Policy(ns)
	if !ok {
		return nil, fmt.Errorf("namespace %s is closed: its member left", ns)
	}
	return []string{
		"--channelID", cc.d.Channel, "--name", ns, "--version", "1", "--sequence", strconv.Itoa(sequence),
		"--signature-policy", rule,
	}, nil
}

// inForce tells whether a namespace's definition in force is the one that we would
// give it, and has every member of this machine consent to it.
func (cc contracts) inForce(ctx context.Context, ns string) (bool, error) {
	at, err := cc.nextSequence(ctx, ns)
	if err != nil || at == 1 {
		return false, err
	}
	err = inParallel(cc.ownPeers(), func(m Member) error { return cc.approve(ctx, m, ns, at-1) })
	if differs(err) {
		return false, nil
	}
	return err == nil, err
}

// nextSequence is the version a new definition of a namespace would get.
func (cc contracts) nextSequence(ctx context.Context, ns string) (int, error) {
	asked := cc.ownPeers()
	if len(asked) == 0 {
		return 0, fmt.Errorf("no peer on this machine to ask about %s", ns)
	}
	at, err := cc.committedSequence(ctx, asked[0], ns)
	return at + 1, err
}

// committedSequence is the version in force, 0 when there is none.
func (cc contracts) committedSequence(ctx context.Context, m Member, ns string) (int, error) {
	var out []byte
	err := retry(ctx, stepWithin, "asking for the definition of "+ns, func() (err error) {
		out, err = cc.administrator(m.answering()).peer(ctx, "lifecycle", "chaincode", "querycommitted", "--channelID", cc.d.Channel, "--name", ns, "-O", "json")
		if err != nil && strings.Contains(err.Error(), "is not defined") {
			out, err = []byte("{}"), nil
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	var answer struct {
		Sequence int `json:"sequence"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return 0, fmt.Errorf("reading the definition of %s: %w", ns, err)
	}
	return answer.Sequence, nil
}

// final is an error that trying again cannot help.
type final struct{ error }

// retry repeats a step until it succeeds or the time is up: right after a start
// processes do not listen yet, or have no leader yet. The pauses grow, because a
// machine that is too busy gets no faster by being asked more.
func retry(ctx context.Context, within time.Duration, what string, step func() error) error {
	pause := 150 * time.Millisecond
	for end := time.Now().Add(within); ; pause = min(pause*5/4, time.Second) {
		err := step()
		if err == nil {
			return nil
		}
		if _, stop := err.(final); stop || time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
