package exchange

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"tongzheng/registry"
)

// How much of the account is shown.
const (
	accountDays  = 31
	accountAside = 20
)

// Account is the account of the copies: what the ledger says must be here, by the last
// whole walk and what came since, against the rows.
func (l *Library) Account(ctx context.Context) (*registry.Collection, error) {
	by, height, walked := l.tally.counted() // before the rows: what comes between is here too early, not missing
	c, err := l.Shelf.Account(ctx, accountDays, accountAside)
	if err != nil {
		return nil, err
	}
	neighbors, err := l.Directory.Neighbors()
	if err != nil {
		return nil, err
	}
	on, days := map[string]int{}, map[tallyKey]int{}
	for k, n := range by {
		on[k.member] += n
		days[k] = n
	}
	for _, n := range neighbors {
		line := lineOf(&c.Members, n.Member, 0)
		line.Link = &registry.MemberState{Exchanges: n.Address != ""}
	}
	l.mu.Lock()
	c.Mended = l.mended
	if walked {
		c.AsOf, c.Height = l.walked, height
	}
	for i := range c.Members {
		if k := l.links[c.Members[i].Member]; k != nil && c.Members[i].Link != nil {
			state := k.state
			state.Exchanges = c.Members[i].Link.Exchanges
			c.Members[i].Link = &state
		}
	}
	l.mu.Unlock()
	c.Whole = walked
	for i := range c.Members {
		line := &c.Members[i]
		line.Count(on[line.Member])
		c.Whole = c.Whole && line.On == line.Here
	}
	l.fillDays(c, days)
	return c, nil
}

// lineOf finds or adds a line.
func lineOf(lines *[]registry.CollectionLine, member string, day registry.Date) *registry.CollectionLine {
	for i := range *lines {
		if (*lines)[i].Member == member && (*lines)[i].Day == day {
			return &(*lines)[i]
		}
	}
	*lines = append(*lines, registry.CollectionLine{Member: member, Day: day})
	return &(*lines)[len(*lines)-1]
}

// fillDays says of the newest days what the ledger has, also of those without a row.
func (l *Library) fillDays(c *registry.Collection, days map[tallyKey]int) {
	var newest []registry.Date
	for k := range days {
		if !slices.Contains(newest, k.day) {
			newest = append(newest, k.day)
		}
	}
	slices.Sort(newest)
	newest = newest[max(0, len(newest)-accountDays):]
	for k := range days {
		if slices.Contains(newest, k.day) {
			lineOf(&c.Days, k.member, k.day)
		}
	}
	for i := range c.Days {
		line := &c.Days[i]
		line.Count(days[tallyKey{line.Member, line.Day}])
	}
	c.Days = slices.DeleteFunc(c.Days, func(line registry.CollectionLine) bool { return !slices.Contains(newest, line.Day) })
	slices.SortFunc(c.Days, func(a, b registry.CollectionLine) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Member, b.Member))
	})
	slices.SortFunc(c.Members, func(a, b registry.CollectionLine) int { return cmp.Compare(a.Member, b.Member) })
}

// recentFor is how long an account serves probes and metrics, which anybody may ask often.
const recentFor = 10 * time.Second

// Recent is an account that may be some seconds old: to count a million copies takes a
// moment.
func (l *Library) Recent(ctx context.Context) (*registry.Collection, error) {
	l.recent.mu.Lock()
	defer l.recent.mu.Unlock()
	if now := l.Clock(); l.recent.account == nil || now.Sub(l.recent.at) > recentFor || now.Before(l.recent.at) {
		c, err := l.Account(ctx)
		if err != nil {
			return nil, err
		}
		l.recent.account, l.recent.at = c, now
	}
	return l.recent.account, nil
}

// recent is the last account that was made for probes.
type recent struct {
	mu      sync.Mutex
	account *registry.Collection
	at      time.Time
}
