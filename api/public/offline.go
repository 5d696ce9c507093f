package public

import (
	"bytes"
	"compress/gzip"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/httpx"
	"tongzheng/api/web"
	"tongzheng/api/web/offline"
	"tongzheng/registry"
)

// Files that make builds for the offline page, beside the program.
const (
	offlineWASM = "verifier.wasm"
	offlineExec = "wasm_exec.js"
)

// offlineFiles serves the offline page: its own files from the program, the
// verifier from a folder. Each is read and packed once.
type offlineFiles struct {
	folder string
	demo   bool
	mu     sync.Mutex
	kept   map[string]*offlineFile
}

type offlineFile struct {
	raw, packed []byte
	kind, tag   string
}

func (o *offlineFiles) routes(r chi.Router, base string) {
	r.Get("/offline", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, base+"/offline/", http.StatusMovedPermanently)
	})
	r.Get("/offline/", func(w http.ResponseWriter, r *http.Request) { o.serve(w, r, "index.html") })
	r.Get("/offline/{file}", func(w http.ResponseWriter, r *http.Request) { o.serve(w, r, chi.URLParam(r, "file")) })
}

func (o *offlineFiles) serve(w http.ResponseWriter, r *http.Request, name string) {
	f := o.get(name)
	if f == nil {
		httpx.Fail(w, r, registry.Errorf(registry.CodeNotFound, "", "no such file"))
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", offline.Policy)
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-cache") // the service worker keeps it; a new release is seen at once
	h.Set("Vary", "Accept-Encoding")
	if httpx.NotModified(w, r, f.tag) {
		return
	}
	h.Set("Content-Type", f.kind)
	body := f.raw
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	_, _ = w.Write(body)
}

// get returns a file, nil when it does not exist.
func (o *offlineFiles) get(name string) *offlineFile {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.kept[name]; f != nil {
		return f
	}
	var raw []byte
	var err error
	kind := mime.TypeByExtension(path.Ext(name))
	switch name {
	case offlineWASM:
		raw, err = o.built(name)
		kind = "application/wasm"
	case offlineExec:
		raw, err = o.built(name)
		kind = "text/javascript; charset=utf-8"
	case "icon.svg", "site.css": // as on the other pages
		shared, contentType, ok := web.Static(name)
		if !ok {
			return nil
		}
		raw, kind = shared, contentType
	case "verdicts.json":
		raw, kind = web.Looks(o.demo), "application/json"
	case "manifest.webmanifest":
		raw, err = offline.Files.ReadFile(name)
		kind = "application/manifest+json"
	default:
		raw, err = offline.Files.ReadFile(name)
	}
	if err != nil {
		return nil
	}
	f := &offlineFile{raw: raw, kind: kind, tag: httpx.ETag(raw)}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(raw); err != nil || z.Close() != nil {
		return nil
	}
	f.packed = packed.Bytes()
	o.kept[name] = f
	return f
}

func (o *offlineFiles) built(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(o.folder, name))
}
