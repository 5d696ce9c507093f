// Package registry holds the nouns and rules of electronic licenses and seals:
// identifiers, license types, acts and the states they lead to, powers, the
// canonical bytes that are signed and anchored, and the verdict on a paper.
//
// Everything here is a pure function of its arguments: no input or output, no
// clock, no randomness. The contract, the server, the signer and the offline
// verifier all judge by this one package.
package registry
