package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"tongzheng/network"
)

// renewDays is how long before their end certificates are renewed, and a check
// complains of them, unless -before says otherwise.
const renewDays = 60

const day = 24 * time.Hour

// limit is the time that -before names.
func (s settings) limit() (time.Time, error) {
	if s.before == "" {
		return time.Now().Add(renewDays * day), nil
	}
	if days, err := strconv.Atoi(s.before); err == nil && days >= 0 && days < 100*365 {
		return time.Now().Add(time.Duration(days) * day), nil
	}
	at, err := time.Parse(time.RFC3339, s.before)
	if err != nil {
		return at, fmt.Errorf("%w: -before takes a number of days, or a time like 2031-06-30T00:00:00Z, not %q", errUsage, s.before)
	}
	return at, nil
}

// certificates prints when they end.
func certificates(n *network.Network, s settings) error {
	limit, err := s.limit()
	if err != nil {
		return err
	}
	all, err := n.Certificates()
	if err != nil {
		return err
	}
	if s.metrics {
		fmt.Print("# HELP tongzheng_certificate_ends_seconds When a certificate ends, in seconds since 1970.\n# TYPE tongzheng_certificate_ends_seconds gauge\n")
		for _, c := range all {
			fmt.Printf("tongzheng_certificate_ends_seconds{use=%q,of=%q} %d\n", c.Use, c.Holder, c.Ends.Unix())
		}
		return nil
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "HOLDER\tUSE\tENDS\tDAYS\tFILE")
	soon := 0
	for _, c := range all {
		if c.Ends.Before(limit) {
			soon++
		}
		file, err := filepath.Rel(s.data, c.File)
		if err != nil {
			file = c.File
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", c.Holder, c.Use, c.Ends.Local().Format(time.DateTime), int(time.Until(c.Ends)/day), file)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if soon > 0 {
		return fmt.Errorf("%d certificates end before %s: renew them", soon, limit.Local().Format(time.DateTime))
	}
	return nil
}

func renew(ctx context.Context, n *network.Network, s settings, holders []string) error {
	r := network.Renewal{Holders: holders, Systemctl: strings.Fields(s.systemctl), Update: s.update}
	if len(holders) == 0 || s.before != "" {
		var err error
		if r.Before, err = s.limit(); err != nil {
			return err
		}
	}
	if len(r.Systemctl) == 0 && !n.Runs() {
		return errors.New("the network does not run here: start it with up, or name the command that starts units, with -systemctl")
	}
	return n.Renew(ctx, r)
}
