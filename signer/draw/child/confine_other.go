//go:build !linux

package child

import (
	"runtime/debug"
	"syscall"
)

// confine bounds memory alone: a registry runs on Linux.
func confine() error {
	debug.SetMemoryLimit(384 << 20)
	return nil
}

func diesWithParent() *syscall.SysProcAttr { return nil }
