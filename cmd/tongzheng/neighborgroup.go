package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"tongzheng/cmd/internal/app"
)

// group is instances that run and end together.
type group struct {
	w        *world
	running  context.Context // ends when they are to stop: interrupted, or one has ended
	end      context.CancelFunc
	children []*child
	closers  []io.Closer // of what is open in this process; the last one opened is closed first
	said     sync.Mutex  // one line at a time
}

// child is one instance's process.
type child struct {
	name    string
	started chan error
	ready   chan struct{} // closed when it has said so
	done    chan struct{} // closed when it has ended
	stop    func()        // has it finish
	kill    func()        // ends it at once
	failed  error         // how it ended, after done; nil for well
	first   bool          // it ended while nobody was told to stop
}

func newGroup(w *world) *group {
	g := &group{w: w}
	g.running, g.end = context.WithCancel(w.ctx)
	return g
}

// saysReady is what serve says when it serves.
const saysReady = "就绪 ready in"

// start starts a process whose lines are told with its name. The kernel ends it
// with the thread that started it, so that is kept; a Ctrl-C is for this process.
func (g *group) start(name, program string, args []string) (*child, error) {
	c := &child{name: name, started: make(chan error, 1), ready: make(chan struct{}), done: make(chan struct{})}
	go g.run(c, instanceProcess(program, args))
	if err := <-c.started; err != nil {
		return nil, err
	}
	g.children = append(g.children, c)
	return c, nil
}

func (g *group) run(c *child, cmd *exec.Cmd) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	var errs io.ReadCloser
	if err == nil {
		errs, err = cmd.StderrPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.started <- err
		return
	}
	c.stop, c.kill = func() { _ = cmd.Process.Signal(os.Interrupt) }, func() { _ = cmd.Process.Kill() } // one that has ended needs neither
	c.started <- nil
	var told sync.WaitGroup
	told.Go(func() {
		g.pass(c, out, g.w.stdout, func(line string) bool {
			if strings.HasPrefix(line, saysReady) {
				close(c.ready)
			}
			return strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "Ctrl-C")
		})
	})
	told.Go(func() { g.pass(c, errs, g.w.stderr, func(string) bool { return true }) })
	told.Wait()
	g.ended(c, cmd.Wait())
}

// ended notes how one ended; the others are to stop.
func (g *group) ended(c *child, err error) {
	c.failed, c.first = err, g.running.Err() == nil
	close(c.done)
	g.end()
}

// serve serves an instance in this process; it is closed by stop.
func (g *group) serve(name string, a *app.App) (*child, error) {
	g.closers = append(g.closers, a)
	socket, err := serveOperator(a.Handler, a.Config.Data)
	if err != nil {
		return nil, err
	}
	g.closers = append(g.closers, socket)
	ctx, stop := context.WithCancel(context.WithoutCancel(g.running))
	c := &child{name: name, ready: make(chan struct{}), done: make(chan struct{}), stop: stop, kill: stop}
	close(c.ready)
	g.children = append(g.children, c)
	go func() {
		err := a.Serve(ctx)
		if err != nil {
			g.tell(name, g.w.stderr, err.Error())
		}
		g.ended(c, err)
	}()
	return c, nil
}

// pass tells the lines of a stream that are wanted.
func (g *group) pass(c *child, from io.Reader, to io.Writer, wanted func(line string) bool) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if wanted(lines.Text()) {
			g.tell(c.name, to, lines.Text())
		}
	}
	_, _ = io.Copy(io.Discard, from) // a line beyond the bound must not block it
}

func (g *group) tell(name string, to io.Writer, line string) {
	g.said.Lock()
	defer g.said.Unlock()
	fmt.Fprintf(to, "%-8s│ %s\n", name, line)
}

// stopWithin is how long an instance may take to finish what was begun; what is
// left then is ended.
const stopWithin = 2 * time.Minute

// stop has all of them finish, and tells how the first one that ended by itself did.
func (g *group) stop() error {
	g.end()
	for _, c := range g.children {
		c.stop()
	}
	late := time.After(stopWithin)
	for _, c := range g.children {
		select {
		case <-c.done:
		case <-late:
			fmt.Fprintf(g.w.stderr, "tongzheng: %s 未在 %s 内停止，强制结束 did not stop: killed\n", c.name, stopWithin)
			c.kill()
			<-c.done
		}
	}
	code := 0
	for _, open := range slices.Backward(g.closers) {
		if err := open.Close(); err != nil {
			fmt.Fprintln(g.w.stderr, "tongzheng:", err)
			code = exitNegative
		}
	}
	for _, c := range g.children {
		switch {
		case c.first:
			fmt.Fprintf(g.w.stderr, "tongzheng: %s 已结束，其余随之停止 ended (%s), so the others were stopped; its reason stands above\n", c.name, outcome(c.failed))
			return exit(max(exitNegative, codeOfProcess(c.failed)))
		case c.failed != nil:
			fmt.Fprintf(g.w.stderr, "tongzheng: %s 停止时出错 failed when it stopped: %v\n", c.name, c.failed)
			code = max(code, codeOfProcess(c.failed))
		}
	}
	if code != 0 {
		return exit(code)
	}
	fmt.Fprintln(g.w.stdout, "全部已停止 all stopped.")
	return nil
}

func outcome(err error) string {
	if err == nil {
		return "exit 0"
	}
	return err.Error()
}

// codeOfProcess is the exit code that stands for how a process ended.
func codeOfProcess(err error) int {
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() > 0 {
		return ended.ExitCode()
	}
	if err != nil {
		return exitNegative
	}
	return 0
}

// awaitReady waits until the instance serves, and says of itself that nothing it
// needs is out of reach.
func (c *child) awaitReady(ctx context.Context, w *world, listen string) error {
	select {
	case <-c.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	asking := &http.Client{Timeout: 10 * time.Second}
	for said := ""; ; {
		state, err := readiness(ctx, asking, "http://"+listen+"/readyz")
		if err == nil && state == "" {
			return nil
		}
		if err != nil {
			state = err.Error()
		}
		if state != said && ctx.Err() == nil {
			said = state
			fmt.Fprintf(w.stdout, "%-8s│ 尚未就绪 not ready yet: %s\n", c.name, state)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// readiness is what an instance says is out of reach; empty for nothing.
func readiness(ctx context.Context, asking *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := asking.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return "", nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	return strings.TrimSpace(string(body)), err
}
