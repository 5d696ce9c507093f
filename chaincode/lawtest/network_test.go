package lawtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tongzheng/chaincode/gateway"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network/networktest"
	"tongzheng/soaktest"
)

// openNetwork founds a real network that runs a contract service.
func openNetwork(t *testing.T, service string, environment ...string) *gateway.Ledger {
	t.Helper()
	n := networktest.Start(t, networktest.Options{Chaincode: service, ChaincodeEnv: environment})
	var profiles []string
	for _, member := range []string{ledgertest.MemberCity, ledgertest.MemberXingguo, ledgertest.MemberYudu} {
		profiles = append(profiles, n.ProfilePath(member))
	}
	l, err := gateway.Open(gateway.Config{Profiles: profiles, Settle: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestReplayOnFabric takes a hundred steps on the embedded ledger, five hundred
// with TONGZHENG_EXHAUSTIVE, and the same ones on a real network: every entry
// is accepted or refused alike, with the same code, and every key holds the
// same value on both. A step is several transactions. The dates are the walk's
// own: its rules declare a simulated clock at genesis, which both ledgers
// honor, so that no clock of a machine enters into a decision.
func TestReplayOnFabric(t *testing.T) {
	t.Parallel()
	networktest.Tools(t) // skips with -short before anything is built
	steps := soaktest.Count(100, 500)
	one := openEmbedded(t)
	all := record(t, one, 3, func(w *walk) {
		for step := 0; step < steps && !t.Failed(); step++ {
			w.step()
		}
	})
	two := openNetwork(t, buildService(t))
	started := time.Now()
	for _, d := range replay(t.Context(), two, all) {
		t.Error(d)
	}
	took := time.Since(started)
	keys, differences, err := compare(t.Context(), one, two, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		t.Error(d)
	}
	t.Logf("%d steps, %d transactions in %s; %d keys compared", steps, len(all), took.Round(time.Second/10), keys)
}

// TestReplayNoticesAnotherNetwork is TestReplayNoticesAnotherContract on a
// network whose members all run the changed contract.
func TestReplayNoticesAnotherNetwork(t *testing.T) {
	if !soaktest.Asked() {
		t.Skip("a second network: with " + soaktest.Variable + " only")
	}
	networktest.Tools(t)
	overlay, sites := changedSource(t)
	one := openEmbedded(t)
	all := recordSpent(t, one)
	two := openNetwork(t, buildService(t, "-overlay", overlay), fmt.Sprintf("%s=%d", offVariable, freeBlanks(t, sites)))
	wantNoticed(t, one, two, all)
}

// buildService compiles the contract service.
func buildService(t *testing.T, flags ...string) string {
	t.Helper()
	service := filepath.Join(t.TempDir(), "tongzheng-chaincode")
	arguments := append(append([]string{"build"}, flags...), "-o", service, "tongzheng/cmd/tongzheng-chaincode")
	if out, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("building the contract service: %v\n%s", err, out)
	}
	return service
}
