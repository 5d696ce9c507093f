package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// machine is the site's processes: it starts and stops them, takes them into the
// channel, tells how they are, and does them harm for tests.
type machine struct {
	*site
	sup *supervisor
	// link joins the hosts of an isolated network; nil otherwise.
	link *links
}

// startAll starts what does not run, and mends what a running peer lost.
func (mc *machine) startAll(ctx context.Context) error {
	if mc.link != nil {
		if err := mc.link.up(ctx); err != nil {
			return err
		}
	}
	for _, p := range mc.Processes() {
		if err := mc.startProcess(p); err != nil {
			return err
		}
	}
	return nil
}

// Down stops every process of this machine, contract services last, so that
// running endorsements can end.
func (mc *machine) Down(ctx context.Context) error {
	var all []error
	for _, kind := range []string{KindPeer, KindOrderer, KindService} {
		var names []string
		for _, p := range mc.Processes() {
			if p.Kind == kind {
				names = append(names, p.Name)
			}
		}
		all = append(all, inParallel(names, func(name string) error {
			return mc.sup.stop(name, 10*time.Second)
		}))
	}
	if mc.link != nil {
		all = append(all, mc.link.down(ctx))
	}
	return errors.Join(all...)
}

// relink connects the hosts of an isolated network whose description changed.
func (mc *machine) relink(ctx context.Context) error {
	if mc.link == nil {
		return nil
	}
	link, err := newLinks(mc.d)
	if err != nil {
		return err
	}
	mc.link = link
	return link.up(ctx)
}

// startProcess starts a process unless it runs. What it reads is written now, and
// at no other time: nothing changes under a process that runs.
func (mc *machine) startProcess(p Process) error {
	if _, runs := mc.sup.running(p.Name); !runs {
		if err := mc.prepareStart(p); err != nil {
			return err
		}
	} else if p.Kind == KindPeer {
		if err := mc.refreshBuilds(p.of, true); err != nil {
			return err
		}
	}
	return mc.sup.start(p, mc.netns(p.Host))
}

// prepareStart writes what a process reads that does not run. New certificates
// that it was about to get are put in their places first.
func (s *site) prepareStart(p Process) error {
	if err := s.goOnTaking(p.of, p.folder); err != nil {
		return err
	}
	if err := s.writeSettings(p); err != nil {
		return fmt.Errorf("writing the settings of %s: %w", p.Name, err)
	}
	if p.Kind == KindPeer {
		return s.refreshBuilds(p.of, false)
	}
	return nil
}

// netns is the Linux network namespace of a host, empty when not isolated.
func (mc *machine) netns(host string) string {
	if mc.link == nil {
		return ""
	}
	return mc.link.name(host)
}

// JoinOrderer has a member's orderer take part in the channel. All orderers
// join at the same time: a quorum is needed before any of them works.
func (mc *machine) JoinOrderer(ctx context.Context, id string) error {
	m, ok := mc.d.Member(id)
	if !ok || m.Orderer == nil {
		return nil
	}
	return retry(ctx, stepWithin, "joining the orderer of "+id, func() error {
		if err := mc.sup.ended(KindOrderer + "." + id); err != nil {
			return final{err}
		}
		out, err := mc.administrator(m).osnadmin(ctx, "join", "--config-block", mc.genesis())
		if err == nil && strings.Contains(string(out), "Status: 201") {
			return nil
		}
		listed, _ := mc.administrator(m).osnadmin(ctx, "list")
		if strings.Contains(string(listed), "Status: 200") {
			return nil
		}
		return fmt.Errorf("%w %s", err, strings.TrimSpace(string(out)))
	})
}

// JoinPeer has a member's peers take part in the channel.
func (mc *machine) JoinPeer(ctx context.Context, id string) error {
	m, ok := mc.d.Member(id)
	if !ok || m.Peer == nil {
		return nil
	}
	return inParallel(m.seats(), func(seat Member) error { return mc.joinSeat(ctx, seat) })
}

func (mc *machine) joinSeat(ctx context.Context, m Member) error {
	name := m.process(KindPeer)
	return retry(ctx, stepWithin, "joining "+name, func() error {
		if err := mc.sup.ended(name); err != nil {
			return final{err}
		}
		if pid, ok := mc.sup.running(name); ok && !listening(pid, m.Peer.Port) {
			return fmt.Errorf("it does not listen yet")
		}
		_, err := mc.administrator(m).peer(ctx, "channel", "join", "-b", mc.genesis())
		if err != nil && strings.Contains(err.Error(), "already exists") {
			return nil
		}
		return err
	})
}

// State is what status tells about a process.
type State struct {
	Process
	PID int // 0: not running
	// Since is when it was started; zero when that is not known.
	Since time.Time
	// Answers tells whether it listens on every port.
	Answers bool
	// Memory is the resident size in bytes.
	Memory int64
	Log    string
}

// Status looks at every process of this machine.
func (mc *machine) Status() []State {
	var states []State
	for _, p := range mc.Processes() {
		s := State{Process: p, Log: mc.sup.logFile(p.Name)}
		if r, ok := mc.sup.record(p.Name); ok {
			s.PID, s.Since, s.Memory = r.PID, r.Since, memory(r.PID)
			s.Answers = answers(r.PID, p)
		}
		states = append(states, s)
	}
	return states
}

// Runs tells whether any process of this machine runs.
func (mc *machine) Runs() bool {
	for _, p := range mc.Processes() {
		if mc.Running(p.Name) {
			return true
		}
	}
	return false
}

// answers tells whether a process listens on all its ports. The kernel is
// asked: trying to connect would leave a failed TLS handshake in the log.
func answers(pid int, p Process) bool {
	for _, at := range p.Ports {
		_, text, _ := net.SplitHostPort(at)
		port, err := strconv.Atoi(text)
		if err != nil || !listening(pid, port) {
			return false
		}
	}
	return true
}

func canListen(at string) bool {
	l, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// inParallel runs one function for each item at once and joins their errors.
func inParallel[T any](items []T, do func(T) error) error {
	errs := make([]error, len(items))
	var wait sync.WaitGroup
	for i, item := range items {
		wait.Go(func() { errs[i] = do(item) })
	}
	wait.Wait()
	return errors.Join(errs...)
}
