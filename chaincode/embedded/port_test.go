package embedded_test

import (
	"tongzheng/chaincode/embedded"
	"tongzheng/registry/office"
)

var _ office.Ledger = (*embedded.Ledger)(nil)
