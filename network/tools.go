package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// ToolsEnv names a folder with ready-made tools, for machines without Go or
// without this repository.
const ToolsEnv = "TONGZHENG_FABRIC_BIN"

// Tools is a folder with the Fabric programs and their sample configuration.
type Tools struct{ dir string }

// Path is where a program lies: peer, orderer, configtxgen, configtxlator,
// osnadmin, or for tests testcc and mended.
func (t Tools) Path(program string) string { return filepath.Join(t.dir, program) }

func (t Tools) samples() string { return filepath.Join(t.dir, "config") }

// EnsureTools finds the tools: in the folder named by ToolsEnv, else in
// bin/fabric of the repository around the working directory, where they are
// built when the pinned versions or their sources changed. A cold build takes
// some minutes, mostly downloads; log hears about it.
func EnsureTools(ctx context.Context, log func(string, ...any)) (Tools, error) {
	if dir := os.Getenv(ToolsEnv); dir != "" {
		return Tools{dir}, nil
	}
	root, err := repository()
	if err != nil {
		return Tools{}, err
	}
	t := Tools{filepath.Join(root, "bin", "fabric")}
	source := filepath.Join(root, "network", "tools")
	if err := os.MkdirAll(t.samples(), 0o755); err != nil {
		return t, fmt.Errorf("making the tools folder: %w", err)
	}
	// Tests of several packages may arrive here at once; one of them builds.
	prepare := func() error { return nil }
	lock, err := waitLock(ctx, filepath.Join(t.dir, ".lock"), "building the Fabric tools", "the Fabric tools in "+t.dir, prepare, log)
	if err != nil {
		return t, err
	}
	defer lock.Unlock()
	want, err := toolsDigest(source)
	if err != nil {
		return t, err
	}
	stamp := filepath.Join(t.dir, ".stamp")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return t, nil
	}
	if err := t.build(ctx, source, log); err != nil {
		return t, err
	}
	return t, writeFile(stamp, []byte(want), 0o644)
}

// build fetches, mends and compiles the pinned programs, compiles ours, and
// copies the samples.
func (t Tools) build(ctx context.Context, source string, log func(string, ...any)) error {
	step := func(doing string, args ...string) error {
		done := tellTime(log, doing)
		defer done()
		// Politely: somebody may be working on this machine.
		_, err := runTool(ctx, command{path: "nice", dir: source, env: []string{"CGO_ENABLED=0"}, args: append([]string{"go"}, args...)})
		if err != nil {
			return fmt.Errorf("building the Fabric tools: %w", err)
		}
		return nil
	}
	if err := step("Fabric tools 1/3: downloading sources (the first time about 400 MiB)", "list", "-deps", "-f", "{{/**/}}", "tool", "./..."); err != nil {
		return err
	}
	out, err := runTool(ctx, command{path: "go", dir: source, args: []string{"list", "-m", "-f", "{{.Dir}}", fabricModule}})
	if err != nil {
		return fmt.Errorf("finding Fabric's sources: %w", err)
	}
	fabric := strings.TrimSpace(string(out))
	scratch, err := os.MkdirTemp("", "tongzheng-fabric-")
	if err != nil {
		return fmt.Errorf("making room for Fabric's sources: %w", err)
	}
	defer os.RemoveAll(scratch)
	modfile, err := mendFabric(source, fabric, scratch)
	if err != nil {
		return err
	}
	build := []string{"build", "-modfile", modfile, "-trimpath", "-ldflags", "-s -w", "-o", t.dir + "/"}
	if err := step("Fabric tools 2/3: compiling peer, orderer and their helpers", append(build, "tool")...); err != nil {
		return err
	}
	if err := step("Fabric tools 3/3: compiling our own", append(build, "./...")...); err != nil {
		return err
	}
	for _, name := range []string{"core.yaml", "orderer.yaml"} {
		raw, err := os.ReadFile(filepath.Join(fabric, "sampleconfig", name))
		if err != nil {
			return fmt.Errorf("reading Fabric's sample: %w", err)
		}
		if err := writeFile(filepath.Join(t.samples(), name), raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tellEvery is how often somebody who waits hears how long already.
const tellEvery = 15 * time.Second

// tellTime says what is being done, how long it has been going on, and, once done
// is called, how long it took.
func tellTime(log func(string, ...any), doing string) (done func()) {
	began, over, told := time.Now(), make(chan struct{}), make(chan struct{})
	log("%s", doing)
	go func() {
		defer close(told)
		every := time.NewTicker(tellEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				log("  … %.0f s", time.Since(began).Seconds())
			case <-over:
				return
			}
		}
	}()
	return func() {
		close(over)
		<-told
		log("  took %.0f s", time.Since(began).Seconds())
	}
}

// toolsDigest covers everything the build depends on.
func toolsDigest(source string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %q\n", runtime.Version(), runtime.GOARCH, mends)
	err := filepath.WalkDir(source, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %x\n", e.Name(), sha256.Sum256(raw))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("reading the tools module: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// repository walks up to the folder that holds network/tools.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "network", "tools", "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("not inside the repository: set %s to a folder with the Fabric tools", ToolsEnv)
		}
		dir = up
	}
}

// command is one run of a tool.
type command struct {
	path string
	args []string
	env  []string
	dir  string
	in   []byte
}

// runTool runs a tool to its end and returns its standard output. The error
// carries the tail of what the tool said.
func runTool(ctx context.Context, c command) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if c.in != nil {
		cmd.Stdin = strings.NewReader(string(c.in))
	}
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(complaint.String())
		if len(said) > 2000 {
			said = "…" + said[len(said)-2000:]
		}
		return []byte(out.String()), fmt.Errorf("%s %s: %w: %s", filepath.Base(c.path), strings.Join(firstWords(c.args), " "), err, said)
	}
	return []byte(out.String()), nil
}

// firstWords are the sub-command words of an argument list: enough to name it.
func firstWords(args []string) []string {
	for i, a := range args {
		if strings.HasPrefix(a, "-") {
			return args[:i]
		}
	}
	return args
}
