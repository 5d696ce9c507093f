package network_test

import (
	"os/exec"
	"testing"

	"tongzheng/network/networktest"
)

// TestMend: the orderers are built with the mend. A program built together with
// them asks for a stream to an orderer that never answers, and has to give up.
func TestMend(t *testing.T) {
	t.Parallel()
	tools := networktest.Tools(t)
	if out, err := exec.CommandContext(networktest.Within(t), tools.Path("vanished")).CombinedOutput(); err != nil {
		t.Errorf("waiting for an orderer whose packets vanish: %v\n%s", err, out)
	}
}
