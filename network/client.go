package network

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Client writes what a client of the ledger needs into a folder of its own: the
// member's profile and every file that it names. Registry and signer run as
// other users than the ledger's processes, perhaps on another host, and read
// nothing else of the network's folder.
func (s *site) Client(id, folder string) error {
	raw, err := os.ReadFile(s.profile(id))
	if err != nil {
		return fmt.Errorf("the profile of %s: %w (settings writes it)", id, err)
	}
	var p Profile
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("the profile of %s: %w", id, err)
	}
	bring := func(name *string, mode os.FileMode) error {
		if *name == "" {
			return nil
		}
		raw, err := os.ReadFile(filepath.Join(s.at("profiles"), *name))
		if err != nil {
			return fmt.Errorf("a file of the profile of %s: %w", id, err)
		}
		*name = filepath.Join("files", strings.TrimLeft(filepath.ToSlash(*name), "./"))
		return writeFile(filepath.Join(folder, *name), raw, mode)
	}
	names := []*string{&p.Certificate, &p.Gateway.TLSRoots}
	for i := range p.Peers {
		names = append(names, &p.Peers[i].TLSRoots)
	}
	for i := range p.Roots {
		names = append(names, &p.Roots[i].Certificate, &p.Roots[i].Revocations)
	}
	for _, name := range names {
		if err := bring(name, 0o644); err != nil {
			return err
		}
	}
	if err := bring(&p.Key, 0o600); err != nil {
		return err
	}
	out, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the profile of %s: %w", id, err)
	}
	return writeFile(filepath.Join(folder, id+".json"), append(out, '\n'), 0o644)
}
