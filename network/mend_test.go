package network_test

import (
	"os/exec"
	"testing"

	"tongzheng/network/networktest"
)

// TestMends: Fabric's programs are built with the mends. One built together with
// them runs what was mended.
func TestMends(t *testing.T) {
	t.Parallel()
	tools := networktest.Tools(t)
	if out, err := exec.CommandContext(networktest.Within(t), tools.Path("mended")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
