package public

import (
	"context"
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
)

// Keys publishes what a verifier needs to check codes and documents without
// us.
type Keys interface {
	// Published lists the public keys in use and those of the past.
	Published(ctx context.Context) ([]resource.PublishedKey, error)
	// RootsPEM returns the trust anchors.
	RootsPEM() []byte
}

// keyring answers with keys.
type keyring struct{ config Config }

// keys publishes what a verifier needs.
func (k keyring) keys(w http.ResponseWriter, r *http.Request) {
	list, err := k.config.Keys.Published(r.Context())
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	if list == nil {
		list = []resource.PublishedKey{}
	}
	out := resource.KeyList{Keys: list, Roots: string(k.config.Keys.RootsPEM())}
	httpx.Tagged(w, r, out, out)
}

// list publishes the signed list of keys, past and stolen ones included.
func (k keyring) list(w http.ResponseWriter, r *http.Request) {
	list, err := k.config.KeyList(r.Context())
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(list)
}
