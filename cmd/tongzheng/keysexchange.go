package main

import (
	"fmt"

	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry/sm"
)

type keysExchangeCommand struct {
	Data string `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Data folder of the registry."`
	Make bool   `help:"新建 Make another key: it is used once the ledger names it."`
}

// Run lists exchange keys by the digests that the ledger names them by.
func (c *keysExchangeCommand) Run(w *world) error {
	keys, err := keyring.OpenExchange(c.Data, false)
	if err != nil {
		return err
	}
	var fresh sm.Digest
	if c.Make || len(keys.Digests()) == 0 {
		if fresh, err = keys.Make(); err != nil {
			return err
		}
	}
	for _, d := range keys.Digests() {
		note := ""
		if d == fresh {
			note = "  新 new"
		}
		fmt.Fprintf(w.stdout, "%s%s\n", d, note)
	}
	fmt.Fprintln(w.stdout, "由市级在账本 service 记录中登记 exchange、exchange_key 后启用 In use once the city has ordered exchange and exchange_key in the member's service record: tongzheng govern record service MEMBER.")
	return nil
}
