package check

import (
	"sync"

	"tongzheng/registry/sm"
)

// keptMost bounds what is remembered of bytes that are the same for all
// licenses of a seal: a city has some hundred certificates and seals. Strangers
// can push entries out, which costs time, and can put none in that says more
// than the computation would.
const keptMost = 1024

// kept remembers results of pure functions by what went into them.
type kept[K comparable, V any] struct {
	most   int // keptMost when 0
	mu     sync.Mutex
	values map[K]V
}

func (k *kept[K, V]) get(key K) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.values[key]
	return v, ok
}

// put stores a value; when all places are taken, any other gives way.
func (k *kept[K, V]) put(key K, value V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.values == nil {
		k.values = map[K]V{}
	}
	most := k.most
	if most == 0 {
		most = keptMost
	}
	for old := range k.values {
		if len(k.values) < most {
			break
		}
		delete(k.values, old)
	}
	k.values[key] = value
}

// keptCertificate bounds the certificates that are kept, in bytes of DER.
const keptCertificate = 4 << 10

var (
	// certificates are those that parseCertificate read, by their DER.
	certificates kept[string, keptCert]
	// makers are the seals whose maker's signature holds, by SM3 of the SESeal.
	makers kept[sm.Digest, struct{}]
)
