// Package codes finds the QR codes in pictures and on the pages of PDF files,
// with their places. It looks at files of strangers: what a file costs is
// bounded before it is decoded, PDF pages are drawn in a sandbox of
// WebAssembly that sees neither files nor network, a deadline ends each file,
// and few are read at once. It judges nothing: what a code says is for
// signer/check and the office.
package codes

import (
	"context"
	"net/url"
	"runtime"
	"time"

	"tongzheng/registry"
)

// Limits bound what one file may cost. Zero values take those of servers.
type Limits struct {
	Pages  int           // of a PDF
	Pixels int           // of a picture, and of a drawn page
	Memory int           // bytes that decoding a picture may take
	Codes  int           // in one file
	Time   time.Duration // for one file, once its turn has come
	AtOnce int           // files
}

// serverLimits let an ordinary upload be read on a small machine.
var serverLimits = Limits{Pages: 20, Pixels: 50 << 20, Memory: 192 << 20, Codes: 20, Time: 20 * time.Second, AtOnce: min(4, max(1, runtime.GOMAXPROCS(0)/2))}

// Machine are the limits for who reads files of their own.
var Machine = Limits{Pages: 500, Pixels: 200 << 20, Memory: 1 << 30, Codes: 1000, Time: 10 * time.Minute, AtOnce: 1}

// Code is one code that was found.
type Code struct {
	Text  string
	Place Place
}

// Ours tells whether the code has the form of those printed on licenses.
func (c Code) Ours() bool { return registry.HasCode(c.Text) }

// Host is the address that a foreign code leads to, without path; empty when it
// leads to none. Nothing else of a stranger's text is for showing.
func (c Code) Host() string {
	u, err := url.Parse(registry.ScannedText(c.Text))
	if err != nil || u.Host == "" || len(u.Host) > 100 || registry.CheckText("", u.Host, 100) != nil {
		return ""
	}
	return u.Host
}

// Place is where a code stands, in hundredths of the page's width and height.
type Place struct {
	Page                     int // from 1; a picture has one
	Left, Top, Width, Height int
}

// Chinese says where on the page a code stands, in words.
func (p Place) Chinese() string {
	return [3]string{"左", "中", "右"}[third(2*p.Left+p.Width)] + [3]string{"上", "部", "下"}[third(2*p.Top+p.Height)]
}

// English says the same.
func (p Place) English() string {
	return [3]string{"top ", "middle ", "bottom "}[third(2*p.Top+p.Height)] + [3]string{"left", "center", "right"}[third(2*p.Left+p.Width)]
}

// third is where twice a hundredth falls.
func third(twice int) int { return min(2, twice*3/200) }

// Reader reads files. It is safe for concurrent use.
type Reader struct {
	limits Limits
	turns  chan struct{}
	drawer drawer
}

// NewReader makes a reader. Nothing is prepared before the first PDF.
func NewReader(limits Limits) *Reader {
	for _, f := range []struct{ own, server *int }{{&limits.Pages, &serverLimits.Pages}, {&limits.Pixels, &serverLimits.Pixels},
		{&limits.Memory, &serverLimits.Memory}, {&limits.Codes, &serverLimits.Codes}, {&limits.AtOnce, &serverLimits.AtOnce}} {
		if *f.own == 0 {
			*f.own = *f.server
		}
	}
	if limits.Time == 0 {
		limits.Time = serverLimits.Time
	}
	return &Reader{limits: limits, turns: make(chan struct{}, limits.AtOnce)}
}

// Read finds every code of a picture or PDF, in the order of pages, from top to
// bottom. CodeNoCode when there is none; CodeTooLarge for a file past the
// limits; CodeMalformed for one that cannot be read; CodeUnavailable when its turn
// did not come in time.
func (r *Reader) Read(ctx context.Context, file []byte) ([]Code, error) {
	waiting, cancel := context.WithTimeout(ctx, r.limits.Time)
	defer cancel()
	select {
	case r.turns <- struct{}{}:
		defer func() { <-r.turns }()
	case <-waiting.Done():
		return nil, registry.Errorf(registry.CodeUnavailable, "", "too many pictures are being read")
	}
	var found []Code
	var err error
	switch registry.KindOfFile(file) {
	case registry.FilePDF:
		if err = r.drawer.prepare(); err != nil { // once, and not on this file's time
			return nil, err
		}
		found, err = r.pages(ctx, file)
	case registry.FilePicture:
		found, err = r.picture(ctx, file)
	default:
		err = registry.Errorf(registry.CodeMalformed, "file", "neither a picture nor a PDF")
	}
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, registry.Errorf(registry.CodeNoCode, "file", "photograph the code from nearer, straight and in even light, or send the scan or PDF as it was made")
	case len(found) > r.limits.Codes:
		return nil, registry.Errorf(registry.CodeTooLarge, "file", "%d codes, at most %d: send the pages one by one", len(found), r.limits.Codes)
	}
	return found, nil
}

func (r *Reader) picture(ctx context.Context, file []byte) ([]Code, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limits.Time)
	defer cancel()
	g, err := decode(file, r.limits)
	if err != nil {
		return nil, err
	}
	return search(ctx, g, 1)
}

func (r *Reader) pages(ctx context.Context, file []byte) ([]Code, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limits.Time)
	defer cancel()
	var found []Code
	err := r.drawer.draw(ctx, file, r.limits, func(page int, g *gray) error {
		codes, err := search(ctx, g, page)
		found = append(found, codes...)
		return err
	})
	return found, err
}

// late is said of a file that takes longer than its time.
func late() error {
	return registry.Errorf(registry.CodeTooLarge, "file", "reading the codes takes too long: send a smaller picture, or the page with the code alone")
}
