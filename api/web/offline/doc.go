// Package offline is the page that checks printed codes without a network: it
// is installed once and works from the device. Files only; the verifier itself
// (WebAssembly) is built by make and served from beside the program.
package offline

import "embed"

// Files are the page's own files. jsqr.js is npm jsqr 1.4.0 (Apache-2.0),
// unchanged: the reader of pictures where the browser has none. The icons are
// api/web's icon.svg at two sizes.
//
//go:embed index.html offline.css offline.js sw.js jsqr.js manifest.webmanifest icon-192.png icon-512.png
var Files embed.FS

// Policy is the page's content security policy: the public pages run no
// script, this one runs its own and WebAssembly, and nothing from elsewhere.
const Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
	"connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
