package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"tongzheng/cmd/internal/app"
)

// A running server owns ledger and status view. It takes its operator's
// commands over a Unix socket in the data folder that only the folder's owner
// can open, and runs them on what it has open.

const adminSocket = "admin.sock"

// adminCommands are the commands that a running server takes.
var adminCommands = []string{"account", "handover", "import", "seal", "stock"}

// adminCall is a parsed command: paths in it are absolute, and read by the
// server.
type adminCall struct {
	Path    []string        `json:"path"` // as seal import
	Command json.RawMessage `json:"command"`
}

// adminLine is a piece of what the command says, or its exit code.
type adminLine struct {
	Out  string `json:"out,omitempty"`
	Err  string `json:"err,omitempty"`
	Exit *int   `json:"exit,omitempty"`
}

// onData is a command that works on a data folder.
type onData interface{ folder() string }

func (c *instance) folder() string  { return c.Data }
func (c *keyFolder) folder() string { return c.Data }

// forward has a running server do the command; false when there is none, or
// the command is not for it.
func forward(w *world, parsed *kong.Context) (code int, done bool) {
	path := commandPath(parsed)
	if len(path) == 0 || !slices.Contains(adminCommands, path[0]) || w.app != nil {
		return 0, false
	}
	command, ok := parsed.Selected().Target.Addr().Interface().(onData)
	if !ok {
		return 0, false
	}
	conn, err := net.Dial("unix", filepath.Join(command.folder(), adminSocket))
	if err != nil {
		return 0, false
	}
	defer conn.Close()
	raw, err := json.Marshal(command)
	if err == nil {
		err = json.NewEncoder(conn).Encode(adminCall{path, raw})
	}
	for lines := json.NewDecoder(conn); err == nil; {
		var line adminLine
		if err = lines.Decode(&line); err != nil {
			break
		}
		fmt.Fprint(w.stdout, line.Out)
		fmt.Fprint(w.stderr, line.Err)
		if line.Exit != nil {
			return *line.Exit, true
		}
	}
	fmt.Fprintln(w.stderr, "tongzheng: the server ended in the middle:", err)
	return exitUnknown, true
}

// commandPath is the names of the command that was called.
func commandPath(parsed *kong.Context) (path []string) {
	for _, step := range parsed.Path {
		if step.Command != nil {
			path = append(path, step.Command.Name)
		}
	}
	return path
}

// serveAdmin takes commands until the listener is closed.
func serveAdmin(w *world, a *app.App, data string) (io.Closer, error) {
	path := filepath.Join(data, adminSocket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err // the ledger's lock says that no other server runs here
	}
	mask := syscall.Umask(0o177) // never open to others
	listener, err := net.Listen("unix", path)
	syscall.Umask(mask)
	if err != nil {
		return nil, fmt.Errorf("operator's socket: %w", err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				runAdmin(w, a, conn)
			}()
		}
	}()
	return listener, nil
}

func runAdmin(w *world, a *app.App, conn net.Conn) {
	var lock sync.Mutex
	out := json.NewEncoder(conn)
	say := func(line adminLine) {
		lock.Lock()
		defer lock.Unlock()
		_ = out.Encode(line) // the caller may be gone
	}
	inner := &world{ctx: w.ctx, stdin: strings.NewReader(""), app: a,
		stdout: saying(func(text string) { say(adminLine{Out: text}) }), stderr: saying(func(text string) { say(adminLine{Err: text}) })}
	code := 0
	var call adminCall
	err := json.NewDecoder(bufio.NewReader(conn)).Decode(&call)
	if err == nil {
		err = runCall(inner, call)
	}
	if err != nil {
		code = explain(inner, err)
	}
	say(adminLine{Exit: &code})
}

// saying is a writer that hands on text.
type saying func(text string)

func (s saying) Write(raw []byte) (int, error) {
	s(string(raw))
	return len(raw), nil
}

// runCall finds the command by its names, fills it and runs it.
func runCall(w *world, call adminCall) error {
	if len(call.Path) == 0 || !slices.Contains(adminCommands, call.Path[0]) {
		return usage("a running server does not take this command")
	}
	parser, err := kong.New(new(commands))
	if err != nil {
		return err
	}
	node := parser.Model.Node
	for _, name := range call.Path {
		i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == name })
		if i < 0 {
			return usage("no command %s", strings.Join(call.Path, " "))
		}
		node = node.Children[i]
	}
	command := node.Target.Addr()
	if err := json.Unmarshal(call.Command, command.Interface()); err != nil {
		return usage("%s: %v", strings.Join(call.Path, " "), err)
	}
	run := command.MethodByName("Run")
	if !run.IsValid() {
		return usage("%s is no command", strings.Join(call.Path, " "))
	}
	args := []reflect.Value{reflect.ValueOf(w), reflect.ValueOf(sealVerb(node.Name))}
	result := run.Call(args[:run.Type().NumIn()])
	err, _ = result[0].Interface().(error)
	return err
}
