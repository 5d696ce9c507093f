package tongzheng

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// trackedMost bounds a file of the repository: what is larger is built, fetched or
// generated, and not kept.
const trackedMost = 1 << 20

// TestTracked: nothing that was built lies in the repository.
func TestTracked(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("no repository here: ", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if info, err := os.Lstat(name); err == nil && info.Size() > trackedMost {
			t.Errorf("%s has %d bytes, at most %d", name, info.Size(), trackedMost)
		}
	}
}
