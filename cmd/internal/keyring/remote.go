package keyring

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
)

// Remote is the public side of a signer process's keys. What it said is
// kept for a while: keys change rarely.
type Remote struct {
	*remote.Client
	mu    sync.Mutex
	said  *remote.Description
	at    time.Time
	roots *check.Roots
}

const describedFor = 10 * time.Second

// OpenRemote waits for the signer process: both may be starting.
func OpenRemote(ctx context.Context, client *remote.Client) (k *Remote, err error) {
	k = &Remote{Client: client}
	for range 20 {
		var d *remote.Description
		if d, err = k.describe(ctx); err == nil {
			k.roots, err = check.ParseRoots(d.Roots)
			return k, err
		}
		if registry.CodeOf(err) != registry.CodeUnavailable {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the signer process does not answer: %w", err)
}

func (k *Remote) describe(ctx context.Context) (*remote.Description, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.said != nil && time.Since(k.at) < describedFor {
		return k.said, nil
	}
	said, err := k.Describe(ctx)
	if err != nil {
		return k.said, err
	}
	k.said, k.at = said, time.Now()
	return said, nil
}

// RootsPEM implements public.Keys.
func (k *Remote) RootsPEM() []byte { return k.roots.PEM() }

// Roots are the trust anchors.
func (k *Remote) Roots() *check.Roots { return k.roots }

// Published implements public.Keys.
func (k *Remote) Published(ctx context.Context) ([]resource.PublishedKey, error) {
	d, err := k.describe(ctx)
	if err != nil {
		return nil, err
	}
	var keys []resource.PublishedKey
	for _, p := range d.Published {
		keys = append(keys, resource.PublishedKey{ID: p.ID, Use: p.Use, Public: p.Public, Certificate: p.Certificate, From: instant(p.From), Until: instant(p.Until)})
	}
	return keys, nil
}

func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// QRKeys are read from the signed list, stolen keys left out.
func (k *Remote) QRKeys() (check.QRKeys, error) {
	text, err := k.KeyList(context.Background())
	if err != nil {
		return nil, err
	}
	list, err := check.ParseKeyList(text, k.roots, time.Now(), 0)
	if err != nil && list == nil {
		return nil, err
	}
	return list.QRKeys()
}

// TagKey is SM3 of the tag key that the signer process has, or had when it last
// answered; zero: none.
func (k *Remote) TagKey(ctx context.Context) (sm.Digest, error) {
	d, err := k.describe(ctx)
	if d == nil {
		return sm.Digest{}, err
	}
	return d.TagKey, nil
}

// KeyList is the signed list, as published.
func (k *Remote) KeyList(ctx context.Context) ([]byte, error) {
	d, err := k.describe(ctx)
	if err != nil {
		return nil, err
	}
	return d.KeyList, nil
}
