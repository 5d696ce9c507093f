// Package client is the API as programs call it: requests, answers decoded,
// problems as coded errors, and a person's signature under what the server
// shows. It knows nothing of an instance's inside.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// MaxInput bounds what is read: sealed files are far smaller.
const MaxInput = 32 << 20

// Remote is a running server, as one account reaches it. Its tags are those of
// the command line.
type Remote struct {
	Server string `env:"TONGZHENG_SERVER" default:"http://localhost:8080" help:"服务地址 Address of the server."`
	APIKey string `env:"TONGZHENG_API_KEY" help:"接口密钥 API key tz_…; the environment keeps it out of the process list."`
}

// problem is an RFC 9457 answer.
type problem struct {
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Code   registry.Code `json:"code"`
	Field  string        `json:"field"`
	Detail string        `json:"detail"`
}

// Call sends a request and decodes the JSON answer; a problem becomes its
// coded error.
func (r *Remote) Call(ctx context.Context, method, path string, header http.Header, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		raw = nil
	}
	return r.Send(ctx, method, path, header, "application/json", raw, into)
}

// Send is Call for a body in any form.
func (r *Remote) Send(ctx context.Context, method, path string, header http.Header, contentType string, raw []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.Server, "/")+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if r.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+r.APIKey)
	}
	if raw != nil {
		req.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return registry.Errorf(registry.CodeUnavailable, "", "%s does not answer: is the server running?", r.Server).WithCause(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, MaxInput))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 400 {
		var p problem
		if json.Unmarshal(content, &p) != nil || p.Code == "" {
			return fmt.Errorf("%s %s: %s", method, path, answer.Status)
		}
		return registry.Errorf(p.Code, p.Field, "%s %s", p.Title, p.Detail)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(content, into)
}

// Proceeding is what the client needs of a proceeding's resource.
type Proceeding struct {
	Intent     sm.Digest           `json:"intent"`
	Act        registry.Act        `json:"act"`
	Step       string              `json:"step"`
	Identifier registry.Identifier `json:"identifier"`
	Approvals  struct {
		Asked   []registry.Role `json:"asked"`
		Missing int             `json:"missing"`
	} `json:"approvals"`
	Sign struct {
		Canonical []byte `json:"canonical"`
	} `json:"sign"`
	Refusal *struct {
		Code   registry.Code `json:"code"`
		Title  string        `json:"title"`
		Detail string        `json:"detail"`
	} `json:"refusal"`
	Printings []struct {
		Number uint32            `json:"number"`
		Copy   registry.CopyKind `json:"copy"`
		Blank  registry.Blank    `json:"blank"`
		URL    string            `json:"url"`
	} `json:"printings"`
}

// Approve signs the digest of the intent that the server shows, recomputed
// here: what is signed is what can be read.
func (r *Remote) Approve(ctx context.Context, p *Proceeding, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	key, err := person.ParseKey(raw)
	if err != nil {
		return registry.Errorf(registry.CodeMalformed, "", "%s: %v", file, err)
	}
	var intent registry.Intent
	if err := registry.Decode(p.Sign.Canonical, &intent); err != nil {
		return err
	}
	if intent.Digest() != p.Intent {
		return fmt.Errorf("the server shows one intent and asks to sign another: not signed")
	}
	approval, err := person.Approve(key, intent.Digest())
	if err != nil {
		return err
	}
	return r.Call(ctx, http.MethodPost, "/proceedings/"+p.Intent.String()+"/approvals", nil, approval, p)
}

// File fetches an answer that is no JSON.
func (r *Remote) File(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.Server, "/")+"/api/v1"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.APIKey)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "%s does not answer: is the server running?", r.Server).WithCause(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, 2*MaxInput))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", path, answer.Status, content)
	}
	return content, err
}
