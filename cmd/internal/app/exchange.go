package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	faces "tongzheng/api/exchange"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry/exchange"
	"tongzheng/registry/sm"
)

// Exchange is the exchange with other members' registries: nil where no listener is named.
type Exchange struct {
	Keys      *keyring.Exchange
	Directory *exchange.Directory
	Library   *exchange.Library
	Herald    *exchange.Herald
	Client    *faces.Client
	Giving    *exchange.Giving
	Feed      *exchange.Feed
	Following *exchange.Following
	Address   string // where it listens

	listener net.Listener
}

// openExchange opens what copies are taken and given by, before the office is: it reads
// them.
func (a *App) openExchange() error {
	if a.Config.ExchangeListen == "" {
		return nil
	}
	listener, err := net.Listen("tcp", a.Config.ExchangeListen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (set TONGZHENG_EXCHANGE_LISTEN to another host:port)", a.Config.ExchangeListen, err)
	}
	a.closers = append(a.closers, closer(func() error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}))
	keys, err := keyring.OpenExchange(a.Config.Data, true)
	if err != nil {
		return err
	}
	x := &Exchange{Keys: keys, Address: listener.Addr().String(), listener: listener}
	x.Directory = &exchange.Directory{View: a.View, Keys: x.keys}
	x.Client = faces.NewClient(faces.ClientConfig{Directory: x.Directory, Identity: keys})
	a.closers = append(a.closers, x.Client)
	x.Giving = &exchange.Giving{View: a.View, Directory: x.Directory, Licenses: a.Store.Exchange, Book: a.Store.Exchange, Clock: a.Config.Clock}
	x.Herald = &exchange.Herald{Directory: x.Directory, View: a.View, Neighbors: x.Client, Clock: a.Config.Clock, Log: a.Config.Log}
	x.Library, err = exchange.NewLibrary(exchange.Config{View: a.View, Directory: x.Directory, Shelf: a.Store.Exchange, Neighbors: x.Client, Checker: a.checker(),
		Clock: a.Config.Clock, Log: a.Config.Log, WalkEvery: a.Config.LibraryEvery, Jitter: rand.Float64})
	kinds := a.kinds()
	x.Feed = &exchange.Feed{View: a.View, Outbox: a.Store.Feeds, Kinds: kinds, Clock: a.Config.Clock}
	x.Following = &exchange.Following{Directory: x.Directory, Inbox: a.Store.Feeds, Feeds: x.Client, Kinds: kinds, Clock: a.Config.Clock, Log: a.Config.Log, Jitter: rand.Float64}
	a.Exchange = x
	a.library.Store(x.Library)
	return err
}

// keys are the digests of the exchange keys.
func (x *Exchange) keys() []sm.Digest { return x.Keys.Digests() }

// startExchange serves other members, asks them for what must be here, and tells them what
// is new.
func (a *App) startExchange() {
	x := a.Exchange
	if x == nil {
		return
	}
	a.API.Meters().MustRegister(faces.NewMeter(x.Library))
	server := faces.NewServer(faces.ServerConfig{Directory: x.Directory, Identity: x.Keys, Giving: x.Giving, Feed: x.Feed,
		Hinted: []faces.Hinted{x.Library, x.Following}, Log: a.Config.Log, Meters: a.API.Meters()})
	a.start(func() {
		if err := server.Serve(a.live, x.listener); err != nil {
			a.Config.Log.Error("exchange", "error", err)
		}
	})
	a.start(func() { x.Library.Run(a.live) })
	a.start(func() { x.Following.Run(a.live) })
	a.start(func() { x.Herald.Run(a.live) })
	a.start(func() { x.renewKeys(a.live, a) })
}

// renewKeys looks for keys that an operator made beside the running server.
func (x *Exchange) renewKeys(ctx context.Context, a *App) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
		if err := x.Keys.Renew(); err != nil {
			a.Config.Log.Warn("exchange keys", "error", err)
		}
	}
}

// warn tells what is amiss and keeps nobody from working here.
func (a *App) warn(ctx context.Context) map[string]string {
	warnings := map[string]string{}
	a.lacking(warnings)
	a.deputies(ctx, warnings)
	if a.Exchange != nil {
		a.Exchange.amiss(ctx, warnings)
	}
	return warnings
}

// amiss warns of what the exchange with other members lacks.
func (x *Exchange) amiss(ctx context.Context, warnings map[string]string) {
	if members, _, err := x.Directory.Own(); err == nil && len(members) == 0 {
		warnings["exchange"] = "the ledger names no exchange key of this registry"
		return
	}
	feeds, err := x.Following.Inbox.Amiss(ctx)
	if err != nil {
		warnings["feeds"] = "cannot be counted now"
		return
	}
	for _, f := range feeds {
		warnings[fmt.Sprintf("feed %s %s", f.From, f.Kind)] = fmt.Sprintf("%d wait, %d were put aside", f.Waiting, f.Aside)
	}
	account, err := x.Library.Recent(ctx)
	if err != nil {
		warnings["library"] = "cannot be counted now"
		return
	}
	for _, l := range account.Members {
		switch {
		case l.Link != nil && l.Link.Exchanges && l.Link.Failures > 0:
			warnings["exchange "+l.Member] = "cannot be reached: " + string(l.Link.Code)
		case l.Link != nil && !l.Link.Exchanges && l.On > 0:
			warnings["exchange "+l.Member] = "not on the ledger's record"
		}
		if l.Aside > 0 {
			warnings["library "+l.Member] = "something was put aside"
		} else if l.Refused > 0 {
			warnings["library "+l.Member] = "something is refused"
		}
	}
}

// kinds are the items that members' registries have for one another, beside what the ledger
// says must exist. What works with them is the office's, which is opened later.
func (a *App) kinds() map[exchange.ItemKind]exchange.Kind {
	return map[exchange.ItemKind]exchange.Kind{}
}
