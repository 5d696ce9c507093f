package network

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A peer builds a package once, and keeps what the builder made of it: a folder
// per package, with the address and the certificates of the member's service. It
// reads them again whenever the service comes back, for as long as it runs; if
// they are gone, it never finds its contract again. So they are brought up to
// date where they are, and never removed.

// refreshBuilds brings what the peer keeps of its packages up to date: before it
// starts, with what changed since (an address, a certificate); while it runs, only
// with what is missing.
func (s *site) refreshBuilds(m Member, runs bool) error {
	if err := s.writeConnections(m, false); err != nil {
		return err
	}
	for _, ns := range s.d.Namespaces {
		if err := s.refreshBuild(m, ns, runs); err != nil {
			return fmt.Errorf("refreshing what the peer of %s keeps of %s: %w", m.ID, ns, err)
		}
	}
	return nil
}

func (s *site) refreshBuild(m Member, ns string, runs bool) error {
	pkg, err := chaincodePackage(ns)
	if err != nil {
		return err
	}
	id := packageID(ns, pkg)
	data := s.peer(m, "data")
	if !isThere(filepath.Join(data, "lifecycle", "chaincodes", strings.Replace(id, ":", ".", 1)+".tar.gz")) {
		return nil // not installed
	}
	folder := filepath.Join(data, "externalbuilder", "builds", strings.ReplaceAll(id, ":", "-"))
	if !isThere(folder) && !runs {
		return nil // The peer builds it when it starts.
	}
	connection, err := os.ReadFile(s.connectionFile(m, ns))
	if err != nil {
		return fmt.Errorf("reading the service's connection: %w", err)
	}
	files, err := buildOf(connection)
	if err != nil {
		return err
	}
	if isThere(folder) {
		return refresh(folder, files, runs)
	}
	return replant(folder, files)
}

// buildOf are the files that a peer keeps of a package, once built.
func buildOf(connection []byte) (map[string][]byte, error) {
	info, err := json.Marshal(tree{"builder_name": builderName})
	if err != nil {
		return nil, fmt.Errorf("encoding a build's name: %w", err)
	}
	return map[string][]byte{
		filepath.Join("release", "chaincode", "server", "connection.json"): connection,
		filepath.Join("bld", "connection.json"):                            connection,
		"build-info.json":                                                  info,
	}, nil
}

// refresh writes the files that are missing, and, unless the peer runs, those
// that differ.
func refresh(folder string, files map[string][]byte, runs bool) error {
	for name, content := range files {
		have, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil && (runs || bytes.Equal(have, content)) {
			continue
		}
		if err := writeFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// replant puts a whole folder back under a running peer, in one step: the peer
// may be building it itself just now, and then it wins.
func replant(folder string, files map[string][]byte) error {
	part := folder + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("removing an unfinished folder: %w", err)
	}
	if err := refresh(part, files, false); err != nil {
		return err
	}
	err := os.Rename(part, folder)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return os.RemoveAll(part)
	}
	return err
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
