package signer

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/registry/sm"
)

const killEnv = "TONGZHENG_SIGNER_KILL_DIR"

// TestKilledSealer is the child of TestServiceSurvivesKill: it seals act after
// act and says so only when the service has answered.
func TestKilledSealer(t *testing.T) {
	dir := os.Getenv(killEnv)
	if dir == "" {
		t.Skip("runs as the child of TestServiceSurvivesKill")
	}
	s := newStage(t)
	must(t, s.service.Close())
	s.cfg.Path = filepath.Join(dir, "signer.db")
	s.open()
	_, err := s.service.ImportSeal(s.fixture.seal)
	must(t, err)
	for i := 0; ; i++ {
		job := s.job()
		job.Intent.Identifier.Serial = fmt.Sprintf("K%09d", i)
		s.restate(&job)
		fmt.Printf("sealed %s %s\n", job.Intent.Digest(), sm.Sum(s.seal(job).Sealed))
	}
}

// TestServiceSurvivesKill kills a sealing process with SIGKILL: everything it
// answered is there afterwards, byte for byte, and the use log is whole.
func TestServiceSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledSealer$", "-test.timeout=60s")
	child.Env = append(os.Environ(), killEnv+"="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	answered := map[string]string{}
	var kill *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if parts := strings.Fields(lines.Text()); len(parts) == 3 && parts[0] == "sealed" {
			answered[parts[1]] = parts[2]
			if kill == nil { // in the midst of some later act
				kill = time.AfterFunc(300*time.Millisecond, func() { _ = child.Process.Kill() })
			}
		}
	}
	_ = child.Wait()
	if len(answered) == 0 {
		t.Fatal("the child sealed nothing")
	}
	s := newStage(t)
	must(t, s.service.Close())
	s.cfg.Path = filepath.Join(dir, "signer.db")
	s.open() // checks the log
	for intent, document := range answered {
		digest, err := sm.ParseDigest(intent)
		must(t, err)
		act, err := s.service.kept(digest)
		must(t, err)
		if act == nil || sm.Sum(act.Sealed).String() != document {
			t.Errorf("intent %s was answered and is gone or changed", intent)
		}
	}
	t.Logf("%d answers before the kill", len(answered))
}
