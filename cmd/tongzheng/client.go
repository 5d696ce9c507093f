package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"time"

	"tongzheng/cmd/internal/client"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// submitOptions are shared by the commands that bring a proceeding forward.
type submitOptions struct {
	client.Remote
	Sign []string      `placeholder:"KEY.pem" help:"签署密钥 SM2 key file to approve with; once per person."`
	Wait time.Duration `default:"30s" help:"等待完成 How long to wait for the end; 0 returns at once."`
	JSON bool          `name:"json" help:"Print the proceeding as JSON."`
}

// submission is what issue and act share: an application, keys to sign with.
type submission struct {
	submitOptions
	Key  string `help:"幂等键 Idempotency-Key; from the application's bytes when absent."`
	File string `arg:"" type:"existingfile" help:"申请 Application in JSON (see openapi.yaml)."`
}

// submit posts the application, signs what the server made of it, and waits.
func (s *submission) submit(w *world, path string) error {
	raw, err := os.ReadFile(s.File)
	if err != nil {
		return err
	}
	if !json.Valid(raw) {
		return usage("%s is not JSON", s.File)
	}
	key := s.Key
	if key == "" {
		key = sm.Sum(raw).String()
	}
	var p client.Proceeding
	if err := s.Call(w.ctx, http.MethodPost, path, http.Header{"Idempotency-Key": {key}}, json.RawMessage(raw), &p); err != nil {
		return err
	}
	return s.complete(w, &p)
}

// complete signs with the keys given and waits for the end.
func (s *submitOptions) complete(w *world, p *client.Proceeding) error {
	for _, file := range s.Sign {
		if p.Step != "reserved" {
			break
		}
		if err := s.Approve(w.ctx, p, file); err != nil {
			return err
		}
	}
	if s.Wait > 0 && p.Approvals.Missing == 0 {
		header := http.Header{"Prefer": {fmt.Sprintf("wait=%d", int(s.Wait.Seconds()))}}
		if err := s.Call(w.ctx, http.MethodGet, "/proceedings/"+p.Intent.String(), header, nil, p); err != nil {
			return err
		}
	}
	if err := s.print(w, p); err != nil {
		return err
	}
	if s.Wait > 0 && p.Approvals.Missing == 0 && p.Step != "anchored" {
		return exit(exitUnknown) // it goes on by itself; how it ends is not known yet
	}
	return nil
}

func (s *submitOptions) print(w *world, p *client.Proceeding) error {
	if s.JSON {
		encoder := json.NewEncoder(w.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(p); err != nil {
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

type issueCommand struct{ submission }

// Run issues a license.
func (c *issueCommand) Run(w *world) error { return c.submit(w, "/licenses") }

type collectCommand struct {
	submission
	Document string `arg:"" type:"existingfile" help:"文件 The license's file as its maker's system gave it out."`
}

// Run hands in a version that another system made and sealed.
func (c *collectCommand) Run(w *world) error {
	application, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	document, err := os.ReadFile(c.Document)
	if err != nil {
		return err
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	if err := parts.WriteField("application", string(application)); err != nil {
		return err
	}
	file, err := parts.CreateFormFile("file", "document")
	if err == nil {
		_, err = file.Write(document)
	}
	if err == nil {
		err = parts.Close()
	}
	if err != nil {
		return err
	}
	if c.Key == "" {
		c.Key = sm.Sum(append(application, document...)).String()
	}
	var p client.Proceeding
	if err := c.Send(w.ctx, http.MethodPost, "/collected", http.Header{"Idempotency-Key": {c.Key}}, parts.FormDataContentType(), form.Bytes(), &p); err != nil {
		return err
	}
	return c.complete(w, &p)
}

type actCommand struct {
	Identifier string `arg:"" help:"电子证照标识 Identifier of the license at its present version."`
	submission
}

// Run does an act on a license.
func (c *actCommand) Run(w *world) error {
	if _, err := registry.ParseIdentifier(c.Identifier); err != nil {
		return err
	}
	return c.submit(w, "/licenses/"+c.Identifier+"/acts")
}

type approveCommand struct {
	submitOptions
	Intent string `arg:"" help:"办件号 Intent digest of the proceeding, 64 hexadecimal digits."`
}

// Run signs what the server shows, after recomputing its digest.
func (c *approveCommand) Run(w *world) error {
	if _, err := sm.ParseDigest(c.Intent); err != nil {
		return usage("%s: want 64 hexadecimal digits", c.Intent)
	}
	if len(c.Sign) == 0 {
		return usage("--sign KEY.pem names the key to sign with")
	}
	var p client.Proceeding
	if err := c.Call(w.ctx, http.MethodGet, "/proceedings/"+c.Intent, nil, nil, &p); err != nil {
		return err
	}
	return c.complete(w, &p)
}

type showCommand struct {
	client.Remote
	Thing string `arg:"" help:"电子证照标识或办件号 Identifier of a license, or intent digest of a proceeding."`
	AsOf  string `name:"as-of" placeholder:"DATE" help:"某日谁负责 Who had the power, which seal was valid, who answers, on a day: from the ledger alone."`
}

// Run prints the resource as JSON.
func (c *showCommand) Run(w *world) error {
	path := "/licenses/" + c.Thing
	if _, err := sm.ParseDigest(c.Thing); err == nil {
		path = "/proceedings/" + c.Thing
	} else if _, err := registry.ParseIdentifier(c.Thing); err != nil {
		return err
	} else if c.AsOf != "" {
		path += "/powers?as_of=" + url.QueryEscape(c.AsOf)
	}
	var out json.RawMessage
	if err := c.Call(w.ctx, http.MethodGet, path, nil, nil, &out); err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, out, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, pretty.String())
	return err
}
