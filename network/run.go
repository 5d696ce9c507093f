package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Run has something use a network that is up meanwhile, beside other runs and
// beside a network that somebody started by hand. The last run to end stops what
// runs started; what Keep was called for stays up.
type Run struct {
	// Root is the data folder. A throw-away run whose folder another run uses
	// takes a numbered one beside it.
	Root string
	// Throwaway founds the network anew, and removes it afterwards.
	Throwaway bool
	// Open opens the network of a folder; see the function Open.
	Open func(root string) (*Network, error)
	// Doing names the run for those who wait for it.
	Doing string
	Log   func(format string, args ...any)
}

// What becomes of a network when its last run ends, as its folder says. Nothing
// there: it stays up.
const (
	thenStop   = "stop"
	thenRemove = "remove"
)

const (
	usersName = "users.lock"
	thenName  = "after-the-last-run"
)

// use is a run's part in a network. Whoever reads or changes who uses it has the
// folder's lock.
type use struct {
	layout
	folder *Lock
	// users is held by every run at once, or by nobody.
	users *os.File
}

// Do brings the network up, calls work with the folder of the profiles, and ends
// the run. A context that ends while the network comes up ends the run, too; work
// has to see to it itself.
func (r Run) Do(ctx context.Context, work func(profiles string) error) (err error) {
	u, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if ending := r.end(u); ending != nil {
			err = errors.Join(err, ending)
		}
	}()
	n, err := r.Open(u.root)
	if err != nil {
		return err
	}
	if err := n.Up(ctx); err != nil {
		return err
	}
	u.folder.Unlock()
	u.folder = nil
	return work(n.at("profiles"))
}

// begin takes part in a network. The folder stays locked.
func (r Run) begin(ctx context.Context) (*use, error) {
	if _, err := r.Open(r.Root); err != nil { // before the folder is made
		return nil, err
	}
	if r.Throwaway {
		return r.beginAnew(ctx)
	}
	folder, err := LockFolder(ctx, r.Root, r.Doing, true, r.Log)
	if err != nil {
		return nil, err
	}
	u := &use{layout: layout{r.Root}, folder: folder}
	alone, err := u.enter()
	if err != nil {
		return nil, errors.Join(err, u.leave())
	}
	if alone {
		err = r.settle(u)
	}
	if err == nil {
		err = u.share()
	}
	if err != nil {
		return nil, errors.Join(err, u.leave())
	}
	return u, nil
}

// settle writes down what becomes of a network that no other run uses: one that
// runs was started by hand and stays up, unless a run that was killed left it.
func (r Run) settle(u *use) error {
	if u.then() == "" {
		n, err := r.Open(u.root)
		if err != nil {
			return err
		}
		if n.Runs() {
			return nil
		}
	}
	return writeFile(u.at(thenName), []byte(thenStop+"\n"), 0o644)
}

// beginAnew finds a folder for a network that is thrown away, and empties it.
func (r Run) beginAnew(ctx context.Context) (*use, error) {
	const most = 100
	for i := 1; i <= most; i++ {
		root := r.Root
		if i > 1 {
			root += "-" + strconv.Itoa(i)
		}
		if err := os.MkdirAll(root, 0o755); err != nil {
			return nil, fmt.Errorf("making the data folder: %w", err)
		}
		folder, _, err := tryLock(filepath.Join(root, lockName), r.Doing)
		if err != nil {
			return nil, err
		}
		if folder == nil {
			continue // Somebody is at work there.
		}
		u := &use{layout: layout{root}, folder: folder}
		alone, err := u.enter()
		if err == nil && alone {
			if err = r.empty(ctx, u); err == nil {
				return u, nil
			}
		}
		err = errors.Join(err, u.leave())
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%d networks beside %s are in use: end some, or name another folder with -data", most, r.Root)
}

// empty removes what an earlier throw-away run left, and nothing else.
func (r Run) empty(ctx context.Context, u *use) error {
	if _, err := os.Stat(u.description()); err == nil {
		if u.then() != thenRemove {
			return fmt.Errorf("the network in %s was not made to be thrown away: remove it with clean, or name another folder with -data", u.root)
		}
		n, err := r.Open(u.root)
		if err == nil {
			err = n.Down(ctx)
		}
		if err != nil {
			return err
		}
	}
	if err := u.removeContent(); err != nil {
		return err
	}
	if err := writeFile(u.at(thenName), []byte(thenRemove+"\n"), 0o644); err != nil {
		return err
	}
	return u.share()
}

// end leaves the network, and stops it when nobody is left who wants it.
func (r Run) end(u *use) error {
	if u.folder == nil {
		// Whatever happened to the command: the network is not left half stopped.
		folder, err := LockFolder(context.Background(), u.root, "ending "+r.Doing, false, r.Log)
		if errors.Is(err, ErrNoNetwork) {
			return u.leave() // Somebody removed it.
		}
		if err != nil {
			return errors.Join(fmt.Errorf("the network in %s was left as it is: %w", u.root, err), u.leave())
		}
		u.folder = folder
	}
	alone, err := u.alone()
	if err == nil && alone {
		err = r.finish(u)
	}
	return errors.Join(err, u.leave())
}

func (r Run) finish(u *use) error {
	then := u.then()
	if then == "" {
		return nil
	}
	n, err := r.Open(u.root) // Members may have joined meanwhile.
	if err != nil {
		return err
	}
	if then == thenRemove {
		r.Log("removing the network in %s", u.root)
		return n.Clean(context.Background())
	}
	r.Log("stopping the network in %s", u.root)
	return n.Down(context.Background())
}

// enter opens the users' file and tells whether no run holds it.
func (u *use) enter() (alone bool, err error) {
	u.users, err = os.OpenFile(u.at(usersName), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return false, fmt.Errorf("opening the users' lock: %w", err)
	}
	return u.alone()
}

// alone tells whether no other run uses the network. It gives up our own hold.
func (u *use) alone() (bool, error) {
	err := syscall.Flock(int(u.users.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// share counts us among the users.
func (u *use) share() error {
	if err := syscall.Flock(int(u.users.Fd()), syscall.LOCK_SH); err != nil {
		return fmt.Errorf("locking the network's users: %w", err)
	}
	return nil
}

// leave gives up everything.
func (u *use) leave() error {
	var err error
	if u.users != nil {
		err = u.users.Close()
	}
	if u.folder != nil {
		u.folder.Unlock()
	}
	return err
}

// then is what the folder says about the end.
func (u *use) then() string {
	raw, _ := os.ReadFile(u.at(thenName))
	return strings.TrimSpace(string(raw))
}

// Keep has the network stay up when runs end.
func (s *site) Keep() error {
	if err := os.Remove(s.at(thenName)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("keeping the network up: %w", err)
	}
	return nil
}

// LetGo has runs stop the network, if they start it again.
func (s *site) LetGo() error {
	if (&use{layout: s.layout}).then() != "" {
		return nil
	}
	return writeFile(s.at(thenName), []byte(thenStop+"\n"), 0o644)
}

// InUse tells whether a run uses the network. It is asked under the folder's lock.
func (s *site) InUse() (bool, error) {
	if _, err := os.Stat(s.at(usersName)); os.IsNotExist(err) {
		return false, nil
	}
	u := &use{layout: s.layout}
	alone, err := u.enter()
	return !alone, errors.Join(err, u.leave())
}

// removeContent removes everything in the data folder but the locks.
func (l layout) removeContent() error {
	entries, err := os.ReadDir(l.root)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("reading the data folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() == lockName || e.Name() == usersName {
			continue
		}
		if err := os.RemoveAll(l.at(e.Name())); err != nil {
			return fmt.Errorf("removing the data folder: %w", err)
		}
	}
	return nil
}

// remove removes the data folder. The lock goes last: who waits for it then finds
// no folder, or a new one.
func (l layout) remove() error {
	if err := l.removeContent(); err != nil {
		return err
	}
	for _, path := range []string{l.at(usersName), l.at(lockName), l.root} {
		err := os.Remove(path)
		if errors.Is(err, syscall.ENOTEMPTY) {
			return nil // Somebody who waited has begun anew.
		}
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("removing the data folder: %w", err)
		}
	}
	return nil
}
