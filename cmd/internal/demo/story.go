package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
)

// Story is one run of the demonstration on a served instance.
type Story struct {
	ctx    context.Context // of the run
	out    io.Writer       // what is told
	app    *app.App
	city   *City
	keep   string // folder of the files to keep; empty for none
	began  time.Time
	last   time.Time
	number int

	// what the steps pass on
	base    registry.Identifier // version 001
	sheets  map[string]sheet    // by name: original, duplicate, reprint, second
	changed registry.Identifier
}

// TellConfig says how the story is told.
type TellConfig struct {
	Ledger string // as app.Config has it
	Keep   string // folder that gets files; none when empty
	Out    io.Writer
	Log    *slog.Logger
}

// Tell starts a throw-away instance, tells the story on it and removes it.
func Tell(ctx context.Context, config TellConfig) error {
	dir, err := os.MkdirTemp("", "tongzheng-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := newStory(ctx, config.Out)
	if s.keep = config.Keep; s.keep != "" {
		if err := os.MkdirAll(s.keep, 0o755); err != nil {
			return err
		}
	}
	s.say("启动一次性实例：PostgreSQL、账本、签章、HTTP；建立演示城市", "starting a throw-away instance and seeding the demonstration city")
	if s.app, err = Open(ctx, app.Config{Data: dir, Listen: "127.0.0.1:0", Ledger: config.Ledger, Throwaway: true, Log: config.Log}); err != nil {
		return err
	}
	defer s.app.Close()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.app.Serve(serving) }()
	if s.city, err = Read(dir); err != nil {
		return err
	}
	if err := s.tellAll(); err != nil {
		return err
	}
	stop()
	return <-served
}

func newStory(ctx context.Context, out io.Writer) *Story {
	return &Story{ctx: ctx, out: out, began: time.Now(), last: time.Now(), sheets: map[string]sheet{}}
}

// Begin prepares single steps of the story on an instance that is a
// demonstration and serves.
func Begin(ctx context.Context, a *app.App, out io.Writer) (*Story, error) {
	s := newStory(ctx, out)
	var err error
	s.app = a
	s.city, err = Read(a.Config.Data)
	return s, err
}

// tellAll goes through all steps; each must do what it says.
func (s *Story) tellAll() error {
	for _, step := range []func() error{s.takeIn, s.Issue, s.Print, s.scan, s.spoil, s.change, s.annul, s.window, s.prove, s.cancel, s.forgeries, s.insider, s.finish} {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", s.number, err)
		}
	}
	return nil
}

// say begins a step, with the time the last one took.
func (s *Story) say(zh, en string) {
	if s.number > 0 {
		fmt.Fprintf(s.out, "        %s\n", time.Since(s.last).Round(time.Millisecond))
	}
	s.number++
	s.last = time.Now()
	fmt.Fprintf(s.out, "\n%2d  %s\n    %s\n", s.number, zh, en)
}

func (s *Story) tell(format string, args ...any) {
	fmt.Fprintf(s.out, "      "+format+"\n", args...)
}

// as is a client with one account's API key.
func (s *Story) as(login string) (*client.Client, Account, error) {
	account, err := s.city.Account(login)
	return client.New(client.Config{Server: s.app.Config.PublicURL, APIKey: account.APIKey}), account, err
}

// anyone is a client without an account.
func (s *Story) anyone() *client.Client {
	return client.New(client.Config{Server: s.app.Config.PublicURL})
}

// Act applies for an act, has the named people sign it with their own keys, and
// waits for the ledger.
func (s *Story) Act(application registry.Application, signers ...string) (*resource.Proceeding, error) {
	server, _, err := s.as(signers[0])
	if err != nil {
		return nil, err
	}
	asked := client.Submission{Key: fmt.Sprintf("demo-%d-%s-%d", s.number, application.Act, time.Now().UnixNano()), Application: resource.Application{Application: application}}
	var p *resource.Proceeding
	if application.Act == registry.Issue {
		p, err = server.Licenses.Issue(s.ctx, asked)
	} else {
		p, err = server.Licenses.Act(s.ctx, application.Identifier, asked)
	}
	if err != nil {
		return nil, err
	}
	for _, login := range signers {
		signer, account, err := s.as(login)
		if err != nil {
			return nil, err
		}
		approval, err := person.ApproveIntent(filepath.Join(s.app.Config.Data, account.KeyFile), p.Sign.Canonical, p.Intent)
		if err != nil {
			return nil, err
		}
		if p, err = signer.Proceedings.Approve(s.ctx, p.Intent, approval, 0); err != nil {
			return nil, err
		}
		s.tell("%s 签署 signed with key %s…", account.Name, account.KeyID[:8])
		server = signer
	}
	if p, err = server.Proceedings.Show(s.ctx, p.Intent, 30*time.Second); err != nil {
		return nil, err
	}
	if p.Step != resource.StepAnchored {
		return nil, fmt.Errorf("%s is %s, not anchored: %+v", application.Act, p.Step, p.Refusal)
	}
	s.tell("%s：已盖章上链 sealed and anchored  %s", application.Act.Chinese(), p.Identifier)
	return p, nil
}

// Verify asks the public API and expects one word; check names the failed
// check that must be among the answer's, empty for none.
func (s *Story) Verify(what string, ask resource.Question, want registry.Word, check registry.CheckName) error {
	v, err := s.anyone().Public.Verify(s.ctx, ask)
	if err != nil {
		return err
	}
	return s.judge(what, v.Verdict, want, check)
}

func (s *Story) judge(what string, v registry.Verdict, want registry.Word, check registry.CheckName) error {
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
func (s *Story) keepFile(name string, content []byte) error {
	if s.keep == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(s.keep, name), content, 0o644)
}

// finish writes the trust anchors and says how long all of it took.
func (s *Story) finish() error {
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
