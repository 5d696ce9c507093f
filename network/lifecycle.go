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

func (n *Network) markFounded() error {
	if n.Founded() {
		return nil // Several members' probes end at the same time.
	}
	return writeFile(n.founded(), []byte("The channel and its contracts are set up.\n"), 0o644)
}

// approveAndCommit takes the namespaces' definitions through all members.
func (n *Network) approveAndCommit(ctx context.Context, namespaces []string) error {
	return inParallel(namespaces, func(ns string) error {
		sequence, err := n.nextSequence(ctx, ns)
		if err != nil {
			return err
		}
		err = inParallel(n.ownPeers(), func(m Member) error { return n.approve(ctx, m, ns, sequence) })
		if err != nil {
			return err
		}
		return n.Commit(ctx, n.d.Lead, ns, sequence)
	})
}

// JoinOrderer has a member's orderer take part in the channel. All orderers
// join at the same time: a quorum is needed before any of them works.
func (n *Network) JoinOrderer(ctx context.Context, id string) error {
	m, ok := n.d.Member(id)
	if !ok || m.Orderer == nil {
		return nil
	}
	tool := n.opts.Tools.Path("osnadmin")
	return retry(ctx, stepWithin, "joining the orderer of "+id, func() error {
		if err := n.sup.ended(KindOrderer + "." + id); err != nil {
			return final{err}
		}
		out, err := runTool(ctx, command{path: tool, args: n.osnadmin(m, "join", "--config-block", n.genesis())})
		if err == nil && strings.Contains(string(out), "Status: 201") {
			return nil
		}
		listed, _ := runTool(ctx, command{path: tool, args: n.osnadmin(m, "list")})
		if strings.Contains(string(listed), "Status: 200") {
			return nil
		}
		return fmt.Errorf("%w %s", err, strings.TrimSpace(string(out)))
	})
}

// osnadmin are the arguments of a question to a member's orderer, asked by the
// member's administrator.
func (n *Network) osnadmin(m Member, verb string, more ...string) []string {
	return append([]string{
		"channel", verb, "--channelID", n.d.Channel, "-o", address(m.Orderer.Host, m.Orderer.Admin),
		"--ca-file", n.tlsRoots(m.ID), "--client-cert", n.member(m.ID, "admin", "tls", "cert.pem"),
		"--client-key", n.member(m.ID, "admin", "tls", "key.pem"),
	}, more...)
}

// JoinPeer has a member's peer take part in the channel.
func (n *Network) JoinPeer(ctx context.Context, id string) error {
	m, ok := n.d.Member(id)
	if !ok || m.Peer == nil {
		return nil
	}
	return retry(ctx, stepWithin, "joining the peer of "+id, func() error {
		if err := n.sup.ended(KindPeer + "." + id); err != nil {
			return final{err}
		}
		if pid, ok := n.sup.running(KindPeer + "." + id); ok && !listening(pid, m.Peer.Port) {
			return fmt.Errorf("it does not listen yet")
		}
		_, err := n.peer(ctx, m, "channel", "join", "-b", n.genesis())
		if err != nil && strings.Contains(err.Error(), "already exists") {
			return nil
		}
		return err
	})
}

// Install gives a member's peer the package of every namespace.
func (n *Network) Install(ctx context.Context, id string) error {
	m, ok := n.d.Member(id)
	if !ok || m.Peer == nil {
		return nil
	}
	for _, ns := range n.d.Namespaces {
		err := retry(ctx, stepWithin, fmt.Sprintf("installing %s at %s", ns, id), func() error {
			_, err := n.peer(ctx, m, "lifecycle", "chaincode", "install", n.packageFile(ns))
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
func (n *Network) approve(ctx context.Context, m Member, ns string, sequence int) error {
	pkg, err := os.ReadFile(n.packageFile(ns))
	if err != nil {
		return fmt.Errorf("reading the package of %s: %w", ns, err)
	}
	definition, err := n.definition(ns, sequence)
	if err != nil {
		return err
	}
	args := append([]string{"lifecycle", "chaincode", "approveformyorg", "--package-id", packageID(ns, pkg)}, definition...)
	return retry(ctx, stepWithin, fmt.Sprintf("approving %s for %s", ns, m.ID), func() error {
		_, err := n.peer(ctx, m, append(args, n.orderer(m)...)...)
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
func (n *Network) Commit(ctx context.Context, id, ns string, sequence int) error {
	m, ok := n.d.Member(id)
	if !ok || m.Peer == nil {
		return fmt.Errorf("%q is not a member with a peer", id)
	}
	definition, err := n.definition(ns, sequence)
	if err != nil {
		return err
	}
	args := append([]string{"lifecycle", "chaincode", "commit"}, definition...)
	for _, p := range n.d.PeerMembers() {
		args = append(args, "--peerAddresses", address(p.Peer.Host, p.Peer.Port), "--tlsRootCertFiles", n.tlsRoots(p.ID))
	}
	return retry(ctx, stepWithin, "committing "+ns, func() error {
		_, err := n.peer(ctx, m, append(args, n.orderer(m)...)...)
		if err == nil {
			return nil
		}
		// It may have been committed although the answer was lost.
		if at, e := n.committedSequence(ctx, m, ns); e == nil && at >= sequence {
			return nil
		}
		return err
	})
}

func (n *Network) definition(ns string, sequence int) ([]string, error) {
	rule, ok := n.d.Policy(ns)
	if !ok {
		return nil, fmt.Errorf("namespace %s is closed: its member left", ns)
	}
	return []string{
		"--channelID", n.d.Channel, "--name", ns, "--version", "1", "--sequence", strconv.Itoa(sequence),
		"--signature-policy", rule,
	}, nil
}

// nextSequence is the version a new definition of a namespace would get.
func (n *Network) nextSequence(ctx context.Context, ns string) (int, error) {
	asked := n.ownPeers()
	if len(asked) == 0 {
		return 0, fmt.Errorf("no peer on this machine to ask about %s", ns)
	}
	at, err := n.committedSequence(ctx, asked[0], ns)
	return at + 1, err
}

// committedSequence is the version in force, 0 when there is none.
func (n *Network) committedSequence(ctx context.Context, m Member, ns string) (int, error) {
	var out []byte
	err := retry(ctx, stepWithin, "asking for the definition of "+ns, func() (err error) {
		out, err = n.peer(ctx, m, "lifecycle", "chaincode", "querycommitted", "--channelID", n.d.Channel, "--name", ns, "-O", "json")
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

// peer runs the peer tool as the member's administrator against its own peer.
func (n *Network) peer(ctx context.Context, m Member, args ...string) ([]byte, error) {
	return runTool(ctx, command{path: n.opts.Tools.Path("peer"), args: args, env: n.adminEnv(m)})
}

func (n *Network) adminEnv(m Member) []string {
	env := []string{
		"FABRIC_CFG_PATH=" + n.opts.Tools.samples(), "FABRIC_LOGGING_SPEC=error",
		"CORE_PEER_LOCALMSPID=" + m.MSP, "CORE_PEER_MSPCONFIGPATH=" + n.member(m.ID, "admin", "msp"),
		"CORE_PEER_TLS_ENABLED=true", "CORE_PEER_TLS_ROOTCERT_FILE=" + n.tlsRoots(m.ID),
	}
	if m.Peer != nil {
		env = append(env, "CORE_PEER_ADDRESS="+address(m.Peer.Host, m.Peer.Port))
	}
	return env
}

// orderer are the arguments by which the peer tool sends to an orderer: the
// member's own, else the first that answers.
func (n *Network) orderer(m Member) []string {
	to := m
	if m.Orderer == nil || !reachable(m.Orderer) {
		for _, o := range n.d.OrdererMembers() {
			if reachable(o.Orderer) {
				to = o
				break
			}
		}
	}
	if to.Orderer == nil {
		to = n.d.OrdererMembers()[0]
	}
	return []string{"-o", address(to.Orderer.Host, to.Orderer.Port), "--tls", "--cafile", n.tlsRoots(to.ID)}
}

func reachable(o *OrdererNode) bool { return dials(address(o.Host, o.Port)) }

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
