package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type handoverCommand struct {
	Draw   handoverDrawCommand   `cmd:"" help:"起草交接书 Draw a handover up: terms, open licenses, cases in flight, blanks counted over."`
	Print  handoverPrintCommand  `cmd:"" help:"打印交接书 The page that the parties read and sign."`
	Sign   handoverSignCommand   `cmd:"" help:"签署交接书 Sign for a party or as witness: with a key, or with the digest of a signed page."`
	Record handoverRecordCommand `cmd:"" help:"登记交接书 Put the signed handover on the ledger."`
	Start  handoverStartCommand  `cmd:"" help:"启用运行 Record the start of operation: powers begin and end, seals end, blanks change hands."`
}

type handoverDrawCommand struct {
	instance
	ID         string   `required:"" help:"编号 Number of the handover."`
	From       []string `required:"" help:"移交方 Credit codes of those who hand over."`
	To         string   `required:"" help:"承接方 Credit code of who takes over."`
	Document   string   `required:"" help:"依据 The plan it carries out."`
	Ends       []string `help:"终止 Grants that end: ids, or names of lists."`
	Begins     []string `required:"" help:"承接 Grants that begin: ids, or names of lists."`
	Lapses     []string `help:"委托中止 Entrustments that lapse: ids, or names of lists."`
	SealsEnded []string `help:"停用印章 Seals that end with it."`
	SealsBegun []string `help:"启用印章 Seals that begin with it."`
	Case       []string `help:"在办事项 Case numbers in flight elsewhere; those of this registry are found."`
	Access     []string `help:"系统 Systems handed over or opened."`
	Archives   string   `enum:"stay,move" required:"" help:"档案 stay 留存移交方, or move 随事项移交: as the plan says."`
	Principle  bool     `name:"in-principle" help:"方案规定“原则上” The plan allows logged exceptions."`
	Item       []string `placeholder:"KIND=TEXT" sep:"none" help:"移交物品 Something handed over, by kind: operating-rules, legal-basis, internal-rules, forms, workflow, blanks, platform, training, documents, certificates, archives, other."`
	Group      []string `placeholder:"ROLE=CODE" help:"交接工作组 Who signs as witness beside the parties: staffing 编办, justice 司法局, approval 行政审批局, other."`
	Advise     string   `name:"advise-until" placeholder:"DAY" help:"过渡期 Last day on which the earlier authority advises; it has no power."`
	Out        string   `type:"path" help:"交接书文件 File (JSON); stdout when absent."`
}

// lists reads what is handed over, who signs beside the parties, and how long
// the earlier authority advises.
func (c *handoverDrawCommand) lists(terms *resource.HandoverTerms) (err error) {
	for _, text := range c.Item {
		kind, what, ok := strings.Cut(text, "=")
		if !ok || !slices.Contains(registry.ItemKinds(), registry.ItemKind(kind)) || what == "" {
			return usage("--item %s: want KIND=TEXT, KIND among %v", text, registry.ItemKinds())
		}
		terms.Items = append(terms.Items, registry.HandoverItem{Kind: registry.ItemKind(kind), What: what})
	}
	for _, text := range c.Group {
		role, code, ok := strings.Cut(text, "=")
		if !ok || !slices.Contains(registry.SignerRoles(), registry.SignerRole(role)) {
			return usage("--group %s: want ROLE=CODE, ROLE among %v", text, registry.SignerRoles())
		}
		terms.Group = append(terms.Group, registry.HandoverSigner{Organization: code, Role: registry.SignerRole(role)})
	}
	terms.AdviseUntil, err = registry.ParseDate(c.Advise)
	return err
}

// Run draws a handover up.
func (c *handoverDrawCommand) Run(w *world) error {
	terms := resource.HandoverTerms{ID: c.ID, From: c.From, To: c.To, Document: c.Document, Ends: c.Ends, Begins: c.Begins, Lapses: c.Lapses,
		SealsEnded: c.SealsEnded, SealsBegun: c.SealsBegun, Cases: c.Case, Access: c.Access, Archives: registry.Archives(c.Archives), Principle: c.Principle}
	if err := c.lists(&terms); err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	h, err := o.Handovers.Draw(w.ctx, terms)
	if err != nil {
		return err
	}
	return writeHandover(w, c.Out, h)
}

type handoverFile struct {
	File string `arg:"" type:"existingfile" help:"交接书文件 Handover (JSON)."`
}

func (c *handoverFile) read() (*registry.Handover, error) {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return nil, err
	}
	h := new(registry.Handover)
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(h); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "no handover").WithCause(err)
	}
	return h, nil
}

func writeHandover(w *world, path string, h *registry.Handover) error {
	raw, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	return writeOut(w, path, append(raw, '\n'))
}

type handoverPrintCommand struct {
	instance
	handoverFile
	Out string `type:"path" help:"网页文件 HTML page; stdout when absent."`
}

// Run writes the page.
func (c *handoverPrintCommand) Run(w *world) error {
	h, err := c.read()
	if err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	page, err := o.Handovers.Page(w.ctx, h)
	if err != nil {
		return err
	}
	return writeOut(w, c.Out, page)
}

type handoverSignCommand struct {
	handoverFile
	Side         string `enum:"from,to,witness" required:"" help:"身份 from 移交方, to 承接方, witness 监交."`
	Organization string `required:"" help:"机关 Credit code of the organization that is signed for."`
	Key          string `type:"existingfile" xor:"how" help:"本人密钥 One's own key file (SM2)."`
	Paper        string `type:"existingfile" xor:"how" help:"签字页扫描件 Scan of the signed page: its digest is kept."`
}

// Run adds a signature to the file. No server is asked: what is signed is what
// the file says.
func (c *handoverSignCommand) Run(w *world) error {
	h, err := c.read()
	if err != nil {
		return err
	}
	s := registry.HandoverSignature{Organization: c.Organization, Side: registry.Side(c.Side)}
	party := map[registry.Side]bool{registry.SideFrom: slices.Contains(h.From, c.Organization), registry.SideTo: h.To == c.Organization, registry.SideWitness: true}
	switch {
	case !party[s.Side]:
		return usage("%s is no party on side %s", c.Organization, c.Side)
	case (c.Key == "") == (c.Paper == ""):
		return usage("--key or --paper")
	case c.Paper != "":
		raw, err := os.ReadFile(c.Paper)
		if err != nil {
			return err
		}
		s.Paper = sm.Sum(raw)
	default:
		raw, err := os.ReadFile(c.Key)
		if err != nil {
			return err
		}
		key, err := person.ParseKey(raw)
		if err != nil {
			return usage("%s: %v", c.Key, err)
		}
		approval, err := person.Approve(key, h.Terms())
		if err != nil {
			return err
		}
		s.Key, s.Signature = approval.KeyID, approval.Signature
	}
	h.Signatures = append(slices.DeleteFunc(h.Signatures, func(o registry.HandoverSignature) bool {
		return o.Side == s.Side && o.Organization == s.Organization
	}), s)
	fmt.Fprintf(w.stderr, "已签署 signed: %s\n", h.Terms())
	return writeHandover(w, c.File, h)
}

type handoverRecordCommand struct {
	instance
	handoverFile
}

// Run records the handover.
func (c *handoverRecordCommand) Run(w *world) error {
	h, err := c.read()
	if err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	return moved(o.Handovers.Record(w.ctx, h))
}

type handoverStartCommand struct {
	instance
	ID string `arg:"" help:"编号 Number of the recorded handover."`
	At string `placeholder:"TIME" help:"启用时间 From when on: 2026-12-01, or 2026-12-01T08:00:00+08:00; now when absent. Where governors sign first: a time still to come; start again after it for seals and blanks."`
}

// Run starts operation.
func (c *handoverStartCommand) Run(w *world) error {
	at, err := startTime(c.At)
	if err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	return moved(o.Handovers.Start(w.ctx, c.ID, at))
}

// startTime reads a civil date, which begins at midnight +08:00, or an instant.
func startTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := registry.ParseDate(text); err == nil {
		return day.Start(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage("--at %s: want 2026-12-01 or 2026-12-01T08:00:00+08:00", text)
	}
	return at, nil
}
