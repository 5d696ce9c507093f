package network

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A configuration update is made by letting configtxgen describe the channel as
// it should be and copying the difference into the channel as it is. So an
// update and a new network follow from the same code.

// PrepareUpdate writes the configuration update, ready to be signed, that turns
// the running channel into the one d describes, as far as members with peers,
// the flat rules and everybody's membership definition (its revocation list)
// are concerned. The set of orderers is left alone.
func (c channel) PrepareUpdate(ctx context.Context, d *Description, out string) error {
	return c.prepare(ctx, d, out, graft)
}

// prepare writes the update that has the running channel differ as change makes
// it, from the channel that d describes.
func (c channel) prepare(ctx context.Context, d *Description, out string, change func(updated, wanted tree) error) error {
	work, err := os.MkdirTemp("", "tongzheng-update-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer os.RemoveAll(work)
	current, err := c.currentConfig(ctx, work)
	if err != nil {
		return err
	}
	wanted, err := c.wantedConfig(ctx, d, work)
	if err != nil {
		return err
	}
	updated, err := cloneTree(current)
	if err != nil {
		return err
	}
	if err := change(updated, wanted); err != nil {
		return err
	}
	return c.writeUpdate(ctx, d.Channel, current, updated, work, out)
}

// currentConfig fetches the channel's configuration from the orderers.
func (c channel) currentConfig(ctx context.Context, work string) (tree, error) {
	asker := c.own()[0]
	for _, m := range c.own() {
		if m.Peer != nil {
			asker = m
			break
		}
	}
	block := filepath.Join(work, "current.block")
	args := append([]string{"channel", "fetch", "config", block, "-c", c.d.Channel}, c.administrator(asker).orderer()...)
	err := retry(ctx, fetchWithin, "fetching the channel configuration", func() error {
		_, err := c.administrator(asker).peer(ctx, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.configOf(ctx, block)
}

// wantedConfig is the configuration of a new channel of that description.
func (c channel) wantedConfig(ctx context.Context, d *Description, work string) (tree, error) {
	block := filepath.Join(work, "wanted.block")
	if err := c.genesisBlock(ctx, d, work, block); err != nil {
		return nil, err
	}
	return c.configOf(ctx, block)
}

func (c channel) configOf(ctx context.Context, block string) (tree, error) {
	out, err := c.translate(ctx, "proto_decode", "--type", "common.Block", "--input", block)
	if err != nil {
		return nil, err
	}
	var decoded tree
	if err := json.Unmarshal(out, &decoded); err != nil {
		return nil, fmt.Errorf("reading a configuration block: %w", err)
	}
	data, err := dig[[]any](decoded, "data", "data")
	if err != nil || len(data) != 1 {
		return nil, fmt.Errorf("not a configuration block: %w", err)
	}
	envelope, _ := data[0].(tree)
	return dig[tree](envelope, "payload", "data", "config")
}

// graft copies what depends on the set of members with peers: their
// organizations and the flat rules of the channel and the application.
func graft(into, from tree) error {
	groups := func(t tree) (tree, error) {
		return dig[tree](t, "channel_group", "groups", "Application", "groups")
	}
	have, err := groups(into)
	if err != nil {
		return err
	}
	want, err := groups(from)
	if err != nil {
		return err
	}
	for name := range have {
		if _, stays := want[name]; !stays {
			delete(have, name)
		}
	}
	for name, org := range want {
		if _, known := have[name]; !known {
			have[name] = org
		}
	}
	for _, role := range []string{"Application", "Orderer"} {
		if err := graftMemberships(into, from, role); err != nil {
			return err
		}
	}
	for _, at := range [][]string{
		{"channel_group", "policies"}, {"channel_group", "groups", "Application", "policies"},
		{"channel_group", "groups", "Orderer", "policies"},
	} {
		target, err := dig[tree](into, at...)
		if err != nil {
			return err
		}
		source, err := dig[tree](from, at...)
		if err != nil {
			return err
		}
		for _, rule := range []string{"Readers", "Writers"} {
			target[rule] = source[rule]
		}
	}
	return nil
}

// graftMemberships copies the membership definition of every organization that
// both have.
func graftMemberships(into, from tree, role string) error {
	have, err := dig[tree](into, "channel_group", "groups", role, "groups")
	if err != nil {
		return err
	}
	for name := range have {
		wanted, err := dig[any](from, "channel_group", "groups", role, "groups", name, "values", "MSP", "value")
		if err != nil {
			return err
		}
		msp, err := dig[tree](have, name, "values", "MSP")
		if err != nil {
			return err
		}
		msp["value"] = wanted
	}
	return nil
}

// writeUpdate computes the difference and wraps it for signatures.
func (c channel) writeUpdate(ctx context.Context, channel string, current, updated tree, work, out string) error {
	files := map[string]tree{"current": current, "updated": updated}
	for name, config := range files {
		raw, err := json.Marshal(config)
		if err != nil {
			return fmt.Errorf("encoding a configuration: %w", err)
		}
		plain := filepath.Join(work, name+".json")
		if err := writeFile(plain, raw, 0o600); err != nil {
			return err
		}
		if _, err := c.translate(ctx, "proto_encode", "--type", "common.Config", "--input", plain, "--output", filepath.Join(work, name+".pb")); err != nil {
			return err
		}
	}
	delta := filepath.Join(work, "delta.pb")
	_, err := c.translate(ctx, "compute_update", "--channel_id", channel, "--original", filepath.Join(work, "current.pb"),
		"--updated", filepath.Join(work, "updated.pb"), "--output", delta)
	if err != nil {
		return err
	}
	decoded, err := c.translate(ctx, "proto_decode", "--type", "common.ConfigUpdate", "--input", delta)
	if err != nil {
		return err
	}
	// Type 2 is CONFIG_UPDATE.
	envelope, err := json.Marshal(tree{"payload": tree{
		"header": tree{"channel_header": tree{"channel_id": channel, "type": 2}},
		"data":   tree{"config_update": json.RawMessage(decoded)},
	}})
	if err != nil {
		return fmt.Errorf("encoding an update: %w", err)
	}
	plain := filepath.Join(work, "envelope.json")
	if err := writeFile(plain, envelope, 0o600); err != nil {
		return err
	}
	_, err = c.translate(ctx, "proto_encode", "--type", "common.Envelope", "--input", plain, "--output", out)
	return err
}

func (c channel) translate(ctx context.Context, args ...string) ([]byte, error) {
	out, err := runTool(ctx, command{path: c.opts.Tools.Path("configtxlator"), args: args})
	if err != nil {
		return nil, fmt.Errorf("translating channel configuration: %w", err)
	}
	return out, nil
}

// SignUpdate adds the signature of a member's administrator to an update file.
func (c channel) SignUpdate(ctx context.Context, file, id string) error {
	m, ok := c.d.Member(id)
	if !ok {
		return fmt.Errorf("no member %q", id)
	}
	if _, err := c.administrator(m).peer(ctx, "channel", "signconfigtx", "-f", file); err != nil {
		return fmt.Errorf("signing the update for %s: %w", id, err)
	}
	return nil
}

// SubmitUpdate sends a signed update; the submitter's signature counts too. It
// returns when the orderers have accepted it. An answer that leaves this open is
// followed by another try: an update that is in force already is refused, for
// the version that it starts from is past.
func (c channel) SubmitUpdate(ctx context.Context, file, id string) error {
	m, ok := c.d.Member(id)
	if !ok {
		return fmt.Errorf("no member %q", id)
	}
	open := false
	return retry(ctx, stepWithin, "submitting the update for "+id, func() error {
		args := append([]string{"channel", "update", "-c", c.d.Channel, "-f", file}, c.administrator(m).orderer()...)
		_, err := c.administrator(m).peer(ctx, args...)
		switch {
		case err == nil, open && isPast(err):
			return nil
		case refusedUpdate(err):
			return final{err}
		}
		open = true
		return err
	})
}

// refusedUpdate tells by the orderer's words that an update was not taken.
func refusedUpdate(err error) bool {
	text := err.Error()
	return strings.Contains(text, "BAD_REQUEST") || strings.Contains(text, "FORBIDDEN")
}

// isPast tells that the configuration has moved on from where an update starts.
func isPast(err error) bool {
	return refusedUpdate(err) && strings.Contains(err.Error(), "but it is currently at version")
}

// changeMembers signs and submits the update to d with every administrator at
// hand, then waits until the orderers' configuration says so.
func (c channel) changeMembers(ctx context.Context, d *Description) error {
	file := c.at("channel", "update.pb")
	if err := c.PrepareUpdate(ctx, d, file); err != nil {
		if noDifference(err) {
			return nil // An earlier, interrupted run got this far.
		}
		return err
	}
	// The lead signs by submitting. The others include the auditor, who has a
	// say because the channel's rules concern the orderers too.
	for _, m := range c.own() {
		if m.ID == d.Lead {
			continue
		}
		if _, stays := d.Member(m.ID); !stays {
			continue // Nobody signs for their own removal: it must not be needed.
		}
		if err := c.SignUpdate(ctx, file, m.ID); err != nil {
			return err
		}
	}
	if err := c.SubmitUpdate(ctx, file, d.Lead); err != nil {
		return err
	}
	return c.updated(ctx, d)
}

// updated waits until the channel needs no further update to match d.
func (c channel) updated(ctx context.Context, d *Description) error {
	return retry(ctx, fetchWithin, "waiting for the configuration block", func() error {
		err := c.PrepareUpdate(ctx, d, c.at("channel", "check.pb"))
		if noDifference(err) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("the orderers still have the old configuration")
		}
		return err
	})
}

func noDifference(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no differences detected")
}

// dig walks down a decoded document.
func dig[T any](t tree, path ...string) (T, error) {
	var at any = t
	for _, step := range path {
		next, ok := at.(tree)
		if !ok {
			break
		}
		at = next[step]
	}
	found, ok := at.(T)
	if !ok {
		return found, fmt.Errorf("channel configuration lacks %s", strings.Join(path, "."))
	}
	return found, nil
}

func cloneTree(t tree) (tree, error) {
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("copying a configuration: %w", err)
	}
	var c tree
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("copying a configuration: %w", err)
	}
	return c, nil
}
