package signer

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/registry/pack"
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
		result := s.seal(job)
		fmt.Printf("sealed %s %s %s\n", job.Intent.Digest(), sm.Sum(result.Sealed), base64.StdEncoding.EncodeToString(job.Version.Unsealed))
	}
}

// TestServiceSurvivesKill kills a sealing process with SIGKILL: everything it
// answered is there afterwards, byte for byte, and the use log is whole.
func TestServiceSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledSealer$", "-test.timeout=60s")
	child.Env = append(os.Environ(), killEnv+"="+dir, "TMPDIR="+dir) // killed, it cleans nothing up
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	answered := map[string][2]string{}
	var kill *time.Timer
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if parts := strings.Fields(lines.Text()); len(parts) == 4 && parts[0] == "sealed" {
			answered[parts[1]] = [2]string{parts[2], parts[3]}
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
		if act == nil {
			t.Fatalf("intent %s was answered and is gone", intent)
		}
		unsealed, err := base64.StdEncoding.DecodeString(document[1])
		must(t, err)
		parts, err := pack.Kept(act.Parts, s.service.SealFile)
		must(t, err)
		if sealed, err := pack.Restore(unsealed, parts); err != nil || sm.Sum(sealed).String() != document[0] {
			t.Errorf("intent %s was answered and is changed: %v", intent, err)
		}
	}
	t.Logf("%d answers before the kill", len(answered))
}
