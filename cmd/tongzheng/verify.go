package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

type verifyCommand struct {
	StatusList []string `type:"existingfile" placeholder:"FILE" help:"状态列表 Status list as published under /api/v1/status-list/N; may be repeated."`
	Keys       []string `type:"existingfile" placeholder:"FILE" help:"密钥列表 Signed key list as published under /api/v1/keys/list: which keys were stolen or retired, and those newer than the roots; one for each member, may be repeated."`
	Roots      string   `type:"existingfile" help:"信任锚 Trust anchors (PEM), as the registry publishes them; without it nothing is trusted. Status lists in the file (keys roots --all --lists) count as if named."`
	JSON       bool     `name:"json" help:"JSON to stdout: field verdict, and checks with a result each."`
	AsOf       string   `placeholder:"YYYY-MM-DD" help:"基准日 Day as of which a bundle answers; the day its knowledge ends when absent."`
	Thing      string   `arg:"" help:"二维码文本、照片或截图、纸质证照 PDF、OFD 文件、证据包、核验回执、字段证明、密钥列表、状态列表 QR text, photograph or screenshot, printed sheets (PDF), sealed OFD file, bundle, kept statement, disclosed fields, key list, status list; - reads stdin."`

	notes []registry.Check // on what was brought, beside the thing
}

// maxInput bounds what is read: sealed files are far smaller.
const maxInput = 32 << 20

// Help is the longer help of the command.
func (*verifyCommand) Help() string {
	return `Needs no network and no database. Integrity and signatures are checked against the
given roots. Whether the license is in force only the ledger can tell: a status list says
it of a printed code, with the list's age; without one, or past its nextUpdate, an intact
thing answers "unknown", with every check listed. A key list says which keys were
stolen: what they signed counts only when somebody else saw it before.

A file that cannot show whether it is whole (no seal, no certificate, a form that is not
known here, a package that two programs read differently) answers "unverifiable", with
the reason; "altered" is said of what was computed and found to differ alone.

Of a picture or PDF every code of every page is verified and its place said; codes that
are none of a license are mentioned. What a file is its content tells, not its name.

Exit code: 0 valid, 1 any other verdict, 2 usage or unreadable input, 3 unknown; of
several codes, that of the worst.`
}

// Run verifies one thing offline.
func (c *verifyCommand) Run(w *world) error {
	raw, err := c.read(w)
	if err != nil {
		return err
	}
	anchors := &operator.Anchors{Roots: &check.Roots{}}
	if c.Roots != "" {
		pem, err := os.ReadFile(c.Roots)
		if err != nil {
			return err
		}
		if anchors, err = operator.ParseAnchors(pem); err != nil {
			return err
		}
	}
	roots, now := anchors.Roots, time.Now()
	if err := c.learn(roots, now); err != nil {
		return err
	}
	lists, err := c.lists(roots)
	if err != nil {
		return err
	}
	return c.judge(w, raw, anchors, lists, now)
}

// judge verifies what the content says it is.
func (c *verifyCommand) judge(w *world, raw []byte, anchors *operator.Anchors, lists map[check.ListOf]*check.KnownList, now time.Time) error {
	roots := anchors.Roots
	checker := &check.Checker{Roots: roots, Keys: func() (check.QRKeys, error) { return roots.QRKeys(now) }}
	offline := &check.Offline{Roots: roots, Lists: lists}
	switch kind := registry.KindOfFile(raw); kind {
	case registry.FileStatement:
		v, err := check.Statement([]byte(registry.TextOfFile(raw)), roots, now)
		if err != nil {
			return err
		}
		return c.answer(w, v)
	case registry.FileBundle:
		return c.bundle(w, raw, anchors, now)
	case registry.FileKeyList, registry.FileStatusList, registry.FileDisclosure:
		v, err := published(kind, raw, anchors, now)
		if err != nil {
			return err
		}
		return c.answer(w, *v)
	case registry.FilePackage:
		report, err := checker.Document(raw, now)
		if err != nil {
			return err
		}
		return c.answer(w, registry.Judge(registry.Question{Now: now, Identifier: report.Identifier, Checks: report.Checks,
			Knowledge: registry.Knowledge{Stale: true, Reason: "离线 offline"}}))
	case registry.FileCode:
		v, err := codeVerdict(offline, registry.TextOfFile(raw), now)
		if err != nil {
			return err
		}
		return c.answer(w, *v)
	case registry.FilePDF, registry.FilePicture:
		return c.picture(w, raw, offline, now)
	}
	if said := registry.FileOtherName(raw); said != "" {
		return usage("%s", said)
	}
	return usage("neither a sealed OFD, a PDF, a picture (PNG, JPEG, GIF, BMP, WebP), a code's text, nor anything that the registry publishes")
}

// learn reads the key list that was named. One past its next update still
// says what held once.
func (c *verifyCommand) learn(roots *check.Roots, now time.Time) error {
	for _, name := range c.Keys {
		if err := c.learnList(roots, name, now); err != nil {
			return err
		}
	}
	return nil
}

func (c *verifyCommand) learnList(roots *check.Roots, name string, now time.Time) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	list, err := check.ParseAnyKeyList(text, roots, now)
	if list == nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err != nil {
		day := time.Unix(list.Issued, 0).In(registry.China).Format("2006-01-02")
		c.notes = append(c.notes, registry.Note(registry.CheckFreshness, "key-list-old", "密钥列表（"+day+"）已过更新期限", "the key list of "+day+" is past its next update"))
	}
	return roots.LearnFrom(text, list)
}

// lists reads the status lists that were named, by list.
func (c *verifyCommand) lists(roots *check.Roots) (map[check.ListOf]*check.KnownList, error) {
	lists := map[check.ListOf]*check.KnownList{}
	for _, raw := range roots.Carried() {
		known, err := check.VerifyStatusList(raw, nil, roots)
		if err != nil { // its key may have been stolen since the file was written
			c.notes = append(c.notes, registry.Note(registry.CheckFreshness, "status-list-not-used", "信任锚文件所附的一份状态列表不可用", "a status list in the roots file does not hold: "+err.Error()))
			continue
		}
		lists[known.Of()] = known
	}
	for _, name := range c.StatusList {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		known, err := check.VerifyStatusList(raw, nil, roots)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		lists[known.Of()] = known
	}
	return lists, nil
}

// bundle verifies a bundle as of a day.
func (c *verifyCommand) bundle(w *world, raw []byte, anchors *operator.Anchors, now time.Time) error {
	opts := check.BundleOptions{Networks: anchors.Networks}
	if c.AsOf != "" {
		var err error
		if opts.AsOf, err = registry.ParseDate(c.AsOf); err != nil {
			return err
		}
	}
	v, err := check.Bundle(raw, anchors.Roots, now, opts)
	if err != nil {
		return err
	}
	return c.answer(w, v)
}

// read takes a file, stdin, or the argument itself when it is a code's text.
func (c *verifyCommand) read(w *world) ([]byte, error) {
	if c.Thing == "-" {
		return io.ReadAll(io.LimitReader(w.stdin, maxInput))
	}
	if strings.Contains(c.Thing, "://") {
		return []byte(c.Thing), nil
	}
	info, err := os.Stat(c.Thing)
	if err != nil {
		return nil, usage("%s: neither a file nor a code's text", c.Thing)
	}
	if info.Size() > maxInput {
		return nil, registry.Errorf(registry.CodeTooLarge, "", "%s: over %d MiB", c.Thing, maxInput>>20)
	}
	return os.ReadFile(c.Thing)
}

// printed lists what a code says of its sheet. A genuine code stands on copies
// and on altered sheets as well: only who compares it with the paper knows.
func printed(p *check.QRPayload) []registry.Check {
	if p == nil {
		return nil
	}
	holder := p.Holder
	if len(p.HolderDigest) > 0 {
		holder += "…"
	}
	dates := p.Effective.String() + " – " + p.Expires.String()
	says := []registry.Check{
		registry.Note(registry.CheckQRSignature, "says-holder", "请核对 持证主体："+holder, "compare: holder"),
		registry.Note(registry.CheckQRSignature, "says-dates", "请核对 有效期："+dates, "compare: validity")}
	if p.Blank != "" {
		says = append(says, registry.Note(registry.CheckQRSignature, "says-blank", "请核对 空白证照编号："+p.Blank, "compare: blank number"))
	}
	return says
}

var exitOf = map[registry.Word]int{registry.Valid: 0, registry.UnknownNow: exitUnknown}

func (c *verifyCommand) answer(w *world, v registry.Verdict) error {
	v.Checks = append(v.Checks, c.notes...)
	if c.JSON {
		if err := encode(w, v); err != nil {
			return err
		}
	} else {
		printVerdict(w, v)
	}
	return exitFor(v)
}

func encode(w *world, v any) error {
	encoder := json.NewEncoder(w.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// exitFor is the exit code that a verdict ends with.
func exitFor(v registry.Verdict) error {
	code, ok := exitOf[v.Word]
	if !ok {
		code = exitNegative
	}
	if code == 0 {
		return nil
	}
	return exit(code)
}

var marks = map[registry.Result]string{registry.Passed: "✓", registry.Failed: "✗", registry.Unknown: "?", registry.Noted: "·"}

func printVerdict(w *world, v registry.Verdict) {
	info := v.Word.Info()
	fmt.Fprintf(w.stdout, "%s  %s  %s\n", v.Word, info.Chinese, info.English)
	if !v.Identifier.IsZero() {
		fmt.Fprintf(w.stdout, "%s\n", v.Identifier)
	}
	if k := v.Knowledge; !k.AsOf.IsZero() {
		fmt.Fprintf(w.stdout, "状态截至 as of %s（%s 之前 ago），账本高度 height %d\n", k.AsOf.In(registry.China).Format("2006-01-02 15:04:05"),
			v.At.Sub(k.AsOf).Round(time.Second), k.Height)
	}
	for _, c := range v.Checks {
		fmt.Fprintf(w.stdout, "  %s %-14s %s  %s\n", marks[c.Result], c.Name, c.Chinese, c.English)
	}
	fmt.Fprintf(w.stdout, "%s %s\n", info.Advice, info.AdviceE)
	for _, r := range v.Reasons() {
		fmt.Fprintf(w.stdout, "%s：%s %s. %s\n", r.Chinese, r.Advice, r.English, r.AdviceE)
	}
}
