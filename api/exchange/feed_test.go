package exchange_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	faces "tongzheng/api/exchange"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/sm"
)

var epoch = sm.Sum([]byte("epoch"))

func (g *gives) Changes(_ context.Context, members []string, s exchange.Since) (*exchange.Changes, error) {
	answer := &exchange.Changes{Epoch: epoch}
	for i := range exchange.ChangesMost {
		answer.All = append(answer.All, exchange.Change{Number: 1<<62 + uint64(i), Key: strings.Repeat("证", exchange.KeyMost/3)})
	}
	if s.To != members[0] || s.Place.Epoch != epoch {
		return nil, registry.Errorf(registry.CodeNotFound, "", "not this feed")
	}
	return answer, nil
}

func (g *gives) Item(_ context.Context, _ []string, ask exchange.ItemAsk) ([]byte, error) {
	if ask.Key == "large" {
		return make([]byte, exchange.ItemMost+2), nil
	}
	return make([]byte, exchange.ItemMost), nil
}

func (g *gives) Submit(_ context.Context, _ []string, s exchange.Submission) ([]byte, error) {
	if len(s.Body) == 0 {
		return nil, registry.Errorf(registry.CodeStale, "number", "the case has moved on")
	}
	return s.Body, nil
}

// TestFeeds: a full answer and the largest item come through, larger ones do not; what is
// handed in is refused with the other side's own code, and by strangers with none.
func TestFeeds(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	c := p.client(t, p.city, nil)
	changes, err := c.Changes(t.Context(), "county", exchange.Since{To: "city", Kind: "case", Place: exchange.Place{Epoch: epoch, After: 7}})
	if err != nil || changes.Epoch != epoch || len(changes.All) != exchange.ChangesMost || changes.All[1].Number != 1<<62+1 {
		t.Errorf("%+v, %v", changes, err)
	}
	if _, err := c.Changes(t.Context(), "county", exchange.Since{To: "other", Kind: "case"}); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("another's feed: %v", err)
	}
	if body, err := c.Item(t.Context(), "county", exchange.ItemAsk{To: "city", Kind: "case", Key: "k"}); err != nil || len(body) != exchange.ItemMost {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if _, err := c.Item(t.Context(), "county", exchange.ItemAsk{To: "city", Kind: "case", Key: "large"}); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Errorf("too large an item: %v", err)
	}
	body := bytes.Repeat([]byte{7}, exchange.ItemMost)
	if answer, err := c.Submit(t.Context(), "county", exchange.Submission{From: "city", Kind: "case", Body: body}); err != nil || !bytes.Equal(answer, body) {
		t.Errorf("%d bytes, %v", len(answer), err)
	}
	if _, err := c.Submit(t.Context(), "county", exchange.Submission{From: "city", Kind: "case"}); registry.CodeOf(err) != registry.CodeStale {
		t.Errorf("a refusal: %v", err)
	}
	if _, err := c.Submit(t.Context(), "county", exchange.Submission{From: "city", Kind: "case", Body: append(body, make([]byte, 8<<10)...)}); err == nil {
		t.Error("too large a submission was taken")
	}
	if _, err := p.client(t, newIdentity(t), nil).Submit(t.Context(), "county", exchange.Submission{From: "city", Kind: "case", Body: body}); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("a stranger: %v", err)
	}
}

// TestFeedsOfBefore: a registry of the version before has no feeds, and packages come from it
// all the same.
func TestFeedsOfBefore(t *testing.T) {
	t.Parallel()
	for side, p := range map[string]*pair{"server": newPair(t, func(c *faces.ServerConfig) { c.Speaks = faces.Speaks{Oldest: 1, Newest: 1} }), "client": newPair(t, nil)} {
		c := p.client(t, p.city, func(c *faces.ClientConfig) {
			if side == "client" {
				c.Speaks = faces.Speaks{Oldest: 1, Newest: 1}
			}
		})
		if _, err := c.Changes(t.Context(), "county", exchange.Since{To: "city", Kind: "case"}); registry.CodeOf(err) != registry.CodeProtocol {
			t.Errorf("the %s's: %v", side, err)
		}
		asks(t, c, "")
	}
}
