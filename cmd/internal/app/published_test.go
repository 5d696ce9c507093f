package app_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestDecisionToPublic: how long it took from the decision and from the seal
// until everyone could see the act is measured for the organization that
// decided, and the bound of the status lists stands beside it.
func TestDecisionToPublic(t *testing.T) {
	c := inCity(t)
	acceptor, err := c.demo.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) float64 {
		t.Helper()
		got := c.metrics(t)
		found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(got)
		if found == nil {
			return 0
		}
		v, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	series := func(what, from string) string {
		return fmt.Sprintf(`tongzheng_act_public_seconds_%s{from=%q,organization=%q}`, what, from, acceptor.Code)
	}
	before := map[string]float64{}
	for _, from := range []string{"decided", "sealed"} {
		before[from] = read(series("count", from))
	}
	c.issued(t)
	for _, from := range []string{"decided", "sealed"} {
		now := read(series("count", from))
		for end := time.Now().Add(5 * time.Second); now == before[from] && time.Now().Before(end); now = read(series("count", from)) {
			time.Sleep(10 * time.Millisecond) // measured right after the commit that the test saw
		}
		if now != before[from]+1 {
			t.Errorf("%s: %v acts measured, %v before one more was public", from, now, before[from])
		}
	}
	if decided, sealed := read(series("sum", "decided")), read(series("sum", "sealed")); decided < sealed || sealed == 0 {
		t.Errorf("from the decision %v s in all, from the seal %v s", decided, sealed)
	}
	if bound := read("tongzheng_status_list_refresh_seconds"); bound != 30 {
		t.Errorf("the lists' bound is %v s, want the default of 30", bound)
	}
}

func (c *city) metrics(t *testing.T) string {
	t.Helper()
	got, err := http.Get("http://" + c.Address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", got.Status, err)
	}
	return string(raw)
}
