package network

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed runbook.md.tmpl
var runbookText string

//go:embed unit.service.tmpl
var unitText string

// Deployment says where things lie on the hosts.
type Deployment struct {
	// Root is the data folder and Tools the folder of the programs.
	Root  string
	Tools string
	// User runs the processes.
	User string
}

// Units writes, for each host of the description, a folder with the systemd
// units of its processes, and a runbook for all of them. Nothing else differs
// between one machine and several: the settings come from the same description.
func (s *site) Units(folder string, to Deployment) error {
	there := &site{d: s.d, opts: s.opts, layout: layout{to.Root}}
	there.opts.Tools, there.opts.Members = Tools{to.Tools}, nil
	unit, err := template.New("unit").Parse(unitText)
	if err != nil {
		return fmt.Errorf("unit template: %w", err)
	}
	for _, p := range there.Processes() {
		var out strings.Builder
		if err := unit.Execute(&out, unitOf(p, s.d, to)); err != nil {
			return fmt.Errorf("unit of %s: %w", p.Name, err)
		}
		path := filepath.Join(folder, p.Host, unitName(p.Member, p.folder))
		if err := writeFile(path, []byte(out.String()), 0o644); err != nil {
			return err
		}
	}
	return writeRunbook(filepath.Join(folder, "RUNBOOK.md"), s.d, to)
}

func unitName(member, kind string) string { return "tongzheng-" + member + "-" + kind + ".service" }

// unitFields are what the unit template shows.
type unitFields struct {
	Process
	Network, User, Command string
	// After are units on the same host that should be up before.
	After []string
	// Writable is the only folder the process may write to.
	Writable string
}

func unitOf(p Process, d *Description, to Deployment) unitFields {
	f := unitFields{
		Process: p, Network: d.Name, User: to.User, Writable: p.Dir,
		Command: strings.Join(append([]string{p.Path}, p.Args...), " "),
	}
	if m := p.of; p.Kind == KindPeer && m.Service.Host == p.Host {
		f.After = []string{unitName(m.ID, m.folder(KindService))}
	}
	return f
}

func writeRunbook(path string, d *Description, to Deployment) error {
	text, err := template.New("runbook").Parse(runbookText)
	if err != nil {
		return fmt.Errorf("runbook template: %w", err)
	}
	type row struct {
		Member, Host, Process, Ports string
	}
	var rows []row
	for _, m := range d.Members {
		if o := m.Orderer; o != nil {
			rows = append(rows, row{m.ID, o.Host, "orderer", fmt.Sprintf("%d from all members; %d (administration) from the member itself", o.Port, o.Admin)})
		}
		for _, seat := range m.seats() {
			rows = append(rows,
				row{m.ID, seat.Peer.Host, seat.folder("peer"), fmt.Sprintf("%d from all members and clients", seat.Peer.Port)},
				row{m.ID, seat.Service.Host, seat.folder("service"), fmt.Sprintf("%d and up, one per namespace, from this peer only", seat.Service.Port)})
		}
	}
	var out strings.Builder
	err = text.Execute(&out, struct {
		*Description
		Deployment
		Rows []row
	}{d, to, rows})
	if err != nil {
		return fmt.Errorf("runbook: %w", err)
	}
	return writeFile(path, []byte(out.String()), 0o644)
}
