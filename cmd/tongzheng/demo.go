package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"tongzheng/cmd/tongzheng/app"
	"tongzheng/registry"
)

type demoCommand struct {
	Ledger  string `env:"TONGZHENG_LEDGER" default:"embedded" help:"embedded, or the folder of a Fabric profile."`
	Keep    string `type:"path" help:"保留 Folder that gets license.ofd, paper.pdf, qr.txt, roots.pem, license.bundle and the forged copies."`
	Verbose bool   `short:"v" help:"多输出 Say more."`
}

// Help is the longer help of the command.
func (*demoCommand) Help() string {
	return `Starts a throw-away instance (private PostgreSQL, ledger, signer, HTTP server), tells the
life of one food operation license through the API, scans the printed sheets as a citizen
would, and shows each forgery being caught. Ends with 0 only if every step did what it says.`
}

// story is one run of the demonstration.
type story struct {
	w      *world
	app    *app.App
	demo   *app.Demo
	keep   string
	began  time.Time
	last   time.Time
	number int

	// what the steps pass on
	base    registry.Identifier // version 001
	sheets  map[string]sheet    // by name: original, duplicate, reprint, second
	changed registry.Identifier
}

// Run tells the story.
func (c *demoCommand) Run(w *world) error {
	dir, err := os.MkdirTemp("", "tongzheng-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &story{w: w, keep: c.Keep, began: time.Now(), last: time.Now(), sheets: map[string]sheet{}}
	if s.keep != "" {
		if err := os.MkdirAll(s.keep, 0o755); err != nil {
			return err
		}
	}
	s.say("启动一次性实例：PostgreSQL、账本、签章、HTTP；建立演示城市", "starting a throw-away instance and seeding the demonstration city")
	s.app, err = app.Open(w.ctx, app.Config{Data: dir, Listen: "127.0.0.1:0", Ledger: c.Ledger, DemoCity: true, Throwaway: true, Log: logger(w, c.Verbose)})
	if err != nil {
		return err
	}
	defer s.app.Close()
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.app.Serve(ctx) }()
	if s.demo, err = app.ReadDemo(dir); err != nil {
		return err
	}
	for _, step := range []func() error{s.issue, s.print, s.scan, s.spoil, s.change, s.prove, s.cancel, s.forgeries, s.insider, s.finish} {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", s.number, err)
		}
	}
	stop()
	return <-served
}

// say begins a step, with the time the last one took.
func (s *story) say(zh, en string) {
	if s.number > 0 {
		fmt.Fprintf(s.w.stdout, "        %s\n", time.Since(s.last).Round(time.Millisecond))
	}
	s.number++
	s.last = time.Now()
	fmt.Fprintf(s.w.stdout, "\n%2d  %s\n    %s\n", s.number, zh, en)
}

func (s *story) tell(format string, args ...any) {
	fmt.Fprintf(s.w.stdout, "      "+format+"\n", args...)
}

// as is a client with one account's API key.
func (s *story) as(login string) (*remote, app.DemoAccount, error) {
	account, err := s.demo.Account(login)
	return &remote{Server: s.app.Config.PublicURL, APIKey: account.APIKey}, account, err
}

// act posts an application, has the named people sign it with their own keys,
// and waits for the ledger.
func (s *story) act(path string, application registry.Application, signers ...string) (*proceeding, error) {
	client, _, err := s.as(signers[0])
	if err != nil {
		return nil, err
	}
	sub := &submitOptions{remote: *client}
	var p proceeding
	key := fmt.Sprintf("demo-%d-%s-%d", s.number, application.Act, time.Now().UnixNano())
	if err := sub.call(s.w.ctx, http.MethodPost, path, http.Header{"Idempotency-Key": {key}}, application, &p); err != nil {
		return nil, err
	}
	for _, login := range signers {
		client, account, err := s.as(login)
		if err != nil {
			return nil, err
		}
		sub.remote = *client
		if err := sub.approve(s.w, &p, filepath.Join(s.app.Config.Data, account.KeyFile)); err != nil {
			return nil, err
		}
		s.tell("%s 签署 signed with key %s…", account.Name, account.KeyID[:8])
	}
	if err := sub.call(s.w.ctx, http.MethodGet, "/proceedings/"+p.Intent.String(), http.Header{"Prefer": {"wait=30"}}, nil, &p); err != nil {
		return nil, err
	}
	if p.Step != "anchored" {
		return nil, fmt.Errorf("%s is %s, not anchored: %+v", application.Act, p.Step, p.Refusal)
	}
	s.tell("%s：已盖章上链 sealed and anchored  %s", application.Act.Chinese(), p.Identifier)
	return &p, nil
}

// verify asks the public API and expects one word; check names the failed
// check that must be among the answer's, empty for none.
func (s *story) verify(what string, ask any, want registry.Word, check registry.CheckName) error {
	var v registry.Verdict
	var raw json.RawMessage
	client := &remote{Server: s.app.Config.PublicURL}
	if err := client.call(s.w.ctx, http.MethodPost, "/verify", nil, ask, &raw); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	return s.judge(what, v, want, check)
}

func (s *story) judge(what string, v registry.Verdict, want registry.Word, check registry.CheckName) error {
	info := v.Word.Info()
	s.tell("%s → %s %s (%s)", what, v.Word, info.Chinese, info.English)
	if v.Word != want {
		return fmt.Errorf("%s: verdict %s, want %s: %+v", what, v.Word, want, v.Checks)
	}
	if check == "" {
		return nil
	}
	for _, c := range v.Checks {
		if c.Name == check && c.Result == registry.Failed {
			why := "依据 by"
			if want == registry.Altered {
				why = "查出 caught by"
			}
			s.tell("   %s %s: %s %s", why, c.Name, c.Chinese, c.English)
			return nil
		}
	}
	return fmt.Errorf("%s: not caught by %s: %+v", what, check, v.Checks)
}

// keepFile writes one of the files that --keep promises.
func (s *story) keepFile(name string, content []byte) error {
	if s.keep == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(s.keep, name), content, 0o644)
}

// finish writes the trust anchors and says how long all of it took.
func (s *story) finish() error {
	s.say("完成", "done")
	if err := s.keepFile("roots.pem", s.app.RootsPEM()); err != nil {
		return err
	}
	s.tell("全程 in all %s", time.Since(s.began).Round(10*time.Millisecond))
	if s.keep != "" {
		s.tell("文件在 files are in %s", s.keep)
	}
	return nil
}
