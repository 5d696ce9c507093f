package machines_test

import (
	"strings"
)

// bounds looks at what the hosts of a deployment let through: at the proxy, at
// ports, and between users. Each line is a command and what it says.
func (w *world) bounds() {
	w.t.Helper()
	city := w.d.RegistryMembers()[0].Registry
	at := w.address[city.Host]
	for _, c := range []struct{ host, command, says string }{
		// The proxy: TLS or nothing, by our names alone, with one word on HSTS.
		{"desk", "curl -s -o /dev/null -w '%{http_code} %{redirect_url}' http://" + city.PublicName() + "/v/abc", "308 https://" + city.PublicName() + "/v/abc"},
		{"desk", "curl -s -D - -o /dev/null " + city.Public + "/ | grep -ci '^strict-transport-security:'", "1"},
		{"desk", "curl -s -o /dev/null -w '%{http_code}' " + city.Public + "/metrics", "404"},
		{"desk", "curl -s -D - -o /dev/null " + city.Sign + "/ | grep -ci '^content-security-policy:'", "1"},
		{"desk", "curl -sk --resolve other.example:443:" + at + " https://other.example/ || echo refused", "refused"},
		{"desk", "curl -sk -H 'Host: other.example' http://" + at + "/ || echo refused", "refused"},
		// Whoever says an address of somebody else's in front of the proxy is not believed.
		{"desk", "for i in $(seq 200); do curl -s -o /dev/null -w '%{http_code}\\n' -H \"X-Forwarded-For: 192.0.2.$i\" " + city.Public + "/v/ABCDEFGHIJKLMNOPQRSTUVWXYZ; done | grep -c 429 | grep -qv '^0$' && echo bounded", "bounded"},
		// What listens for the host alone.
		{"desk", "for port in 8080 8090 5432 7052 7054 7055; do (exec 3<>/dev/tcp/" + at + "/$port) 2>/dev/null && echo open $port; done; echo done", "done"},
		{city.Host, "ss -Hltn '( sport = :8080 or sport = :8090 )' | awk '{print $4}' | sort | xargs", "127.0.0.1:8080 127.0.0.1:8090"},
		// Users: the signer's folder is its own, its socket the registry's as well.
		{city.Host, "runuser -u tongzheng-registry -- ls /var/lib/tongzheng/signer 2>&1 | grep -o 'Permission denied'", "Permission denied"},
		{city.Host, "runuser -u tongzheng-registry -- ls /var/lib/tongzheng/network 2>&1 | grep -o 'Permission denied'", "Permission denied"},
		{city.Host, "runuser -u tongzheng-proxy -- ls /var/lib/tongzheng/registry /var/lib/tongzheng/postgresql 2>&1 | grep -c 'Permission denied'", "2"},
		{city.Host, "runuser -u tongzheng-proxy -- curl -s --unix-socket /run/tongzheng-signer/signer.sock http://signer/ || echo refused", "refused"},
		{city.Host, "runuser -u tongzheng-proxy -- psql -h /run/tongzheng-postgresql -U tongzheng_app tongzheng -c 'SELECT 1' 2>&1 | grep -o 'Peer authentication failed'", "Peer authentication failed"},
		{city.Host, "runuser -u tongzheng-registry -- psql -h /run/tongzheng-postgresql -U tongzheng_app -tA tongzheng -c \"SELECT has_schema_privilege('public', 'CREATE')\"", "f"},
		// No unit ends by itself, and no journal has a token.
		{city.Host, "systemctl --failed --plain --no-legend | grep -c tongzheng || true", "0"},
		{city.Host, "journalctl --no-pager | grep -v bounds | grep -cE '/v/[A-Z0-9]{20}' || true", "0"},
	} {
		out, err := w.hosts[c.host].Command("bash", "-c", c.command).CombinedOutput()
		if said := strings.TrimSpace(string(out)); said != c.says {
			w.t.Errorf("on %s: %s\nsays %q (%v), want %q", c.host, c.command, said, err, c.says)
		}
	}
}
