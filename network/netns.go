package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// links are Linux network namespaces, one per host of the description, joined
// by a bridge: the members' machines on one machine.
type links struct {
	network string
	bridge  string
	// gateway is the address of this machine on the bridge, with prefix length.
	gateway string
	hosts   []string
}

// newLinks plans the namespaces; nothing is created.
func newLinks(d *Description) (*links, error) {
	k := &links{network: d.Name, bridge: interfaceName("tz-" + d.Name)}
	for _, m := range d.Members {
		for _, l := range d.listeners(m) {
			if err := k.add(l.host); err != nil {
				return nil, err
			}
		}
	}
	return k, nil
}

// add takes a host in, which must be in the /24 network of the others.
func (k *links) add(host string) error {
	ip := net.ParseIP(host).To4()
	if ip == nil || ip.IsLoopback() {
		return fmt.Errorf("isolated hosts need IPv4 addresses of a network of their own, not %q", host)
	}
	gateway := fmt.Sprintf("%d.%d.%d.254/24", ip[0], ip[1], ip[2])
	if k.gateway != "" && k.gateway != gateway {
		return fmt.Errorf("host %s is not in the network of %s", host, k.gateway)
	}
	k.gateway = gateway
	if !slices.Contains(k.hosts, host) {
		k.hosts = append(k.hosts, host)
	}
	return nil
}

// name is the network namespace of a host.
func (k *links) name(host string) string {
	return "tz-" + k.network + "-" + host[strings.LastIndexByte(host, '.')+1:]
}

// outer is the host's end of the cable at the bridge.
func (k *links) outer(host string) string {
	return k.bridge + "-" + host[strings.LastIndexByte(host, '.')+1:]
}

// interfaceName leaves room for a host number: Linux allows 15 characters.
func interfaceName(name string) string {
	if len(name) > 11 {
		return name[:11]
	}
	return name
}

// up creates what is missing.
func (k *links) up(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("separate hosts on one machine need root for network namespaces")
	}
	if !exists(k.bridge) {
		if err := ipAll(ctx,
			"link add "+k.bridge+" type bridge",
			"addr add "+k.gateway+" dev "+k.bridge,
			"link set "+k.bridge+" up"); err != nil {
			return err
		}
	}
	for _, host := range k.hosts {
		if exists(k.outer(host)) {
			// Whoever pulled its cable may have been killed.
			if err := k.join(ctx, host); err != nil {
				return err
			}
			continue
		}
		ns, outer := k.name(host), k.outer(host)
		if err := ipAll(ctx,
			"netns add "+ns,
			"link add "+outer+" type veth peer name eth0 netns "+ns,
			"link set "+outer+" master "+k.bridge+" up",
			"-n "+ns+" addr add "+host+"/24 dev eth0",
			"-n "+ns+" link set eth0 up",
			"-n "+ns+" link set lo up",
			"-n "+ns+" route add default via "+strings.TrimSuffix(k.gateway, "/24")); err != nil {
			return err
		}
	}
	return nil
}

// down removes everything that up made, and what an earlier run left over.
func (k *links) down(ctx context.Context) error {
	var all []error
	for _, host := range k.hosts {
		if exists(k.outer(host)) {
			all = append(all, ipAll(ctx, "link del "+k.outer(host)))
		}
		if _, err := os.Stat("/run/netns/" + k.name(host)); err == nil {
			all = append(all, ipAll(ctx, "netns del "+k.name(host)))
		}
	}
	if exists(k.bridge) {
		all = append(all, ipAll(ctx, "link del "+k.bridge))
	}
	return errors.Join(all...)
}

// cut pulls the host's cable; join puts it back.
func (k *links) cut(ctx context.Context, host string) error {
	return ipAll(ctx, "link set "+k.outer(host)+" down")
}

func (k *links) join(ctx context.Context, host string) error {
	return ipAll(ctx, "link set "+k.outer(host)+" up")
}

// connections counts a host's established connections to an address.
func (k *links) connections(ctx context.Context, host, to string) (int, error) {
	out, err := runTool(ctx, command{path: "ip", args: []string{"netns", "exec", k.name(host), "ss", "-Htn", "state", "established", "dst", to}})
	if err != nil {
		return 0, fmt.Errorf("listing the connections of %s: %w", host, err)
	}
	return strings.Count(string(out), "\n"), nil
}

func exists(device string) bool {
	_, err := os.Stat("/sys/class/net/" + device)
	return err == nil
}

// ipAll runs iproute2 commands in order.
func ipAll(ctx context.Context, lines ...string) error {
	for _, line := range lines {
		if _, err := runTool(ctx, command{path: "ip", args: strings.Fields(line)}); err != nil {
			return fmt.Errorf("network namespaces: ip %s: %w", line, err)
		}
	}
	return nil
}
