// Package network runs a real Hyperledger Fabric network of native processes:
// orderers, peers and contract services of the members that hold one ledger
// together. It generates every configuration from one description file, starts
// and stops the processes, adds and removes members of a running network, and
// offers the faults (kill, freeze, cut off) that tests of the ledger need.
//
// It uses the standard library and a YAML reader only and drives the Fabric
// tools of network/tools as programs, so that the registry does not inherit
// Fabric's dependency tree. It must not contain contract logic and must not be
// imported by anything but its own command and tests: a client of the network
// reads a profile (see Profile), which is plain JSON.
package network
