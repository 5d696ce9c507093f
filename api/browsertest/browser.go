// Package browsertest drives a real Chromium for tests of pages: pictures,
// accessibility, width. Tests only; it knows nothing of the registry.
package browsertest

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// soon bounds one thing that a page is asked to do: on a busy machine too, only
// what never comes fails a test.
const soon = 3 * time.Minute

// Tab is one tab of a browser that ends with its test.
type Tab struct {
	T   testing.TB
	Ctx context.Context
}

// Open starts Chromium (Debian package chromium), headless, with nothing that
// calls home. flags are added to the command line: name, or name=value.
func Open(t testing.TB, flags ...string) *Tab {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("install the Debian package chromium: ", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(90*time.Second))
	for _, flag := range flags {
		if name, value, ok := strings.Cut(flag, "="); ok {
			options = append(options, chromedp.Flag(name, value))
		} else {
			options = append(options, chromedp.Flag(name, true))
		}
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	timed, done := context.WithTimeout(ctx, 12*time.Minute)
	t.Cleanup(done)
	if err := chromedp.Do(timed); err != nil { // the browser lives as long as the context of its first step
		t.Fatal(err)
	}
	return &Tab{t, timed}
}

// Do runs steps; the first that fails ends the test.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, soon)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.T.Fatal(err)
	}
}

// Go opens an address.
func (b *Tab) Go(address string) { b.T.Helper(); b.Do(chromedp.Navigate(address)) }

// Value evaluates an expression to a string; promises are waited for.
func (b *Tab) Value(expression string) string {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, soon)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.T.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Until waits, at most five minutes, for an expression to be true.
func (b *Tab) Until(expression string) {
	b.T.Helper()
	for began := time.Now(); time.Since(began) < 5*time.Minute; time.Sleep(250 * time.Millisecond) {
		if b.Value("String(Boolean("+expression+"))") == "true" {
			return
		}
	}
	b.T.Fatalf("never so: %s\n%s", expression, b.Text())
}

// Text is what the page says, as a reader sees it.
func (b *Tab) Text() string {
	b.T.Helper()
	return strings.Join(strings.Fields(b.Value("document.body.innerText")), " ")
}

// Says fails for each text that the page does not say to a reader.
func (b *Tab) Says(name string, texts ...string) {
	b.T.Helper()
	page := b.Text()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.T.Errorf("%s does not say %s:\n%s", name, text, page)
		}
	}
}

// Within runs steps that a page must finish soon; else it keeps a picture of
// what stands there and fails.
func (b *Tab) Within(name string, steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, soon)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.Picture(name + "-failed")
		b.T.Fatalf("%v: %s", err, b.Text())
	}
}

// Phone gives the tab the width of a phone, at twice the pixels.
func (b *Tab) Phone() {
	b.T.Helper()
	b.Do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)))
}

// Fits fails when the page scrolls sideways at a width in CSS pixels: 320 is
// what WCAG 2.2 (1.4.10) asks for, and a 1280 screen at 400 %.
func (b *Tab) Fits(name string, width int64) {
	b.T.Helper()
	b.Do(chromedp.EmulateViewport(width, 800))
	if wide := b.Value(`(() => { const most = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= most) return "";
		return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > most + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 160)).join("\n") || "wide"; })()`); wide != "" {
		b.Picture(fmt.Sprintf("%s-%d-failed", name, width))
		b.T.Errorf("%s scrolls sideways at %d px: %s", name, width, wide)
	}
}

// Large fails when the page scrolls sideways on a phone with type of twice the
// size (WCAG 2.2, 1.4.4).
func (b *Tab) Large(name string) {
	b.T.Helper()
	b.Value(`document.documentElement.style.fontSize = "200%"`)
	b.Fits(name+"-large", 390)
	b.Value(`document.documentElement.style.fontSize = ""`)
}
