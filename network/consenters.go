package network

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
)

// The channel names every orderer with its certificates, and blocks count by the
// identities that it names. So a renewed orderer is first made known.

// PrepareRenewal writes the unsigned update by which the channel takes up an
// orderer's certificates from its member's public folder: channel/renew-<id>.pb.
// The other orderers are left alone, whatever is in their public folders here.
func (c channel) PrepareRenewal(ctx context.Context, id string) (string, error) {
	m, ok := c.d.Member(id)
	if !ok || m.Orderer == nil {
		return "", fmt.Errorf("no member %q with an orderer", id)
	}
	out := c.at("channel", "renew-"+id+".pb")
	return out, c.prepare(ctx, c.d, out, func(updated, wanted tree) error {
		return graftConsenter(updated, wanted, m)
	})
}

// graftConsenter copies what the channel says of one orderer, and the rule of whose
// signatures a block needs: it names all orderers by their certificates.
func graftConsenter(into, from tree, m Member) error {
	have, err := consenterOf(into, m)
	if err != nil {
		return err
	}
	want, err := consenterOf(from, m)
	if err != nil {
		return err
	}
	for _, key := range []string{"identity", "client_tls_cert", "server_tls_cert"} {
		have[key] = want[key]
	}
	return renameSigner(into, m, want["identity"])
}

// renameSigner gives an orderer's place in the rule of blocks its new identity. The
// rule lists the orderers in the channel's order.
func renameSigner(config tree, m Member, identity any) error {
	all, err := consenters(config)
	if err != nil {
		return err
	}
	signers, err := dig[[]any](config, "channel_group", "groups", "Orderer", "policies", "BlockValidation", "policy", "value", "identities")
	if err != nil || len(signers) != len(all) {
		return fmt.Errorf("the rule of blocks names %d of %d orderers: %w", len(signers), len(all), err)
	}
	for i, one := range all {
		if !isConsenter(one, m) {
			continue
		}
		signer, _ := signers[i].(tree)
		principal, err := dig[tree](signer, "principal")
		if err != nil {
			return err
		}
		principal["id_bytes"] = identity
	}
	return nil
}

func consenters(config tree) ([]any, error) {
	return dig[[]any](config, "channel_group", "groups", "Orderer", "values", "Orderers", "value", "consenter_mapping")
}

// consenterOf is what a configuration says of a member's orderer.
func consenterOf(config tree, m Member) (tree, error) {
	all, err := consenters(config)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if isConsenter(one, m) {
			found, _ := one.(tree)
			return found, nil
		}
	}
	return nil, fmt.Errorf("the channel names no orderer of %s at %s", m.ID, address(m.Orderer.Host, m.Orderer.Port))
}

func isConsenter(one any, m Member) bool {
	c, _ := one.(tree)
	port, _ := c["port"].(float64)
	return c["msp_id"] == m.MSP && c["host"] == m.Orderer.Host && int(port) == m.Orderer.Port
}

// namesComing tells whether the channel names the certificates that a member's
// orderer is going to use.
func (c channel) namesComing(ctx context.Context, m Member) (bool, error) {
	work, err := os.MkdirTemp("", "tongzheng-consenters-")
	if err != nil {
		return false, fmt.Errorf("making a scratch folder: %w", err)
	}
	defer os.RemoveAll(work)
	config, err := c.currentConfig(ctx, work)
	if err != nil {
		return false, err
	}
	named, err := consenterOf(config, m)
	if err != nil {
		return false, err
	}
	for _, h := range holdings(m, KindOrderer) {
		raw, err := os.ReadFile(c.coming(m, KindOrderer, h))
		if err != nil {
			return false, fmt.Errorf("reading a new certificate: %w", err)
		}
		key := "identity"
		if h.tls {
			key = "server_tls_cert"
		}
		text, _ := named[key].(string)
		if have, err := base64.StdEncoding.DecodeString(text); err != nil || !bytes.Equal(have, raw) {
			return false, nil
		}
	}
	return true, nil
}

// part is what an orderer says of its part in the channel.
type part struct {
	Relation string `json:"consensusRelation"`
	Status   string `json:"status"`
	Height   int    `json:"height"`
}

// orders tells that the orderer takes part in ordering, and has every block that it
// knows of.
func (p part) orders() bool { return p.Relation == "consenter" && p.Status == "active" }

// partOf asks a member's orderer.
func (s *site) partOf(ctx context.Context, m Member) (part, error) {
	out, err := s.administrator(m).osnadmin(ctx, "list")
	if err != nil {
		return part{}, err
	}
	var p part
	_, text, _ := bytes.Cut(out, []byte("\n"))
	if err := json.Unmarshal(text, &p); err != nil {
		return part{}, fmt.Errorf("reading what the orderer of %s says: %w", m.ID, err)
	}
	return p, nil
}
