package network

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// tree is a YAML or JSON object under construction.
type tree = map[string]any

// genesisProfile is the name configtxgen finds the channel under.
const genesisProfile = "Ledger"

// channel is the ledger's channel: its first block, and its configuration, which
// changes under the signatures of the members' administrators.
type channel struct{ *site }

// makeGenesis makes the first block of the channel, once.
func (c channel) makeGenesis(ctx context.Context) error {
	if _, err := os.Stat(c.genesis()); err == nil {
		return nil
	}
	part := c.genesis() + ".new"
	if err := c.genesisBlock(ctx, c.d, c.at("channel"), part); err != nil {
		return err
	}
	if err := os.Rename(part, c.genesis()); err != nil {
		return fmt.Errorf("keeping the genesis block: %w", err)
	}
	return nil
}

// genesisBlock makes a genesis block for a description.
func (c channel) genesisBlock(ctx context.Context, d *Description, folder, out string) error {
	config, err := c.configtx(d)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(folder, "configtx.yaml"), config, 0o644); err != nil {
		return err
	}
	_, err = runTool(ctx, command{path: c.opts.Tools.Path("configtxgen"), args: []string{
		"-configPath", folder, "-profile", genesisProfile, "-channelID", d.Channel, "-outputBlock", out,
	}})
	if err != nil {
		return fmt.Errorf("making the genesis block: %w", err)
	}
	return nil
}

// configtx is the input of configtxgen: the whole channel as described.
func (l layout) configtx(d *Description) ([]byte, error) {
	var orderers, applications, consenters []any
	for i, m := range d.OrdererMembers() {
		orderers = append(orderers, l.organization(m))
		consenters = append(consenters, tree{
			"ID": i + 1, "Host": m.Orderer.Host, "Port": m.Orderer.Port, "MSPID": m.MSP,
			"Identity":      l.public(m.ID, "orderer", "identity.pem"),
			"ClientTLSCert": l.public(m.ID, "orderer", "tls.pem"),
			"ServerTLSCert": l.public(m.ID, "orderer", "tls.pem"),
		})
	}
	for _, m := range d.PeerMembers() {
		applications = append(applications, l.organization(m))
	}
	flatAll, flatPeers := signature(flatRule(d.Members)), signature(flatRule(d.PeerMembers()))
	profile := tree{
		"Capabilities": tree{"V3_0": true},
		"Policies":     tree{"Readers": flatAll, "Writers": flatAll, "Admins": majority("Admins")},
		"Application": tree{
			"Capabilities":  tree{"V2_5": true},
			"Organizations": applications,
			"Policies": tree{
				"Readers": flatPeers, "Writers": flatPeers, "Admins": majority("Admins"),
				"Endorsement":          majority("Endorsement"),
				"LifecycleEndorsement": majority("Endorsement"),
			},
		},
		"Orderer": tree{
			"OrdererType":  "BFT",
			"Capabilities": tree{"V2_0": true},
			"BatchTimeout": d.Ordering.BatchInterval, // not read in BFT, yet required
			"BatchSize": tree{
				"MaxMessageCount":   d.Ordering.BatchCount,
				"AbsoluteMaxBytes":  d.Ordering.BatchBytes,
				"PreferredMaxBytes": d.Ordering.BatchBytes,
			},
			"ConsenterMapping": consenters,
			"SmartBFT":         d.Ordering.smartBFT(),
			"Organizations":    orderers,
			"Policies": tree{
				"Readers": flatAll, "Writers": flatAll, "Admins": majority("Admins"),
				// Replaced by configtxgen with a quorum of the consenters.
				"BlockValidation": flatAll,
			},
		},
	}
	out, err := yaml.Marshal(tree{"Profiles": tree{genesisProfile: profile}})
	if err != nil {
		return nil, fmt.Errorf("encoding configtx.yaml: %w", err)
	}
	return out, nil
}

// organization is a member as the channel knows it. One definition serves both
// roles: two different ones under one membership id would be refused.
func (l layout) organization(m Member) tree {
	member, admin := signature("OR('"+m.MSP+".member')"), signature("OR('"+m.MSP+".admin')")
	org := tree{
		"Name": m.MSP, "ID": m.MSP, "MSPDir": l.public(m.ID, "msp"),
		"Policies": tree{
			"Readers": member, "Writers": member, "Admins": admin,
			"Endorsement": signature("OR('" + m.MSP + ".peer')"),
		},
	}
	if m.Orderer != nil {
		org["OrdererEndpoints"] = []string{address(m.Orderer.Host, m.Orderer.Port)}
	}
	if m.Peer != nil {
		var anchors []any
		for _, seat := range m.seats() {
			anchors = append(anchors, tree{"Host": seat.Peer.Host, "Port": seat.Peer.Port})
		}
		org["AnchorPeers"] = anchors
	}
	return org
}

func signature(rule string) tree { return tree{"Type": "Signature", "Rule": rule} }

func majority(of string) tree { return tree{"Type": "ImplicitMeta", "Rule": "MAJORITY " + of} }

// smartBFT is the complete section: configtxgen fills in nothing when any of it
// is given, and the orderers refuse zeros.
func (o Ordering) smartBFT() tree {
	return tree{
		"RequestBatchMaxCount":      o.BatchCount,
		"RequestBatchMaxBytes":      o.BatchBytes,
		"RequestBatchMaxInterval":   o.BatchInterval,
		"IncomingMessageBufferSize": 200,
		"RequestPoolSize":           100000,
		"RequestForwardTimeout":     "2s",
		"RequestComplainTimeout":    "20s",
		"RequestAutoRemoveTimeout":  "3m0s",
		"ViewChangeResendInterval":  "5s",
		"ViewChangeTimeout":         "20s",
		"LeaderHeartbeatTimeout":    o.LeaderTimeout,
		"LeaderHeartbeatCount":      10,
		"CollectTimeout":            "1s",
		"SyncOnStart":               false,
		"SpeedUpViewChange":         false,
	}
}
