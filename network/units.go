package network

import (
	"embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed deployment
var deploymentFiles embed.FS

// deploymentTemplates are the forms of everything that Units writes.
var deploymentTemplates = template.Must(template.ParseFS(deploymentFiles, "deployment/*"))

// Deployment says where things lie on the hosts.
type Deployment struct {
	// Root is the data folder: the ledger's processes, registry, signer and
	// database have a folder each in it.
	Root string
	// Tools is the folder of our programs and Fabric's, Postgres that of the
	// database server's.
	Tools    string
	Postgres string
	// User runs the ledger's processes. Registry, signer and proxy run as users of
	// their own, whose names begin with it.
	User string
}

// PostgresPackage is the Debian package of the database server.
func (to Deployment) PostgresPackage() string {
	return "postgresql-" + filepath.Base(filepath.Dir(to.Postgres))
}

// host is what one host of a deployment has.
type host struct {
	Deployment
	Network string
	Host    string
	// Members have processes of the ledger on it, by their ids.
	Members string
	// Member is the one whose registry it has; on a host without registry, the
	// lead where its peer is, or a zero one.
	Member
	// Leads: that one is the ledger's lead.
	Leads bool
}

// hostsOf are the hosts of a deployment.
func hostsOf(d *Description, to Deployment) []host {
	var all []host
	for _, name := range d.Hosts() {
		h := host{Deployment: to, Network: d.Name, Host: name}
		var ids []string
		for _, m := range d.Members {
			on := func(l listener) bool { return l.host == name }
			if slices.ContainsFunc(d.listeners(m), on) {
				ids = append(ids, m.ID)
			}
			here := m.Registry != nil && m.Registry.Host == name
			if here || m.Registry == nil && m.ID == d.Lead && m.Peer.Host == name {
				h.Member, h.Leads = m, m.ID == d.Lead
			}
		}
		h.Members = strings.Join(ids, ",")
		all = append(all, h)
	}
	return all
}

// Units writes, for each host of the description, a folder etc with the systemd
// units and settings of everything that runs there, and a runbook for all of
// them. Nothing else differs between one machine and several: the settings come
// from the same description.
func (s *site) Units(folder string, to Deployment) error {
	there := &site{d: s.d, opts: s.opts, layout: layout{filepath.Join(to.Root, "network")}}
	there.opts.Tools, there.opts.Members = Tools{to.Tools}, nil
	for _, h := range hostsOf(s.d, to) {
		etc := filepath.Join(folder, h.Host, "etc")
		for _, p := range there.Processes() {
			if p.Host == h.Host {
				if err := writeUnit(etc, ledgerUnit(p, s.d, to)); err != nil {
					return err
				}
			}
		}
		if err := h.settings(etc); err != nil {
			return err
		}
		if err := s.d.Save(filepath.Join(etc, "tongzheng", "network.yaml")); err != nil {
			return err
		}
	}
	return writeRunbook(filepath.Join(folder, "RUNBOOK.md"), s.d, to)
}

// settings writes what the host's programs are told, and the units of those that
// are not the ledger's.
func (h host) settings(etc string) error {
	files := map[string]string{"tongzheng/operator.sh": "operator.sh.tmpl"}
	if h.Registry != nil {
		for _, name := range []string{"registry.env", "signer.env"} {
			files["tongzheng/"+name] = name + ".tmpl"
		}
		files["tongzheng/proxy/nginx.conf"] = "nginx.conf.tmpl"
		for _, name := range []string{"postgresql.conf", "pg_hba.conf", "pg_ident.conf", "roles.sql"} {
			files["tongzheng/postgresql/"+name] = name + ".tmpl"
		}
	}
	for name, form := range files {
		if err := writeForm(filepath.Join(etc, name), form, h); err != nil {
			return err
		}
	}
	if h.Registry == nil {
		return nil
	}
	for _, u := range h.registryUnits() {
		if err := writeUnit(etc, u); err != nil {
			return err
		}
	}
	for what, at := range map[string]string{"registry-backup": "02:00:00", "signer-backup": "03:00:00"} {
		path := filepath.Join(etc, "systemd", "system", "tongzheng-"+h.ID+"-"+what+".timer")
		if err := writeForm(path, "timer.tmpl", struct{ Network, What, At string }{h.Network, strings.ReplaceAll(what, "-", " ") + " of " + h.ID, at}); err != nil {
			return err
		}
	}
	return nil
}

func writeForm(path, form string, what any) error {
	var out strings.Builder
	if err := deploymentTemplates.ExecuteTemplate(&out, form, what); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return writeFile(path, []byte(out.String()), 0o644)
}

func writeUnit(etc string, u unit) error {
	return writeForm(filepath.Join(etc, "systemd", "system", u.Name), "service.tmpl", u)
}

func unitName(member, kind string) string { return "tongzheng-" + member + "-" + kind + ".service" }

// unit is what the form of a service shows.
type unit struct {
	Name, Network, What string
	User                string
	// Groups are further groups of the user in this unit.
	Groups string
	Type   string
	Dir    string
	// Env are settings, EnvFiles files of them.
	Env, EnvFiles []string
	Command       string
	// Before is run before the command, Afterwards when it has ended well, AtEnd in
	// any case, and Reload to have new certificates read.
	Before, Afterwards, AtEnd, Reload string
	// After are units on the same host that should be up before.
	After []string
	// Once: it ends by itself, a timer starts it.
	Once bool
	// Start is how long it may take to start, one that runs once: to end. Empty: a
	// few minutes.
	Start string
	// Signal ends it, where that is not SIGTERM.
	Signal string
	// Runtime and Cache are folders that systemd makes, Writable the only other
	// one that the process may write to.
	Runtime, RuntimeMode, Cache string
	Writable                    string
	// Capability is the only one it has.
	Capability string
}

func ledgerUnit(p Process, d *Description, to Deployment) unit {
	u := unit{
		Name: unitName(p.Member, p.folder), Network: d.Name, What: p.folder + " of " + p.Member,
		User: to.User, Dir: p.Dir, Env: p.Env, Writable: p.Dir,
		Command: strings.Join(append([]string{p.Path}, p.Args...), " "),
	}
	if m := p.of; p.Kind == KindPeer && m.Service.Host == p.Host {
		u.After = []string{unitName(m.ID, m.folder(KindService))}
	}
	return u
}

// registryUnits are the units of a member's registry and of what it needs on its
// host.
func (h host) registryUnits() []unit {
	base := func(kind, what string) unit {
		return unit{Name: unitName(h.ID, kind), Network: h.Network, What: what + " of " + h.ID, User: h.User + "-" + kind}
	}
	database := base("postgresql", "database")
	database.User, database.Type, database.Signal = "postgres", "notify", "SIGINT"
	database.Command = filepath.Join(h.Postgres, "postgres") + " -D " + h.Root + "/postgresql -c config_file=/etc/tongzheng/postgresql/postgresql.conf"
	database.Reload = "/bin/kill -HUP $MAINPID"
	database.Writable = h.Root + "/postgresql"
	database.Runtime, database.RuntimeMode = h.User+"-postgresql", "0755"

	signer := base("signer", "signer")
	signer.Type = "notify"
	signer.EnvFiles = []string{"/etc/tongzheng/signer.env", "-/etc/tongzheng/signer/seal-port.env"}
	signer.Command = filepath.Join(h.Tools, "tongzheng-signer") + " serve"
	signer.Writable = h.Root + "/signer"
	signer.Runtime, signer.RuntimeMode = h.User+"-signer", "0750"

	registry := base("registry", "registry")
	registry.Type, registry.Groups = "notify", signer.User
	// It migrates its database before it is ready. Killed in the middle, it would
	// begin again, and be killed again.
	registry.Start = "infinity"
	registry.EnvFiles = []string{"/etc/tongzheng/registry.env"}
	registry.Env = []string{"XDG_CACHE_HOME=/var/cache/" + h.User + "-registry"}
	registry.Command = filepath.Join(h.Tools, "tongzheng") + " serve"
	registry.Writable = h.Root + "/registry"
	registry.Cache = h.User + "-registry"
	registry.After = []string{database.Name, signer.Name}

	proxy := base("proxy", "reverse proxy")
	proxy.Command = "/usr/sbin/nginx -e stderr -c /etc/tongzheng/proxy/nginx.conf -g 'daemon off;'"
	proxy.Reload = "/bin/kill -HUP $MAINPID"
	proxy.Signal = "SIGQUIT"
	proxy.Runtime, proxy.RuntimeMode, proxy.Cache = h.User+"-proxy", "0700", h.User+"-proxy"
	proxy.Capability = "CAP_NET_BIND_SERVICE"
	proxy.After = []string{registry.Name}

	return []unit{database, signer, registry, proxy, h.backupOf(registry, ""), h.backupOf(signer, " --signer-folder")}
}

// kept is for how many days backups stay on the host.
const kept = 30

// backupOf is the nightly backup of a registry or a signer. The signer's memory
// is one file that it writes itself: it is stopped for the moment, and started
// again unless it was stopped before. The registry goes on, and waits for it.
func (h host) backupOf(of unit, flags string) unit {
	kind := strings.TrimPrefix(of.User, h.User+"-")
	folder := "/var/backups/tongzheng/" + kind
	u := unit{
		Name: unitName(h.ID, kind+"-backup"), Network: h.Network, What: kind + " backup of " + h.ID,
		User: of.User, Groups: of.Groups, Type: "oneshot", Once: true, Start: "12h", EnvFiles: of.EnvFiles[:1], Writable: folder,
		Command:    filepath.Join(h.Tools, "tongzheng") + " backup" + flags + " --data " + of.Writable + " " + folder + "/records --secrets " + folder + "/secrets",
		Afterwards: fmt.Sprintf("/usr/bin/find %s -name *.tar.gz -mtime +%d -delete", folder, kept),
	}
	if flags != "" {
		u.Start = "15min" // A backup that hangs does not keep it stopped.
		u.Runtime, u.RuntimeMode = h.User+"-"+kind+"-backup", "0700"
		on := "/run/" + u.Runtime + "/was-on"
		u.Before = fmt.Sprintf("+/bin/sh -c '/usr/bin/systemctl is-active %s | grep -qx inactive || touch %s; exec /usr/bin/systemctl stop %[1]s'", of.Name, on)
		u.AtEnd = fmt.Sprintf("+/bin/sh -c 'test ! -e %s || exec /usr/bin/systemctl start --no-block %s'", on, of.Name)
	}
	// A dump of the database is written beside the files that it is packed with.
	u.Writable += " " + of.Writable
	return u
}
