package app

// DevelopmentTLS loads the certificate as a restart does.
var DevelopmentTLS = (*App).developmentTLS

// RaiseCounters raises the store's counters as every start does.
var RaiseCounters = (*App).raiseCounters

// Warn is what /readyz warns of.
var Warn = (*App).warn
