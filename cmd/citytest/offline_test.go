package citytest_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/api/browsertest"
	"tongzheng/cmd/citytest"
	"tongzheng/registry"
)

// TestNeighborsPaperOffline: a member's paper is judged without a network at another
// member's page and by the command, with all members' keys and lists; the page says how
// old each member's are.
func TestNeighborsPaperOffline(t *testing.T) {
	t.Parallel()
	city, county := registriesOf(t, func(config *citytest.Config) {
		config.ListsEvery, config.Offline = 200*time.Millisecond, citytest.Verifier(t)
	})
	for _, n := range []*neighbor{city, county} {
		n.namesKeys()
	}
	city.holds(county)
	county.holds(city)
	list := county.paper.sheet.List
	for end := time.Now().Add(citytest.Patience); city.Directory.StatusList(list) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the county's list never came to the city")
		}
	}
	site, unplug := unpluggable(t, city)
	tab := browsertest.Open(t)
	tab.Phone()
	tab.Go(site + "/offline/")
	tab.Until(`document.documentElement.dataset.ready === "yes" && document.documentElement.dataset.kept === "yes"`)
	unplug()
	tab.Go(site + "/offline/") // from the device alone
	tab.Until(`document.documentElement.dataset.ready === "yes"`)
	for _, n := range []*neighbor{city, county} {
		if state := tab.Value(fmt.Sprintf(`document.querySelector("#members [data-member=%s]").dataset.state`, n.Member)); state != "good" {
			t.Errorf("what is known of %s: %s\n%s", n.Member, state, tab.Value(`document.getElementById("members").innerText`))
		}
		if verdict := judged(tab, n.paper.qr); verdict != "valid" {
			t.Errorf("a paper of %s: %s\n%s", n.Member, verdict, tab.Value(`document.getElementById("result").innerText`))
		}
	}
	tab.Accessible("offline-members")
	tab.Fits("offline-members", 320)
	tab.Value(`(() => { const now = Date.now; Date.now = () => now() + 25 * 3600e3; return ""; })()`)
	if verdict := judged(tab, county.paper.qr); verdict != "unknown" {
		t.Errorf("past nextUpdate: %s", verdict)
	}
	tab.Value(`(() => { document.getElementById("refresh").click(); return ""; })()`)
	tab.Until(fmt.Sprintf(`document.querySelector("#members [data-member=%s]").dataset.state === "over"`, county.Member))
	carried(t, city, county)
}

// judged has the page judge a code's text.
func judged(tab *browsertest.Tab, text string) string {
	tab.T.Helper()
	tab.Value(fmt.Sprintf(`(() => { delete document.getElementById("result").dataset.verdict; document.getElementById("text").value = %q;
		document.getElementById("form").requestSubmit(); return ""; })()`, text))
	tab.Until(`document.getElementById("result").dataset.verdict`)
	return tab.Value(`document.getElementById("result").dataset.verdict`)
}

// unpluggable is a registry's site behind a line that can be cut.
func unpluggable(t *testing.T, n *neighbor) (site string, unplug func()) {
	t.Helper()
	to, err := url.Parse("http://" + n.Address)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: httputil.NewSingleHostReverseProxy(to)}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	site = "http://localhost:" + port
	return site, func() {
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		if answer, err := http.Get(site + "/healthz"); err == nil {
			answer.Body.Close()
			t.Fatal("the line is not cut")
		}
	}
}

// carried: one file from the city judges both members' codes.
func carried(t *testing.T, city, county *neighbor) {
	t.Helper()
	tongzheng, file := citytest.Program(t, "tongzheng"), filepath.Join(t.TempDir(), "all.pem")
	if out, err := exec.Command(tongzheng, "keys", "roots", "--all", "--lists", file, "--server", "http://"+city.Address).CombinedOutput(); err != nil {
		t.Fatalf("keys roots: %v %s", err, out)
	}
	for _, n := range []*neighbor{city, county} {
		out, err := exec.Command(tongzheng, "verify", "--roots", file, n.paper.qr).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), string(registry.Valid)+" ") {
			t.Errorf("a code of %s by one file: %v\n%s", n.Member, err, out)
		}
	}
}
