package gateway

import (
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"time"

	"tongzheng/chaincode/evidence"
	"tongzheng/registry"
)

// profile is the file that network writes for a client of one member. Names of
// files in it are relative to it.
type profile struct {
	Network     string             `json:"network"`
	Channel     string             `json:"channel"`
	Lead        string             `json:"lead"`
	Member      string             `json:"member"`
	MSP         string             `json:"msp_id"`
	Gateway     endpoint           `json:"gateway"`
	Certificate string             `json:"certificate"`
	Key         string             `json:"key"`
	Peers       []endpoint         `json:"peers"`
	Namespaces  []profileNamespace `json:"namespaces"`
	Roots       []profileRoot      `json:"roots"`
	folder      string
}

type endpoint struct {
	Member   string `json:"member"`
	MSP      string `json:"msp_id"`
	Address  string `json:"address"`
	TLSRoots string `json:"tls_roots"`
}

type profileNamespace struct {
	Name   string `json:"name"`
	Policy string `json:"policy"` // empty: only read
}

type profileRoot struct {
	Member      string    `json:"member"`
	MSP         string    `json:"msp_id"`
	Certificate string    `json:"certificate"`
	Revocations string    `json:"revocations"`
	Left        time.Time `json:"left"`
}

func loadProfile(path string) (*profile, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "profile", "reading a ledger profile").WithCause(err)
	}
	p := &profile{folder: filepath.Dir(path)}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, registry.Errorf(registry.CodeInternal, "profile", "ledger profile %s", path).WithCause(err)
	}
	if p.Network == "" || p.Channel == "" || p.MSP == "" || p.Gateway.Address == "" {
		return nil, registry.Errorf(registry.CodeInternal, "profile", "ledger profile %s says too little", path)
	}
	return p, nil
}

func (p *profile) read(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.folder, name)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "profile", "reading a file of the ledger profile").WithCause(err)
	}
	return raw, nil
}

// endpoints lists the peers to talk to: the member's own, then the others.
func (p *profile) endpoints() []endpoint {
	list := []endpoint{p.Gateway}
	var others []endpoint
	for _, e := range p.Peers {
		switch {
		case e.Address == p.Gateway.Address:
		case e.MSP == p.MSP:
			list = append(list, e)
		default:
			others = append(others, e)
		}
	}
	return append(list, others...)
}

// Trust reads what a verifier of this network's receipts pins, from a member's
// profile: hand it to verifiers by a way that they trust.
func Trust(profilePath string) (*evidence.Trust, error) {
	p, err := loadProfile(profilePath)
	if err != nil {
		return nil, err
	}
	return p.trust()
}

func (p *profile) trust() (*evidence.Trust, error) {
	trust := &evidence.Trust{Ledger: p.Network, Channel: p.Channel, Lead: p.Lead}
	for _, root := range p.Roots {
		raw, err := p.read(root.Certificate)
		if err != nil {
			return nil, err
		}
		member := evidence.Member{ID: root.Member, MSP: root.MSP, Left: root.Left}
		for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
			member.Roots = append(member.Roots, block.Bytes)
		}
		if root.Revocations != "" {
			if raw, err = p.read(root.Revocations); err != nil {
				return nil, err
			}
			for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
				member.Revocations = append(member.Revocations, block.Bytes)
			}
		}
		trust.Members = append(trust.Members, member)
	}
	return trust, nil
}
