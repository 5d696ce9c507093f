package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

// Public is what anyone may ask, without an API key.
type Public struct{ caller *caller }

// Verify asks whether the paper or code at hand is real and in force.
func (p Public) Verify(ctx context.Context, ask resource.Question) (*resource.Verification, error) {
	q, err := post("/verify", ask)
	if err != nil {
		return nil, err
	}
	return call[resource.Verification](ctx, p.caller, q)
}

// VerifyFile asks the same of a file: a sealed OFD, or a picture or PDF with
// codes on it.
func (p Public) VerifyFile(ctx context.Context, file []byte) (*resource.Verification, error) {
	return call[resource.Verification](ctx, p.caller, fileRequest("/verify", file))
}

// State verifies and returns a signed statement that can be kept.
func (p Public) State(ctx context.Context, ask resource.Question) (*resource.Statement, error) {
	q, err := post("/statements", ask)
	if err != nil {
		return nil, err
	}
	return call[resource.Statement](ctx, p.caller, q)
}

// StateFile does the same for a file; a picture or PDF may bear one license's
// code.
func (p Public) StateFile(ctx context.Context, file []byte) (*resource.Statement, error) {
	return call[resource.Statement](ctx, p.caller, fileRequest("/statements", file))
}

// Keys are the public keys and trust anchors as the server gives them out. Who
// relies on them pins the anchors on another way.
func (p Public) Keys(ctx context.Context) (*resource.KeyList, error) {
	return call[resource.KeyList](ctx, p.caller, get("/keys", nil))
}

// KeyList is the signed list of keys (signer/check reads it).
func (p Public) KeyList(ctx context.Context) (json.RawMessage, error) {
	return p.caller.bytes(ctx, get("/keys/list", nil))
}

// Members are the registries on the ledger as the server has them.
func (p Public) Members(ctx context.Context) ([]resource.Member, error) {
	all, err := call[resource.Members](ctx, p.caller, get("/keys/directory", nil))
	if err != nil {
		return nil, err
	}
	return all.Members, nil
}

// AllRoots is the one file that verifies the papers of all members, as the server gives
// it out.
func (p Public) AllRoots(ctx context.Context) ([]byte, error) {
	return p.caller.bytes(ctx, get("/keys/roots", nil))
}

// StatusLists names the status lists that are published.
func (p Public) StatusLists(ctx context.Context) ([]registry.StatusHead, error) {
	list, err := call[resource.StatusListHeads](ctx, p.caller, get("/status-list", nil))
	if err != nil {
		return nil, err
	}
	return list.Lists, nil
}

// StatusList is one status list, or its changes since a height that is known
// already (0: none). Its signature is for the caller to check.
func (p Public) StatusList(ctx context.Context, list uint32, since uint64) (*registry.StatusList, error) {
	query := url.Values{}
	if since != 0 {
		query.Set("since", strconv.FormatUint(since, 10))
	}
	raw, err := p.caller.bytes(ctx, get("/status-list/"+strconv.FormatUint(uint64(list), 10), query))
	if err != nil {
		return nil, err
	}
	return registry.DecodeStatusList(raw)
}

func fileRequest(path string, file []byte) request {
	if file == nil {
		file = []byte{}
	}
	return request{method: http.MethodPost, path: path, contentType: "application/octet-stream", body: file}
}
