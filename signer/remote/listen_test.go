package remote

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// TestSocketOfGroup: a socket is its owner's alone, unless a group is named that
// exists.
func TestSocketOfGroup(t *testing.T) {
	t.Parallel()
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(account.Gid)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"": 0o600, group.Name: 0o660} {
		path := filepath.Join(t.TempDir(), "s")
		listener, err := Listen("unix://"+path, name, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("group %q: %v %v", name, info.Mode(), err)
		}
	}
	path := filepath.Join(t.TempDir(), "s")
	if _, err := Listen("unix://"+path, "no-such-group-here", nil); err == nil {
		t.Error("a group that does not exist")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is there all the same")
	}
	if _, err := Listen("https://127.0.0.1:0", group.Name, nil); err == nil || !strings.Contains(err.Error(), "group") {
		t.Errorf("a group for TLS: %v", err)
	}
}
