// Package check verifies what the signer makes, and what others made by the
// same standards: sealed OFD packages (GB/T 33190, GB/T 38540, GM/T 0031,
// GB/T 35275), RFC 3161 time stamps with SM2, and QR payloads.
//
// It is small enough for WebAssembly and must stay so: no private keys, no
// fonts, no PDF, no file system, no network, no clock of its own. It decides
// nothing about a license: it reports checks, and registry.Judge makes the
// verdict of them.
//
// Integrity and trust are kept apart. Integrity says that the bytes are those
// that were signed; trust says that the signer and the seal maker are among
// the pinned roots and were entitled at the time of signing.
package check
