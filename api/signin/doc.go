// Package signin tells who is calling: staff accounts with their API keys,
// sessions and passkeys, as JSON API and console both know them, and the audit
// trail of what callers did and what was refused them. It decides nothing that
// an account may do with a license.
package signin
