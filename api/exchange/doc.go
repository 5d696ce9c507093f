// Package exchange is how members' registries reach one another: mutual TLS 1.3 by keys
// that the ledger names, the protocol and its versions, a server and a client of it. It
// decides nothing: who may have what, registry/exchange says; what comes back is believed
// by nobody.
package exchange
