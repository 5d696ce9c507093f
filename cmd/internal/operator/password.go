package operator

import "crypto/rand"

// NewPassword is readable and random: 12 of 32 characters, 60 bits.
func NewPassword() string {
	const alphabet = "23456789abcdefghijkmnpqrstuvwxyz"
	raw := make([]byte, 12)
	if _, err := rand.Read(raw); err != nil {
		panic(err) // the system has no randomness
	}
	for i := range raw {
		raw[i] = alphabet[raw[i]%32]
	}
	return string(raw)
}
