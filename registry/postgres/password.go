package postgres

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"tongzheng/registry"
)

// PasswordCost is the cost of one argon2id hash (RFC 9106).
type PasswordCost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultPasswordCost is what OWASP's password storage guide asks for at least;
// about 30 ms on one core.
var DefaultPasswordCost = PasswordCost{Memory: 19 * 1024, Passes: 2, Threads: 1}

const (
	saltSize        = 16
	hashSize        = 32
	passwordLeast   = 10  // characters
	passwordLongest = 256 // bytes: longer ones only cost time
)

// passwords hashes with a bound on how many at once: a flood of sign-ins must
// take neither the memory nor all cores.
type passwords struct {
	cost  PasswordCost
	slots chan struct{}
	dummy string // hash of nobody's password
}

func newPasswords(cost PasswordCost) *passwords {
	if cost == (PasswordCost{}) {
		cost = DefaultPasswordCost
	}
	p := &passwords{cost: cost, slots: make(chan struct{}, max(1, runtime.NumCPU()))}
	p.dummy = p.format(cost, make([]byte, saltSize), make([]byte, hashSize))
	return p
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return coded("waiting to check a password", ctx.Err())
	}
}

func (p *passwords) leave() { <-p.slots }

// hash makes the stored form of a password.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if len([]rune(password)) < passwordLeast || len(password) > passwordLongest {
		return "", registry.Errorf(registry.CodeMalformed, "password", "want %d characters or more, at most %d bytes", passwordLeast, passwordLongest)
	}
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("salt: %w", err)
	}
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	return p.format(p.cost, salt, argon2.IDKey([]byte(password), salt, p.cost.Passes, p.cost.Memory, p.cost.Threads, hashSize)), nil
}

// matches compares in constant time. An empty stored form — no such account,
// or one without a password — costs the same and never matches.
func (p *passwords) matches(ctx context.Context, stored, password string) (bool, error) {
	known := stored != "" && len(password) <= passwordLongest
	if !known {
		stored, password = p.dummy, "nobody's password"
	}
	cost, salt, want, err := p.parse(stored)
	if err != nil {
		return false, err
	}
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	got := argon2.IDKey([]byte(password), salt, cost.Passes, cost.Memory, cost.Threads, hashSize)
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// format writes the PHC string form.
func (p *passwords) format(cost PasswordCost, salt, hash []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.Memory, cost.Passes, cost.Threads,
		enc.EncodeToString(salt), enc.EncodeToString(hash))
}

func (p *passwords) parse(stored string) (cost PasswordCost, salt, hash []byte, err error) {
	bad := fmt.Errorf("stored password hash cannot be read")
	parts := strings.Split(stored, "$")
	var version int
	if len(parts) != 6 || parts[1] != "argon2id" {
		return cost, nil, nil, bad
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return cost, nil, nil, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.Memory, &cost.Passes, &cost.Threads); err != nil ||
		cost.Passes == 0 || cost.Threads == 0 || cost.Memory > 1<<20 {
		return cost, nil, nil, bad
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	hash, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(hash) != hashSize {
		return cost, nil, nil, bad
	}
	return cost, salt, hash, nil
}
