package main

import (
	"fmt"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

type reviewCommand struct {
	List       reviewListCommand       `cmd:"" default:"1" help:"列出案卷 Review files of the caller's organization, open ones first."`
	Open       reviewOpenCommand       `cmd:"" help:"开启案卷 Open a file: while it is open, the organization sees what its licenses say; each reading is written down."`
	Show       reviewShowCommand       `cmd:"" help:"查看案卷 Show a file with the state of its licenses."`
	Close      reviewCloseCommand      `cmd:"" help:"结案 Close a file: sight ends."`
	Statistics reviewStatisticsCommand `cmd:"" help:"证照统计 Licenses of the organization and of those below it, by issuer, type and state."`
}

func printReview(w *world, f *resource.ReviewFile) {
	state := "调阅中 open"
	if !f.Closed.IsZero() {
		state = "已结 closed " + f.Closed.Format(time.DateTime)
	}
	fmt.Fprintf(w.stdout, "%s  %s  %s  %s  证照 licenses %d  (%s %s)\n", f.Number, f.Kind, f.Basis, state, f.Count, f.Opened.Format(time.DateTime), f.OpenedBy)
	for _, l := range f.Licenses {
		fmt.Fprintf(w.stdout, "  %s  %s\n", l.Identifier, l.Verdict)
	}
}

type reviewListCommand struct{ remote }

// Run lists the files.
func (c *reviewListCommand) Run(w *world) error {
	list, err := c.client().Reviews.List(w.ctx)
	if err != nil {
		return err
	}
	for i := range list {
		printReview(w, &list[i])
	}
	if len(list) == 0 {
		fmt.Fprintln(w.stdout, "没有案卷 no review files: tongzheng review open --help")
	}
	return nil
}

type reviewOpenCommand struct {
	remote
	Number   string   `arg:"" help:"案号 Number of the file, as the organization counts its files."`
	Kind     string   `required:"" enum:"review,complaint,reconsideration" help:"事由 review (执法监督、案卷评查), complaint (投诉举报) or reconsideration (行政复议)."`
	Basis    string   `required:"" help:"依据 Document or statute that it is opened under."`
	Licenses []string `arg:"" help:"电子证照标识 Identifiers of the licenses."`
}

// Run opens a file.
func (c *reviewOpenCommand) Run(w *world) error {
	draft := resource.ReviewDraft{Number: c.Number, Kind: registry.ReviewKind(c.Kind), Basis: c.Basis}
	for _, text := range c.Licenses {
		id, err := registry.ParseIdentifier(text)
		if err != nil {
			return usage("%s: %v", text, err)
		}
		draft.Licenses = append(draft.Licenses, id)
	}
	f, err := c.client().Reviews.Open(w.ctx, draft)
	if err != nil {
		return err
	}
	printReview(w, f)
	return nil
}

// reviewNamed names a file.
type reviewNamed struct {
	remote
	Number string `arg:"" help:"案号 Number of the file."`
}

type reviewShowCommand struct{ reviewNamed }

// Run shows a file.
func (c *reviewShowCommand) Run(w *world) error {
	f, err := c.client().Reviews.Show(w.ctx, c.Number)
	if err != nil {
		return err
	}
	printReview(w, f)
	return nil
}

type reviewCloseCommand struct{ reviewNamed }

// Run closes a file.
func (c *reviewCloseCommand) Run(w *world) error {
	f, err := c.client().Reviews.Close(w.ctx, c.Number)
	if err != nil {
		return err
	}
	printReview(w, f)
	return nil
}

type reviewStatisticsCommand struct{ remote }

// Run prints the counts.
func (c *reviewStatisticsCommand) Run(w *world) error {
	list, err := c.client().Reviews.Statistics(w.ctx)
	if err != nil {
		return err
	}
	for _, n := range list {
		fmt.Fprintf(w.stdout, "%6d  %-12s  %s  %s\n", n.Licenses, n.Verdict, n.IssuerName, n.TypeName)
	}
	if len(list) == 0 {
		fmt.Fprintln(w.stdout, "没有证照 no licenses of the organization or of those below it")
	}
	return nil
}
