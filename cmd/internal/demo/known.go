package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// What the ledger says of a member's registry beside its addresses, so that its papers
// are judged everywhere and its documents reach the city's library: the address on
// paper, where it exchanges under which key, who keeps the library, and by which keys
// its papers are verified. Each is an order of its own (docs/operations.md); here the
// seeding gives them.

// exchangeFile is how a county's operator tells the city's where its registry exchanges.
const exchangeFile = "exchange.json"

// libraryKeeper keeps the license library of the demonstration city, by the plan.
const libraryKeeper = "gz-approval"

// reached is where a registry exchanges, and under which key.
type reached struct {
	Exchange string    `json:"exchange"`
	Key      sm.Digest `json:"exchange_key"`
}

// exchangeOf is what an instance with this configuration has; nil for one that
// exchanges nothing.
func exchangeOf(config app.Config) (*reached, error) {
	if config.ExchangeListen == "" {
		return nil, nil
	}
	_, port, err := net.SplitHostPort(config.ExchangeListen)
	if err != nil || port == "0" {
		return nil, fmt.Errorf("%s: want host:port, a port that stays: the ledger names it", config.ExchangeListen)
	}
	keys, err := keyring.OpenExchange(config.Data, true)
	if err != nil {
		return nil, err
	}
	return &reached{"https://localhost:" + port, keys.Digests()[0]}, nil
}

// tellExchange leaves it for the city's operator.
func (p Part) tellExchange(config app.Config) error {
	if !p.Known {
		return nil
	}
	at, err := exchangeOf(config)
	if err != nil || at == nil {
		return err
	}
	raw, err := json.Marshal(at)
	if err != nil {
		return err
	}
	path := p.file(p.Member, exchangeFile)
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// exchanges has the city order, of every member whose registry is on record, the
// address on paper and where it exchanges.
func (s *seeder) exchanges(ctx context.Context) error {
	if !s.Known {
		return nil
	}
	for _, member := range s.plan.Members {
		record, err := registry.RecordOf[*registry.Service](viewRecords{s.app}, registry.KindService, member.ID)
		if err != nil {
			return err
		}
		if record == nil {
			continue
		}
		now := *record
		at, err := s.exchangeOf(member.ID)
		if err != nil {
			return err
		}
		if at != nil {
			now.Exchange, now.ExchangeKey = at.Exchange, at.Key
		}
		if s.plays(member.ID) {
			keeper, _ := s.plan.Organization(libraryKeeper)
			now.Library = keeper.Code
		} else {
			now.Home = s.app.Config.PublicURL + "/" + member.ID
		}
		if now == *record {
			continue
		}
		if err := s.order(ctx, []registry.GovernanceRecord{&now}); err != nil {
			return fmt.Errorf("the record of the registry of %s: %w", member.ID, err)
		}
	}
	return nil
}

// exchangeOf is where a member exchanges: here, or as its operator told; nil for nowhere.
func (s *seeder) exchangeOf(member string) (*reached, error) {
	if s.plays(member) {
		return exchangeOf(s.app.Config)
	}
	raw, err := os.ReadFile(s.file(member, exchangeFile))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := new(reached)
	return at, json.Unmarshal(raw, at)
}

// addressed waits until the city has ordered the address that the county's codes carry.
func (s *seeder) addressed(ctx context.Context) error {
	if !s.Known {
		return nil
	}
	return s.until(ctx, "等市级登记纸面网址 waiting for the city to record the address on paper", func() (bool, error) {
		record, err := registry.RecordOf[*registry.Service](viewRecords{s.app}, registry.KindService, s.Member)
		return record != nil && record.Home != "", err
	})
}

// keysNamed has the member's own operator order by which keys its papers are verified.
func (s *seeder) keysNamed(ctx context.Context) error {
	if !s.Known {
		return nil
	}
	record, err := s.app.KeysToName(ctx, s.Member)
	if err != nil || record == nil {
		return err
	}
	s.say("登记本库核验密钥 naming the keys that this registry's papers are verified by")
	return s.order(ctx, []registry.GovernanceRecord{record})
}
