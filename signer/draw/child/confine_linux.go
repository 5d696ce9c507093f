package child

import (
	"fmt"
	"runtime/debug"
	"syscall"
	"time"
)

// What the program may take. Address space counts what Go reserves and never
// touches, so it is bounded loosely; data counts what is written to.
const (
	heapMost   = 384 << 20 // the collector works harder from here
	dataMost   = 1 << 30
	spaceMost  = 8 << 30
	secondsCPU = 20
)

// confine takes from the process what drawing does not need: memory and time
// beyond bounds, and every file that is not open yet.
func confine() error {
	debug.SetMemoryLimit(heapMost)
	time.Sleep(time.Microsecond) // the runtime opens what its timers need, once
	for _, limit := range []struct {
		name string
		what int
		most uint64
	}{
		{"data", syscall.RLIMIT_DATA, dataMost}, {"address space", syscall.RLIMIT_AS, spaceMost}, {"processor time", syscall.RLIMIT_CPU, secondsCPU},
		{"core", syscall.RLIMIT_CORE, 0}, {"files", syscall.RLIMIT_NOFILE, 0},
	} {
		if err := syscall.Setrlimit(limit.what, &syscall.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return fmt.Errorf("bounding %s: %w", limit.name, err)
		}
	}
	return nil
}

// diesWithParent has the kernel end the program with the process that started it.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
