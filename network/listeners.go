package network

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// portHolder is who listens on a port, as far as the kernel lets us know: a
// process of a network has its member's folder as working folder.
type portHolder struct {
	pid     int
	program string
	// root and process are those of a network, empty for another program.
	root    string
	process string
}

// key is equal for ports that one complaint is enough for.
func (h portHolder) key() string { return h.root + "\x00" + h.program }

// inTheWayOf says who it is, and what to do about it.
func (h portHolder) inTheWayOf(s *site) string {
	switch {
	case sameFolder(h.root, s.root):
		return fmt.Sprintf("%s of this very network listens there as process %d, which an interrupted command left behind; end it (kill %d) and try again", h.process, h.pid, h.pid)
	case h.root != "" && isThere(s.genesis()):
		return fmt.Sprintf("the network in %s listens there (%s, process %d), and this one keeps the ports that it was founded on; stop the other first: network -data %s down", h.root, h.process, h.pid, h.root)
	case h.root != "":
		return fmt.Sprintf("the network in %s listens there (%s, process %d); stop it (network -data %s down), or found this one on other ports (-ports %s)", h.root, h.process, h.pid, h.root, PortsAuto)
	case h.pid != 0:
		return fmt.Sprintf("%s (process %d) listens there; end it, or found a new network on other ports (-ports %s)", h.program, h.pid, PortsAuto)
	}
	return fmt.Sprintf("another user's program listens there; a new network can be founded on other ports (-ports %s)", PortsAuto)
}

func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// whoListens asks the kernel who listens on an address. Of other users' programs
// it does not say.
func whoListens(at string) portHolder {
	_, text, _ := net.SplitHostPort(at)
	port, err := strconv.Atoi(text)
	if err != nil {
		return portHolder{}
	}
	sockets := map[string]bool{}
	for _, s := range listeningSockets("self", port) {
		sockets["socket:["+s+"]"] = true
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*") // The pattern is good.
	for _, file := range files {
		if to, err := os.Readlink(file); err != nil || !sockets[to] {
			continue
		}
		return holderOf(strings.Split(file, "/")[2])
	}
	return portHolder{}
}

func holderOf(pid string) portHolder {
	var h portHolder
	h.pid, _ = strconv.Atoi(pid) // It was a number to match.
	name, _ := os.ReadFile("/proc/" + pid + "/comm")
	h.program = strings.TrimSpace(string(name))
	dir, err := os.Readlink("/proc/" + pid + "/cwd")
	if err != nil {
		return h
	}
	// …/members/<member>/<kind>
	kind, member := filepath.Base(dir), filepath.Base(filepath.Dir(dir))
	members := filepath.Dir(filepath.Dir(dir))
	if root := filepath.Dir(members); filepath.Base(members) == "members" && isThere(layout{root}.description()) {
		h.root, h.process = root, kind+"."+member
	}
	return h
}

// listening tells whether some process in the network namespace of pid listens
// on a TCP port.
func listening(pid, port int) bool {
	return len(listeningSockets(strconv.Itoa(pid), port)) > 0
}

// listeningSockets are the kernel's numbers of the sockets that listen on a port,
// in the network namespace of a process.
func listeningSockets(pid string, port int) []string {
	const listen = "0A"
	want := fmt.Sprintf(":%04X", port)
	var sockets []string
	for _, table := range []string{"tcp", "tcp6"} {
		raw, err := os.ReadFile("/proc/" + pid + "/net/" + table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == listen && strings.HasSuffix(fields[1], want) {
				sockets = append(sockets, fields[9])
			}
		}
	}
	return sockets
}
