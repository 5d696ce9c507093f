package operator

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"tongzheng/registry"
)

// ScanPicture decodes a picture with zbarimg, the reader codes are tested with.
func ScanPicture(picture []byte) (string, error) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		return "", registry.Errorf(registry.CodeUnavailable, "", "reading pictures needs zbarimg: install the package zbar-tools")
	}
	cmd := exec.Command(zbar, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-")
	cmd.Stdin = bytes.NewReader(picture)
	out, err := cmd.Output()
	if err != nil {
		return "", registry.Errorf(registry.CodeMalformed, "", "no QR code found in the picture")
	}
	return strings.TrimSpace(string(out)), nil
}

// ScanPage renders the page as a picture and reads the code from it.
func ScanPage(pdf []byte) (string, error) {
	dir, err := os.MkdirTemp("", "tongzheng-scan-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("pdftoppm", "-r", "300", "-png", "-singlefile", file, filepath.Join(dir, "page")).CombinedOutput(); err != nil {
		return "", fmt.Errorf("pdftoppm (package poppler-utils): %w: %s", err, out)
	}
	picture, err := os.ReadFile(filepath.Join(dir, "page.png"))
	if err != nil {
		return "", err
	}
	return ScanPicture(picture)
}
