package network

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
)

const (
	// packageType in the package's metadata selects our builder.
	packageType = "tongzheng-service"
	builderName = "tongzheng"
	// builderEnv names the folder with one connection file per namespace.
	builderEnv  = "TONGZHENG_SERVICES"
	builderHome = "HOME"
)

// builderScripts are Fabric's external builder. The package holds no code: the
// contract runs as a service, and each peer inserts the address of its own
// member's service, so that all members share one package id.
var builderScripts = map[string]string{
	"detect": `#!/bin/sh
# detect SOURCE METADATA: is this package ours?
grep -q '"type":"` + packageType + `"' "$2/metadata.json"
`,
	"build": `#!/bin/sh
# build SOURCE METADATA OUTPUT: insert the address of this member's service.
set -e
label=$(sed -n 's/.*"label":"\([a-z0-9-]*\)".*/\1/p' "$2/metadata.json")
cp "$` + builderEnv + `/$label.json" "$3/connection.json"
`,
	"release": `#!/bin/sh
# release OUTPUT RELEASE: hand the address to the peer.
set -e
mkdir -p "$2/chaincode/server"
cp "$1/connection.json" "$2/chaincode/server/connection.json"
`,
}

func writeBuilder(dir string) error {
	for name, script := range builderScripts {
		if err := writeFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// chaincodePackage is the installable package of a namespace. The same
// namespace gives the same bytes everywhere and always, because the package id
// that the members agree on is a hash of them.
func chaincodePackage(namespace string) ([]byte, error) {
	code, err := tarball(map[string][]byte{"namespace": []byte(namespace + "\n")}, "namespace")
	if err != nil {
		return nil, err
	}
	metadata, err := json.Marshal(struct {
		Type  string `json:"type"`
		Label string `json:"label"`
	}{packageType, namespace})
	if err != nil {
		return nil, fmt.Errorf("encoding package metadata: %w", err)
	}
	return tarball(map[string][]byte{"metadata.json": metadata, "code.tar.gz": code}, "metadata.json", "code.tar.gz")
}

// tarball packs files in the given order, with no times, owners or names of
// this machine.
func tarball(files map[string][]byte, order ...string) ([]byte, error) {
	var out bytes.Buffer
	// Stored, not compressed: compressors change between Go releases.
	zip, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		return nil, fmt.Errorf("opening a package: %w", err)
	}
	w := tar.NewWriter(zip)
	for _, name := range order {
		head := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(head); err != nil {
			return nil, fmt.Errorf("packing %s: %w", name, err)
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, fmt.Errorf("packing %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("closing a package: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("closing a package: %w", err)
	}
	return out.Bytes(), nil
}

// packageID is how Fabric names an installed package.
func packageID(label string, pkg []byte) string {
	return fmt.Sprintf("%s:%x", label, sha256.Sum256(pkg))
}
