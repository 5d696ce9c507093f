// Package operator is what an operator's commands do on an opened instance or
// its data folder and no HTTP route does: keys after a theft or in rotation, the
// use log of a signer at rest, printers, trust anchors, comparison with the ledger. Programs parse the command and
// call it; the rules stand in registry/office and in the signer.
package operator

import "tongzheng/registry"

// By is who acts in an operator's commands.
var By = registry.Operator("operator")
