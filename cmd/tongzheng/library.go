package main

import (
	"encoding/json"
	"fmt"
	"time"

	"tongzheng/registry"
)

type libraryCommand struct {
	instance
	JSON bool `name:"json" help:"JSON."`
}

// Run prints the account of the copies; exit code 1 while something is not here, 3 before
// the ledger was walked.
func (c *libraryCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	account, err := o.Library.Account(w.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(w.stdout).Encode(account)
	} else {
		printCollection(w, account)
	}
	switch {
	case err != nil:
		return err
	case account.AsOf.IsZero():
		return exit(exitUnknown)
	case !account.Whole:
		return exit(exitNegative)
	}
	return nil
}

func printCollection(w *world, c *registry.Collection) {
	switch {
	case c.AsOf.IsZero():
		fmt.Fprintln(w.stdout, "尚未与账本完整核对 Not yet compared with the whole ledger.")
	case c.Whole:
		fmt.Fprintf(w.stdout, "齐全 complete: 至区块 up to block %d, %s\n", c.Height, c.AsOf.In(registry.China).Format(time.RFC3339))
	default:
		fmt.Fprintf(w.stdout, "有缺 gaps: 至区块 up to block %d, %s\n", c.Height, c.AsOf.In(registry.China).Format(time.RFC3339))
	}
	fmt.Fprintln(w.stdout, "成员 member\t账本 ledger\t已归集 here\t缺失 missing\t拒绝 refused\t不符 aside")
	for _, l := range c.Members {
		fmt.Fprintf(w.stdout, "%s\t%d\t%d\t%d\t%d\t%d\n", l.Member, l.On, l.Here, l.Missing, l.Refused, l.Aside)
		if l.Results > 0 {
			fmt.Fprintf(w.stdout, "  其中仅有办理结果 of these with the result alone: %d\n", l.Results)
		}
		if g := l.Gap; g != nil {
			fmt.Fprintf(w.stdout, "  最早缺口 oldest gap: %s  %s  %s %s %s\n", g.Identifier, g.Recorded.Format(time.RFC3339), g.State, g.Code, g.Detail)
		}
		if k := l.Link; k != nil && k.Failures > 0 {
			fmt.Fprintf(w.stdout, "  连续失败 failures: %d  %s %s\n", k.Failures, k.Code, k.Detail)
		}
		if k := l.Link; k != nil && !k.Exchanges {
			fmt.Fprintln(w.stdout, "  账本未登记其交换地址 the ledger names no exchange of it")
		}
	}
	for _, a := range c.Aside {
		fmt.Fprintf(w.stdout, "不符 put aside: %s  %s  %s  %s %s\n", a.At.Format(time.RFC3339), a.Member, a.Identifier, a.Code, a.Detail)
	}
	if c.Mended > 0 || c.Strays > 0 {
		fmt.Fprintf(w.stdout, "副本被改动并重取 altered here and fetched again: %d; 账本不要求的行 rows that nothing asks for: %d\n", c.Mended, c.Strays)
	}
}
