// Package supervisor tells systemd that a program serves, so that units that
// need it are started then and not before (sd_notify(3)). Without systemd it does
// nothing.
package supervisor

import (
	"fmt"
	"net"
	"os"
	"strings"
)

// Ready tells whoever started this process as a unit of Type=notify that it
// serves.
func Ready() error {
	at := os.Getenv("NOTIFY_SOCKET")
	if at == "" {
		return nil
	}
	if name, abstract := strings.CutPrefix(at, "@"); abstract {
		at = "\x00" + name
	}
	conn, err := net.Dial("unixgram", at)
	if err != nil {
		return fmt.Errorf("telling the supervisor: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("READY=1")); err != nil {
		return fmt.Errorf("telling the supervisor: %w", err)
	}
	return nil
}
