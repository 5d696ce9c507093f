package main

import "tongzheng/cmd/internal/demo"

type demoCommand struct {
	Ledger  string `env:"TONGZHENG_LEDGER" default:"embedded" help:"embedded, or the folder of a Fabric profile."`
	Keep    string `type:"path" help:"保留 Folder that gets license.ofd, paper.pdf, qr.txt, roots.pem, license.bundle and the forged copies."`
	Verbose bool   `short:"v" help:"多输出 Say more."`
}

// Help is the longer help of the command.
func (*demoCommand) Help() string {
	return `Starts a throw-away instance (private PostgreSQL, ledger, signer, HTTP server), tells the
life of one food operation license through the API, scans the printed sheets as a citizen
would, and shows each forgery being caught. Ends with 0 only if every step did what it says.`
}

// Run tells the story.
func (c *demoCommand) Run(w *world) error {
	return demo.Tell(w.ctx, demo.TellConfig{Ledger: c.Ledger, Keep: c.Keep, Out: w.stdout, Log: logger(w, c.Verbose)})
}
