package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

const (
	answerMost = 1 << 20         // bytes of one answer
	deadline   = 5 * time.Second // of one request
	lookEvery  = time.Second     // at the records in the view, which costs nothing
)

// client follows no redirect: the ledger says where a member is, nobody else.
func client() *http.Client {
	return &http.Client{Timeout: deadline, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// try is the last look at a member.
type try struct {
	at      time.Time
	service registry.Service // what the ledger said then
	failed  string
}

// Run looks at the other members until ctx ends: at once when the ledger says
// something else of one, and now and then.
func (d *Directory) Run(ctx context.Context) {
	for ticker := time.NewTicker(lookEvery); ; {
		d.Round(ctx)
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
	}
}

// Round looks at every member that is due. While the view is stale nobody is: whom to
// ask for what may have changed.
func (d *Directory) Round(ctx context.Context) {
	now := d.config.Clock()
	if d.config.View.Knowledge(now).Stale {
		return
	}
	all, err := d.services()
	if err != nil {
		return
	}
	for _, s := range all {
		if ctx.Err() != nil || !s.HasKeys() || d.isOwn(s) || !d.due(s, now) {
			continue
		}
		err := d.fetch(ctx, s)
		if ctx.Err() != nil {
			return
		}
		d.tried(s, now, err)
	}
}

func (d *Directory) due(s *registry.Service, now time.Time) bool {
	fits := d.member(s).Roots != nil
	d.mu.Lock()
	defer d.mu.Unlock()
	last, known := d.tries[s.Member]
	wait := d.config.Every
	if !fits {
		wait = d.config.Again
	}
	return !known || last.service != *s || now.Sub(last.at) >= wait || now.Before(last.at)
}

func (d *Directory) tried(s *registry.Service, now time.Time, err error) {
	said := ""
	if err != nil {
		said = err.Error()
	}
	d.mu.Lock()
	before := d.tries[s.Member].failed
	d.tries[s.Member] = try{now, *s, said}
	d.mu.Unlock()
	if said != before && said != "" {
		d.config.Log.Warn("a member's keys are not fetched", "member", s.Member, "error", said)
	}
}

// fetch asks a member for its keys and takes what fits.
func (d *Directory) fetch(ctx context.Context, s *registry.Service) error {
	raw, err := d.get(ctx, s.Public+"/api/v1/keys")
	if err != nil {
		return err
	}
	var said struct {
		Roots string `json:"roots"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return fmt.Errorf("%s: its keys cannot be read: %w", s.Public, err)
	}
	list, err := d.get(ctx, s.Public+"/api/v1/keys/list")
	if err != nil {
		return err
	}
	return d.Take(s, registry.MemberKeys{Anchors: []byte(said.Roots), List: list})
}

func (d *Directory) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := d.config.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, answer.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, answerMost+1))
	if err == nil && len(raw) > answerMost {
		err = fmt.Errorf("%s answers over %d bytes", address, answerMost)
	}
	return raw, err
}

// Take keeps a member's keys when they fit what the ledger says of it, whoever
// brought them; an older publication never takes the place of a newer one.
func (d *Directory) Take(s *registry.Service, keys registry.MemberKeys) error {
	roots, list, err := check.FitKeys(s, keys)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if before := d.held[s.Member]; before != nil && before.Fits == fitting(s) && before.Number >= list.Number {
		if before.Number > list.Number {
			return registry.Errorf(registry.CodeStale, "key_list", "list %d, and %d is held", list.Number, before.Number)
		}
		return nil
	}
	next := &kept{Member: s.Member, Keys: registry.MemberKeys{Anchors: roots.PEM(), List: keys.List}, Number: list.Number, Taken: d.config.Clock().UTC(), Fits: fitting(s)}
	if err := next.write(d.config.Folder); err != nil {
		return errors.Join(errors.New("keeping a member's keys"), err)
	}
	d.held[s.Member] = next
	return nil
}

// fitting names what of a record keys fit.
func fitting(s *registry.Service) sm.Digest {
	return sm.Tagged("tongzheng fitting keys v1", append(s.Anchors[:], s.KeyList[:]...))
}
