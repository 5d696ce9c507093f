package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockPause is how long somebody who waits for a lock sleeps between two looks.
const lockPause = 100 * time.Millisecond

// Lock is held by whoever changes a network, so that two commands on one folder
// do not interleave. The kernel holds it for the process: when that ends, however
// it ends, the lock is free.
type Lock struct{ file *os.File }

// lockHolder is what the lock's file says of who has it, for those who wait. It
// may be out of date; only the kernel's answer counts.
type lockHolder struct {
	PID   int       `json:"pid"`
	Doing string    `json:"doing"`
	Since time.Time `json:"since"`
}

func (h lockHolder) String() string {
	if h.PID == 0 {
		return "another command"
	}
	return fmt.Sprintf("%q (process %d, since %s)", h.Doing, h.PID, h.Since.Local().Format("15:04:05"))
}

// ErrNoNetwork is the answer when a folder holds no network.
var ErrNoNetwork = errors.New("there is no network in this folder: found one with up, or name its folder with -data")

// LockFolder locks the network of a folder for a command. While another command
// is at work there it waits, and log hears for whom. The folder is made when make
// is set; otherwise a folder that is not there is ErrNoNetwork.
func LockFolder(ctx context.Context, root, doing string, make bool, log func(string, ...any)) (*Lock, error) {
	prepare := func() error { return needFolder(root, make) }
	return waitLock(ctx, filepath.Join(root, lockName), doing, "the network in "+root, prepare, log)
}

// lockName is the lock's file in the data folder.
const lockName = "network.lock"

func needFolder(root string, make bool) error {
	if make {
		if err := os.MkdirAll(root, 0o755); err != nil {
			return fmt.Errorf("making the data folder: %w", err)
		}
		return nil
	}
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", root, ErrNoNetwork)
	}
	return nil
}

// waitLock takes a lock as soon as nobody else has it.
func waitLock(ctx context.Context, path, doing, what string, prepare func() error, log func(string, ...any)) (*Lock, error) {
	for tries := 1; ; tries++ {
		if err := prepare(); err != nil {
			return nil, err
		}
		l, other, err := tryLock(path, doing)
		if err != nil || l != nil {
			return l, err
		}
		if tries == 2 { // Most are done at once.
			log("waiting for %s, which is at work on %s", other, what)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("gave up waiting for %s, which is at work on %s: %w", other, what, ctx.Err())
		case <-time.After(lockPause):
		}
	}
}

// tryLock takes a lock, or tells who has it.
func tryLock(path, doing string) (*Lock, lockHolder, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lockHolder{}, nil // Its folder is being removed: look again.
	}
	if err != nil {
		return nil, lockHolder{}, fmt.Errorf("opening a lock: %w", err)
	}
	l := &Lock{f}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR):
		var h lockHolder
		raw, _ := os.ReadFile(path)
		_ = json.Unmarshal(raw, &h) // "another command", then.
		l.Unlock()
		return nil, h, nil
	case err != nil:
		l.Unlock()
		return nil, lockHolder{}, fmt.Errorf("locking %s: %w", path, err)
	}
	if !l.names(path) {
		l.Unlock() // Removed with its folder while we opened it: look again.
		return nil, lockHolder{}, nil
	}
	raw, err := json.Marshal(lockHolder{os.Getpid(), doing, time.Now()})
	if err == nil {
		err = errors.Join(f.Truncate(0), writeAll(f, raw))
	}
	if err != nil {
		l.Unlock()
		return nil, lockHolder{}, fmt.Errorf("writing %s: %w", path, err)
	}
	return l, lockHolder{}, nil
}

// names tells whether the path is still the file that is locked.
func (l *Lock) names(path string) bool {
	ours, err := l.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(ours, there)
}

func writeAll(f *os.File, raw []byte) error {
	_, err := f.WriteAt(raw, 0)
	return err
}

// Unlock lets the next one in. It can be repeated.
func (l *Lock) Unlock() { l.file.Close() }
