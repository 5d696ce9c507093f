package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Feeds implements exchange.Outbox and exchange.Inbox.
type Feeds struct{ *db }

var (
	_ exchange.Outbox = (*Feeds)(nil)
	_ exchange.Inbox  = (*Feeds)(nil)
)

// changed adds a change to the feed of each of the members, in the transaction of what
// changed. Members are named in one order everywhere: their rows are locked until it ends.
func changed(ctx context.Context, tx *pipe, members []string, kind exchange.ItemKind, key string) error {
	for _, member := range members {
		var number int64
		err := tx.QueryRow(ctx, `INSERT INTO feed (member, epoch, last) VALUES ($1, $2, 1) ON CONFLICT ON CONSTRAINT feed_pkey DO UPDATE SET last = feed.last + 1 RETURNING last`,
			member, newEpoch()).Scan(&number)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO feed_change (member, kind, key, number) VALUES ($1, $2, $3, $4)
			ON CONFLICT ON CONSTRAINT feed_change_pkey DO UPDATE SET number = excluded.number`, member, string(kind), key, number); err != nil {
			return err
		}
	}
	return nil
}

func newEpoch() []byte {
	epoch := make([]byte, len(sm.Digest{}))
	_, _ = rand.Read(epoch) // it never fails
	return epoch
}

// Changed adds a change to the feed of each of the members.
func (s *Feeds) Changed(ctx context.Context, members []string, kind exchange.ItemKind, key string) error {
	return s.inTx(ctx, "telling other members", func(tx *pipe) error { return changed(ctx, tx, members, kind, key) })
}

// Renew begins all feeds of this registry anew: after a restore numbers come again that were
// given out before.
func (s *Feeds) Renew(ctx context.Context) error {
	return s.inTx(ctx, "beginning feeds anew", func(tx *pipe) error {
		rows, err := tx.Query(ctx, `SELECT member FROM feed ORDER BY member`)
		if err != nil {
			return err
		}
		members, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, member := range members {
			if _, err := tx.Exec(ctx, `UPDATE feed SET epoch = $2 WHERE member = $1`, member, newEpoch()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Changes implements exchange.Outbox. A reader who is further than the feed read it before
// it was put back: that one begins anew, and nobody else's.
func (s *Feeds) Changes(ctx context.Context, to string, kind exchange.ItemKind, place exchange.Place, limit int) (*exchange.Changes, error) {
	answer := &exchange.Changes{Epoch: place.Epoch}
	var epoch []byte
	var last int64
	err := s.pool.QueryRow(ctx, `SELECT epoch, last FROM feed WHERE member = $1`, to).Scan(&epoch, &last)
	if errors.Is(err, pgx.ErrNoRows) {
		return answer, nil
	}
	if err == nil {
		err = answer.Epoch.UnmarshalBinary(epoch)
	}
	if err != nil {
		return nil, coded("reading a feed", err)
	}
	after := place.After
	if answer.Epoch == place.Epoch && int64(after) > last {
		if _, err := s.pool.Exec(ctx, `UPDATE feed SET epoch = $3 WHERE member = $1 AND epoch = $2`, to, epoch, newEpoch()); err != nil {
			return nil, coded("beginning a feed anew", err)
		}
		return s.Changes(ctx, to, kind, exchange.Place{}, limit)
	}
	if answer.Epoch != place.Epoch {
		after = 0
	}
	rows, err := s.pool.Query(ctx, `SELECT number, key FROM feed_change WHERE member = $1 AND kind = $2 AND number > $3 ORDER BY number LIMIT $4`, to, string(kind), int64(after), limit)
	if err != nil {
		return nil, coded("reading a feed", err)
	}
	answer.All, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c exchange.Change, err error) {
		var number int64
		err = row.Scan(&number, &c.Key)
		c.Number = uint64(number)
		return c, err
	})
	return answer, coded("reading a feed", err)
}

// NoteItem implements exchange.Outbox.
func (s *Feeds) NoteItem(ctx context.Context, g exchange.ItemGift) error {
	return s.inTx(ctx, "writing down what was given", func(tx *pipe) error {
		var fresh bool
		var err error
		if g.Code == "" {
			var tag int64
			err = tx.QueryRow(ctx, `WITH noted AS (UPDATE feed_change SET noted = number WHERE member = $1 AND kind = $2 AND key = $3 AND noted <> number RETURNING 1) SELECT count(*) FROM noted`,
				g.To, string(g.Kind), g.Key).Scan(&tag)
			fresh = tag > 0
		} else {
			var times int
			err = tx.QueryRow(ctx, `INSERT INTO feed_refusal (member, kind, key, last) VALUES ($1, $2, $3, $4)
				ON CONFLICT ON CONSTRAINT feed_refusal_pkey DO UPDATE SET last = excluded.last, times = feed_refusal.times + 1 RETURNING times`,
				storable(g.To), storable(string(g.Kind)), storable(g.Key), g.At).Scan(&times)
			fresh = times == 1
		}
		if err != nil || !fresh {
			return err
		}
		return audit(ctx, tx, office.AuditEvent{At: g.At, By: registry.Actor{Account: exchanger}, Operation: "exchange give", Subject: string(g.Kind) + " " + g.Key,
			Code: g.Code, Detail: "to member " + g.To})
	})
}

// Place implements exchange.Inbox.
func (s *Feeds) Place(ctx context.Context, of exchange.FeedOf) (place exchange.Place, err error) {
	var epoch []byte
	var after int64
	err = s.pool.QueryRow(ctx, `SELECT epoch, after FROM feed_place WHERE from_member = $1 AND to_member = $2 AND kind = $3`, of.From, of.To, string(of.Kind)).Scan(&epoch, &after)
	if errors.Is(err, pgx.ErrNoRows) {
		return place, nil
	}
	if err == nil {
		err = place.Epoch.UnmarshalBinary(epoch)
	}
	place.After = uint64(after)
	return place, coded("reading how far a feed was read", err)
}

// Announce implements exchange.Inbox.
func (s *Feeds) Announce(ctx context.Context, of exchange.FeedOf, to exchange.Place, changes []exchange.Change) error {
	return s.inTx(ctx, "reading a feed", func(tx *pipe) error {
		for _, c := range changes {
			if _, err := tx.Exec(ctx, `INSERT INTO feed_item (from_member, to_member, kind, key, number, next_try) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT ON CONSTRAINT feed_item_pkey DO UPDATE SET number = excluded.number, tries = 0, next_try = excluded.next_try`,
				of.From, of.To, string(of.Kind), c.Key, int64(c.Number), s.now()); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO feed_place (from_member, to_member, kind, epoch, after) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT ON CONSTRAINT feed_place_pkey DO UPDATE SET epoch = excluded.epoch, after = excluded.after`,
			of.From, of.To, string(of.Kind), to.Epoch[:], int64(to.After))
		return err
	})
}

// Waiting implements exchange.Inbox.
func (s *Feeds) Waiting(ctx context.Context, from string, now time.Time, limit int) (items []exchange.Item, next time.Time, err error) {
	rows, err := s.pool.Query(ctx, `SELECT from_member, to_member, kind, key, number, tries FROM feed_item WHERE from_member = $1 AND next_try <= $2
		ORDER BY number, to_member, kind, key LIMIT $3`, from, now, limit)
	if err != nil {
		return nil, next, coded("reading what is to be taken over", err)
	}
	items, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (i exchange.Item, err error) {
		var kind string
		var number int64
		err = row.Scan(&i.From, &i.To, &kind, &i.Key, &number, &i.Tries)
		i.Kind, i.Number = exchange.ItemKind(kind), uint64(number)
		return i, err
	})
	if err != nil || len(items) > 0 {
		return items, next, coded("reading what is to be taken over", err)
	}
	var soonest *time.Time
	err = s.pool.QueryRow(ctx, `SELECT min(next_try) FROM feed_item WHERE from_member = $1`, from).Scan(&soonest)
	if soonest != nil {
		next = *soonest
	}
	return nil, next, coded("reading what is to be taken over", err)
}

const whichItem = `WHERE from_member = $1 AND to_member = $2 AND kind = $3 AND key = $4 AND number = $5`

func itemArgs(i exchange.Item, more ...any) []any {
	return append([]any{i.From, i.To, string(i.Kind), i.Key, int64(i.Number)}, more...)
}

// Finish implements exchange.Inbox.
func (s *Feeds) Finish(ctx context.Context, item exchange.Item, at time.Time) error {
	return s.inTx(ctx, "finishing an item", func(tx *pipe) error {
		tag, err := tx.Exec(ctx, `DELETE FROM feed_item `+whichItem, itemArgs(item)...)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM feed_aside WHERE from_member = $1 AND to_member = $2 AND kind = $3 AND key = $4`, item.From, item.To, string(item.Kind), item.Key); err != nil {
			return err
		}
		return audit(ctx, tx, itemEvent("exchange take", item, at, "", ""))
	})
}

// Drop implements exchange.Inbox.
func (s *Feeds) Drop(ctx context.Context, item exchange.Item) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM feed_item `+whichItem, itemArgs(item)...)
	return coded("dropping an item", err)
}

// Backlog implements exchange.Inbox.
func (s *Feeds) Backlog(ctx context.Context, from string) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM feed_item WHERE from_member = $1`, from).Scan(&n)
	return n, coded("counting what is to be taken over", err)
}

func itemEvent(operation string, item exchange.Item, at time.Time, code registry.Code, detail string) office.AuditEvent {
	text := "from member " + item.From
	if detail != "" {
		text += "; " + detail
	}
	return office.AuditEvent{At: at, By: registry.Actor{Account: exchanger}, Operation: operation, Subject: string(item.Kind) + " " + item.Key, Code: code, Detail: text}
}

// Postpone implements exchange.Inbox.
func (s *Feeds) Postpone(ctx context.Context, item exchange.Item, m exchange.Miss) error {
	_, err := s.pool.Exec(ctx, `UPDATE feed_item SET tries = tries + 1, next_try = $6, code = $7, detail = $8 `+whichItem, itemArgs(item, m.Next, string(m.Code), storable(m.Detail))...)
	return coded("noting what waits", err)
}

// SetAside implements exchange.Inbox. The oldest give way.
func (s *Feeds) SetAside(ctx context.Context, item exchange.Item, m exchange.Miss, body []byte) error {
	return s.inTx(ctx, "putting an item aside", func(tx *pipe) error {
		tag, err := tx.Exec(ctx, `DELETE FROM feed_item `+whichItem, itemArgs(item)...)
		if err != nil || tag.RowsAffected() == 0 {
			return err // it changed meanwhile
		}
		digest := sm.Sum(body)
		if body == nil {
			digest = sm.Sum([]byte(m.Detail))
		}
		var times int
		err = tx.QueryRow(ctx, `INSERT INTO feed_aside (from_member, to_member, kind, key, digest, code, detail, body, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT ON CONSTRAINT feed_aside_pkey DO UPDATE SET times = feed_aside.times + 1, at = excluded.at RETURNING times`,
			item.From, item.To, string(item.Kind), item.Key, digest[:], string(m.Code), storable(m.Detail), body, m.At).Scan(&times)
		if err != nil || times > 1 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM feed_aside WHERE from_member = $1 AND (to_member, kind, key, digest) IN
			(SELECT to_member, kind, key, digest FROM feed_aside WHERE from_member = $1 ORDER BY at DESC, to_member, kind, key OFFSET $2)`, item.From, asideMost); err != nil {
			return err
		}
		return audit(ctx, tx, itemEvent("exchange aside", item, m.At, m.Code, m.Detail))
	})
}

// Urge implements exchange.Inbox.
func (s *Feeds) Urge(ctx context.Context, from string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE feed_item SET next_try = $2 WHERE from_member = $1 AND next_try > $2 AND tries < $3`, from, now, hastenTries)
	return coded("hastening what is to be taken over", err)
}

// Amiss implements exchange.Inbox.
func (s *Feeds) Amiss(ctx context.Context) ([]exchange.FeedState, error) {
	rows, err := s.pool.Query(ctx, `SELECT from_member, kind, sum(waiting)::int, sum(aside)::int FROM (
			SELECT from_member, kind, 1 AS waiting, 0 AS aside FROM feed_item WHERE tries >= $1
			UNION ALL SELECT from_member, kind, 0, 1 FROM feed_aside) each GROUP BY from_member, kind ORDER BY from_member, kind`, hastenTries)
	if err != nil {
		return nil, coded("counting what waits", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f exchange.FeedState, err error) {
		var kind string
		err = row.Scan(&f.From, &kind, &f.Waiting, &f.Aside)
		f.Kind = exchange.ItemKind(kind)
		return f, err
	})
	return list, coded("counting what waits", err)
}
