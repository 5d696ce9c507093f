package codes

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"tongzheng/registry"
)

const (
	drawDPI       = 200  // a module of the smallest printed code takes three pixels and more
	drawPixels    = 9e6  // a larger page is drawn coarser: A3 at 200 dpi fits
	sandboxMemory = 4096 // pages of 64 KiB that drawing may take
)

// drawer draws PDF pages with PDFium in WebAssembly: each file has a sandbox of
// its own, without folders, environment and network, that ends with its
// context.
type drawer struct {
	once  sync.Once
	cache wazero.CompilationCache
	err   error
}

// prepare compiles PDFium, which takes seconds of the first process of a
// machine: the result is kept in the user's cache folder, if there is one.
func (d *drawer) prepare() error {
	d.once.Do(func() {
		if folder, err := os.UserCacheDir(); err == nil {
			d.cache, err = wazero.NewCompilationCacheWithDir(filepath.Join(folder, "tongzheng", "pdfium"))
			if err != nil {
				d.cache = nil
			}
		}
		if d.cache == nil {
			d.cache = wazero.NewCompilationCache()
		}
		sandbox, err := d.open(context.Background())
		if err != nil {
			d.err = fmt.Errorf("preparing to read PDF files: %w", err)
			return
		}
		_ = sandbox.Close()
	})
	return d.err
}

func (d *drawer) open(ctx context.Context) (pdfium.Pool, error) {
	runtime := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(sandboxMemory).WithCloseOnContextDone(true).WithCompilationCache(d.cache)
	return webassembly.Init(webassembly.Config{Context: ctx, MaxTotal: 1, RuntimeConfig: runtime,
		FSConfig: wazero.NewFSConfig(), // no folder at all: without it the whole disk would be seen
		Stdout:   io.Discard, Stderr: io.Discard})
}

// draw calls fn for every page, from 1.
func (d *drawer) draw(ctx context.Context, file []byte, limits Limits, fn func(page int, g *gray) error) error {
	sandbox, err := d.open(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return late()
		}
		return fmt.Errorf("reading a PDF file: %w", err)
	}
	defer sandbox.Close()
	pdf, err := sandbox.GetInstanceWithContext(ctx)
	if err != nil {
		return damaged(ctx, err)
	}
	document, err := pdf.OpenDocument(&requests.OpenDocument{File: &file})
	if err != nil {
		return damaged(ctx, err)
	}
	count, err := pdf.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: document.Document})
	if err != nil {
		return damaged(ctx, err)
	}
	if count.PageCount > limits.Pages {
		return registry.Errorf(registry.CodeTooLarge, "file", "%d pages, at most %d: send the page with the code alone", count.PageCount, limits.Pages)
	}
	for i := range count.PageCount {
		g, err := drawn(pdf, document.Document, i)
		if err != nil {
			return damaged(ctx, err)
		}
		if err := fn(i+1, g); err != nil {
			return err
		}
	}
	return nil
}

// drawn is one page in shades of gray, from 0.
func drawn(pdf pdfium.Pdfium, document references.FPDF_DOCUMENT, index int) (*gray, error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: document, Index: index}}
	size, err := pdf.GetPageSize(&requests.GetPageSize{Page: page})
	if err != nil {
		return nil, err
	}
	if !(size.Width > 0 && size.Height > 0) {
		return nil, fmt.Errorf("a page without size")
	}
	dots := min(drawDPI/72.0, math.Sqrt(drawPixels/size.Width/size.Height))
	w, h := max(1, int(size.Width*dots)), max(1, int(size.Height*dots))
	if w > drawPixels/h {
		return nil, fmt.Errorf("a page of %.0f × %.0f points", size.Width, size.Height)
	}
	out, err := pdf.RenderPageInPixels(&requests.RenderPageInPixels{Page: page, Width: w, Height: h, ImageFormat: requests.RenderImageFormatGrayscale})
	if err != nil {
		return nil, err
	}
	defer out.Cleanup()
	picture, ok := out.Result.RenderedImage.(*image.Gray)
	if !ok {
		return nil, fmt.Errorf("a page drawn as %T", out.Result.RenderedImage)
	}
	return toGray(picture), nil
}

// damaged is said of a file that PDFium does not read; a deadline looks the
// same to it.
func damaged(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return late()
	}
	return registry.Errorf(registry.CodeMalformed, "file", "the PDF is damaged, or protected by a password").WithCause(err)
}
