package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Modules installs the npm packages of a folder's package.json, exactly as its
// package-lock.json pins them, once into the user's cache, and returns where.
func Modules(name string, files fs.FS) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lock, err := fs.ReadFile(files, "package-lock.json")
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(lock)
	dir := filepath.Join(cache, "tongzheng", "npm-"+name+"-"+hex.EncodeToString(digest[:8]))
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "npm-new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	if err := os.CopyFS(fresh, files); err != nil {
		return "", err
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = fresh
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci of %s (node and npm are needed, and their registry): %w\n%s", name, err, out)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if _, gone := os.Stat(filepath.Join(dir, "node_modules")); gone != nil { // another test process may have been first
			return "", err
		}
	}
	return dir, nil
}
