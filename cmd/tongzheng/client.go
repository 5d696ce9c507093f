package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// remote is a running server, as one account reaches it.
type remote struct {
	Server string `env:"TONGZHENG_SERVER" default:"http://localhost:8080" help:"服务地址 Address of the server."`
	APIKey string `env:"TONGZHENG_API_KEY" help:"接口密钥 API key tz_…; the environment keeps it out of the process list."`
}

func (r *remote) client() *client.Client {
	return client.New(client.Config{Server: r.Server, APIKey: r.APIKey})
}

// submitOptions are shared by the commands that bring a proceeding forward.
type submitOptions struct {
	remote
	Sign string        `placeholder:"KEY.pem" help:"签署密钥 The caller's own SM2 key file to approve with. Everybody signs with an account of their own: tongzheng approve."`
	Wait time.Duration `default:"30s" help:"等待完成 How long to wait for the end; 0 returns at once."`
	JSON bool          `name:"json" help:"Print the proceeding as JSON."`
}

// submission is what issue and act share: an application, the caller's own key.
type submission struct {
	submitOptions
	Key  string `help:"幂等键 Idempotency-Key; from the application's bytes when absent."`
	File string `arg:"" type:"existingfile" help:"申请 Application in JSON (see openapi.yaml)."`
}

// read is the application as its file has it. The key is made from extra too.
func (s *submission) read(extra ...byte) (client.Submission, error) {
	raw, err := os.ReadFile(s.File)
	if err != nil {
		return client.Submission{}, err
	}
	if !json.Valid(raw) {
		return client.Submission{}, usage("%s is not JSON", s.File)
	}
	key := s.Key
	if key == "" {
		key = sm.Sum(append(raw, extra...)).String()
	}
	return client.Submission{Key: key, Written: raw}, nil
}

// complete signs with the caller's key, when one is given, and waits for the end.
func (s *submitOptions) complete(w *world, p *resource.Proceeding) error {
	server := s.client().Proceedings
	if s.Sign != "" && p.Step == resource.StepReserved {
		approval, err := person.ApproveIntent(s.Sign, p.Sign.Canonical, p.Intent)
		if err != nil {
			return err
		}
		if p, err = server.Approve(w.ctx, p.Intent, approval, 0); err != nil {
			return err
		}
	}
	if s.Wait > 0 && p.Approvals.Missing == 0 {
		var err error
		if p, err = server.Show(w.ctx, p.Intent, s.Wait); err != nil {
			return err
		}
	}
	if err := s.print(w, p); err != nil {
		return err
	}
	if s.Wait > 0 && p.Approvals.Missing == 0 && p.Step != resource.StepAnchored {
		return exit(exitUnknown) // it goes on by itself; how it ends is not known yet
	}
	return nil
}

func (s *submitOptions) print(w *world, p *resource.Proceeding) error {
	if s.JSON {
		if err := printJSON(w, p); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w.stdout, "%s %s\n  %s\n  办件 proceeding %s\n", p.Act.Chinese(), p.Step, p.Identifier, p.Intent)
		for _, printing := range p.Printings {
			fmt.Fprintf(w.stdout, "  %s %d %s %s\n", printing.Copy.Chinese(), printing.Number, printing.Blank.Number, printing.URL)
		}
		if p.Approvals.Missing > 0 {
			fmt.Fprintf(w.stdout, "  还缺 %d 个签名 still missing; asked for: %v\n", p.Approvals.Missing, p.Approvals.Asked)
		}
	}
	if p.Refusal != nil {
		return registry.Errorf(p.Refusal.Code, "", "%s %s", p.Refusal.Title, p.Refusal.Detail)
	}
	return nil
}

type issueCommand struct {
	submission
	Place string `placeholder:"REGION" help:"属地 Region the license belongs to, for an application that names none; the territory itself when it is for the whole of it."`
}

// Run issues a license.
func (c *issueCommand) Run(w *world) error {
	application, err := c.read([]byte(c.Place)...)
	if err != nil {
		return err
	}
	if application.Written, err = placed(application.Written, c.Place); err != nil {
		return err
	}
	p, err := c.client().Licenses.Issue(w.ctx, application)
	if err != nil {
		return err
	}
	return c.complete(w, p)
}

// placed is an application in JSON at a place, as it is without one. A place that
// it names already is not overruled.
func placed(application json.RawMessage, place string) (json.RawMessage, error) {
	if place == "" {
		return application, nil
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(application, &fields); err != nil {
		return nil, usage("the application is no JSON object: %v", err)
	}
	if _, named := fields["place"]; named {
		return nil, usage("the application names its place: leave --place out")
	}
	fields["place"], _ = json.Marshal(place)
	return json.Marshal(fields)
}

type collectCommand struct {
	submission
	Document string `arg:"" type:"existingfile" help:"文件 The license's file as its maker's system gave it out."`
}

// Run hands in a version that another system made and sealed.
func (c *collectCommand) Run(w *world) error {
	document, err := os.ReadFile(c.Document)
	if err != nil {
		return err
	}
	application, err := c.read(document...)
	if err != nil {
		return err
	}
	p, err := c.client().Licenses.Collect(w.ctx, application, document)
	if err != nil {
		return err
	}
	return c.complete(w, p)
}

type actCommand struct {
	Identifier string `arg:"" help:"电子证照标识 Identifier of the license at its present version."`
	submission
}

// Run does an act on a license.
func (c *actCommand) Run(w *world) error {
	id, err := registry.ParseIdentifier(c.Identifier)
	if err != nil {
		return err
	}
	application, err := c.read()
	if err != nil {
		return err
	}
	p, err := c.client().Licenses.Act(w.ctx, id, application)
	if err != nil {
		return err
	}
	return c.complete(w, p)
}

type approveCommand struct {
	submitOptions
	Intents []string `arg:"" name:"intent" help:"办件号 Intent digest of the proceeding, 64 hexadecimal digits; several are listed and signed with one signature."`
}

// Run signs what the server shows, after recomputing its digest. Of several, those that
// cannot be approved any more fail alone.
func (c *approveCommand) Run(w *world) error {
	if c.Sign == "" {
		return usage("--sign KEY.pem names the key to sign with")
	}
	var shown []*resource.Proceeding
	for _, text := range c.Intents {
		intent, err := sm.ParseDigest(text)
		if err != nil {
			return usage("%s: want 64 hexadecimal digits", text)
		}
		p, err := c.client().Proceedings.Show(w.ctx, intent, 0)
		if err != nil {
			return err
		}
		shown = append(shown, p)
	}
	if len(shown) == 1 {
		return c.complete(w, shown[0])
	}
	return c.batch(w, shown)
}

// batch lists the proceedings, signs once, and hands in each approval by itself.
func (c *approveCommand) batch(w *world, shown []*resource.Proceeding) error {
	var asked []person.Shown
	for _, p := range shown {
		fmt.Fprintf(w.stdout, "%s %s  %s\n", p.Act.Chinese(), p.Identifier, p.Intent)
		asked = append(asked, person.Shown{Canonical: p.Sign.Canonical, Digest: p.Intent})
	}
	approvals, err := person.ApproveBatch(c.Sign, asked)
	if err != nil {
		return err
	}
	failed := 0
	for i, p := range shown {
		p, err := c.client().Proceedings.Approve(w.ctx, p.Intent, approvals[i], c.Wait)
		if err == nil {
			err = c.print(w, p)
		}
		if err != nil {
			failed++
			fmt.Fprintf(w.stderr, "%s: %v\n", shown[i].Intent, err)
		}
	}
	if failed > 0 {
		fmt.Fprintf(w.stderr, "%d / %d 件未签成 not approved\n", failed, len(shown))
		return exit(exitNegative)
	}
	return nil
}

type showCommand struct {
	remote
	Thing string `arg:"" help:"电子证照标识或办件号 Identifier of a license, or intent digest of a proceeding."`
	AsOf  string `name:"as-of" placeholder:"DATE" help:"某日谁负责 Who had the power, which seal was valid, who answers, on a day: from the ledger alone."`
}

// Run prints the resource as JSON.
func (c *showCommand) Run(w *world) error {
	if intent, err := sm.ParseDigest(c.Thing); err == nil {
		p, err := c.client().Proceedings.Show(w.ctx, intent, 0)
		return printShown(w, p, err)
	}
	id, err := registry.ParseIdentifier(c.Thing)
	if err != nil {
		return err
	}
	if c.AsOf == "" {
		l, err := c.client().Licenses.Show(w.ctx, id)
		return printShown(w, l, err)
	}
	day, err := registry.ParseDate(c.AsOf)
	if err != nil {
		return err
	}
	powers, err := c.client().Licenses.Powers(w.ctx, id, day)
	return printShown(w, powers, err)
}

// printShown prints what the server shows.
func printShown(w *world, shown any, err error) error {
	if err != nil {
		return err
	}
	return printJSON(w, shown)
}

// printJSON writes a value for people and programs.
func printJSON(w *world, value any) error {
	encoder := json.NewEncoder(w.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
