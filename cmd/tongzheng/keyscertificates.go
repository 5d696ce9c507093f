package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tongzheng/registry"
)

type keysEndsCommand struct {
	instance
	Within time.Duration `default:"720h" help:"提前量 Exit code 1 while one ends within this time."`
	JSON   bool          `name:"json" help:"JSON."`
}

// Run prints when certificates end.
func (c *keysEndsCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	list, err := o.Certificates(w.ctx)
	if err != nil {
		return err
	}
	soon := false
	for _, one := range list.Items {
		soon = soon || time.Until(one.Ends) < c.Within
	}
	if c.JSON {
		if err := json.NewEncoder(w.stdout).Encode(list); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(w.stdout, "到期 ends\t天 days\t用途 use\t主体 of")
		for _, one := range list.Items {
			fmt.Fprintf(w.stdout, "%s\t%d\t%s\t%s\n", one.Ends.In(registry.China).Format(time.DateOnly), int(time.Until(one.Ends)/(24*time.Hour)), one.Use, one.Of)
		}
		if len(list.Unknown) > 0 {
			fmt.Fprintf(w.stdout, "暂时无法查看 cannot be looked at now: %s\n", strings.Join(list.Unknown, ", "))
		}
	}
	switch {
	case soon:
		return exit(exitNegative)
	case len(list.Unknown) > 0:
		return exit(exitUnknown)
	}
	return nil
}
