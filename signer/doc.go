// Package signer makes what signer/check verifies: keys and the development
// authority, electronic seals and seal signatures (GB/T 38540), sealed OFD
// packages, time stamps and QR payloads; and it is the service that seals for
// one member's organizations after checking the approvals itself.
//
// Private keys never leave a KeyStore. The package must not trust what the
// registry tells it: approver keys, control policies, seals and organizations
// are read from the ledger. It draws nothing (that is signer/render's) and
// decides no legal question (that is package registry's).
package signer
