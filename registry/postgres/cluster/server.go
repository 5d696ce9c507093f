package cluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// findServer returns the folder of the installed server programs: the version
// that an existing cluster was made with, else the newest one.
func findServer(data string) (string, error) {
	made := ""
	if raw, err := os.ReadFile(filepath.Join(data, "PG_VERSION")); err == nil {
		made = strings.TrimSpace(string(raw))
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Slice(folders, func(i, j int) bool { return majorOf(folders[i]) > majorOf(folders[j]) })
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	for _, folder := range folders {
		if !exists(filepath.Join(folder, "postgres")) || !exists(filepath.Join(folder, "initdb")) {
			continue
		}
		if made == "" || versionOf(folder) == made {
			return folder, nil
		}
	}
	if made != "" {
		return "", fmt.Errorf("the data in %s is of PostgreSQL %s: install the package postgresql-%s", data, made, made)
	}
	return "", fmt.Errorf("PostgreSQL is not installed: install the package postgresql")
}

// majorOf reads the version from Debian's folder names, 0 for others.
func majorOf(folder string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	return n
}

// versionOf is the major version of the programs in a folder.
func versionOf(folder string) string {
	if n := majorOf(folder); n > 0 {
		return strconv.Itoa(n)
	}
	out, err := exec.Command(filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return ""
	}
	major, _, _ := strings.Cut(fields[2], ".")
	return major
}

// configure writes the settings that are ours, each start anew.
func (c *Cluster) configure() error {
	settings := map[string]string{
		"unix_socket_directories":             c.socket,
		"unix_socket_permissions":             "0700",
		"listen_addresses":                    "",
		"port":                                strconv.Itoa(c.port),
		"max_connections":                     "100",
		"password_encryption":                 "scram-sha-256",
		"timezone":                            "UTC",
		"log_timezone":                        "UTC",
		"log_line_prefix":                     "%m [%p] %q%u@%d ",
		"log_min_duration_statement":          "1000",
		"log_parameter_max_length":            "0",     // parameters can be personal data
		"log_error_verbosity":                 "terse", // so can the values of a key that stands twice
		"idle_in_transaction_session_timeout": "60s",
	}
	if c.config.Loopback {
		settings["listen_addresses"] = "127.0.0.1"
	}
	if c.config.Throwaway {
		for name, value := range map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
			"shared_buffers": "32MB", "max_wal_size": "256MB", "autovacuum_naptime": "1h", "max_connections": "300",
			"log_min_messages": "fatal", "log_min_error_statement": "fatal", "jit": "off"} {
			settings[name] = value
		}
	}
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	text.WriteString("# Written at every start; put settings of your own into postgresql.conf.\n")
	for _, name := range names {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	if err := c.write("postgresql.auto.conf", text.String()); err != nil {
		return err
	}
	// Trust rests on the socket's folder, which only this account enters.
	return c.write("pg_hba.conf", "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
}

// write replaces a file of the data folder, owned by the server's account.
func (c *Cluster) write(name, text string) error {
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	if cr := c.account.credential; cr != nil {
		if err := os.Chown(path+".new", int(cr.Uid), int(cr.Gid)); err != nil {
			return err
		}
	}
	return os.Rename(path+".new", path)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("loopback port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
