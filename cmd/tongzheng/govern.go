package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type governCommand struct {
	List    governListCommand    `cmd:"" default:"1" help:"列出治理令 Order sheets, open ones first."`
	Genesis governGenesisCommand `cmd:"" help:"创世 Draft the sheet that opens an empty ledger: rules, city, first governors. A keeper of the signer signs it."`
	Draft   governDraftCommand   `cmd:"" help:"起草治理令 Put orders from files on a sheet for two governors to sign."`
	Enroll  governEnrollCommand  `cmd:"" help:"登记成员 Put what a member's enrollment says on a sheet: its organizations' act keys, where its registry is reached."`
	Service governServiceCommand `cmd:"" help:"成员登记库 Order a member's address on paper, where it exchanges and under which key, who keeps the library."`
	Show    governShowCommand    `cmd:"" help:"查看治理令 Show what a sheet orders and who has signed."`
	Sign    governSignCommand    `cmd:"" help:"签署治理令 Sign a sheet with one's own key, after reading and recomputing it; the last signature sets it."`
	Drop    governDropCommand    `cmd:"" help:"放弃治理令 Give up an open sheet."`
	Record  governRecordCommand  `cmd:"" help:"查看账本记录 A governance record as the ledger has it, in the form of an order file."`
}

// order is one order of an order file. What a sheet or the ledger adds to a
// record is let stand in a file, and not sent.
type order struct {
	Organization string              `json:"organization,omitempty"`
	Kind         registry.RecordKind `json:"kind"`
	Name         string              `json:"name,omitempty"`
	Basis        string              `json:"basis,omitempty"`
	Record       json.RawMessage     `json:"record"`
	Canonical    []byte              `json:"canonical,omitempty"`
}

func printSheet(w *world, s *resource.Sheet) {
	fmt.Fprintf(w.stdout, "治理令 order sheet %s  %s  签名 signed %d/%d\n", s.Digest, s.Step, len(s.Given), s.Asked)
	if s.Home != "" {
		fmt.Fprintf(w.stdout, "起草 drafted at member %s\n", s.Home)
	}
	if len(s.Awaits) > 0 {
		fmt.Fprintf(w.stdout, "待签成员 waits for members %s\n", strings.Join(s.Awaits, " "))
	}
	for i, o := range s.Orders {
		fmt.Fprintf(w.stdout, "  %d. %s %s  (%s %s)\n", i+1, o.Kind, o.Name, o.Organization, o.Basis)
	}
	if s.Refusal != nil {
		fmt.Fprintf(w.stdout, "  被拒绝 refused: %s %s %s\n", s.Refusal.Code, s.Refusal.Title, s.Refusal.Detail)
	}
}

// checkSheet recomputes the digest from what the sheet shows, so that nobody signs
// something else than can be read.
func checkSheet(s *resource.Sheet) error {
	var digests []sm.Digest
	for i, shown := range s.Orders {
		var o registry.Order
		if err := registry.Decode(shown.Canonical, &o); err != nil {
			return err
		}
		record, err := o.Decode()
		if err != nil {
			return err
		}
		var said, plain bytes.Buffer
		encoder := json.NewEncoder(&said)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(record); err != nil {
			return err
		}
		if json.Compact(&plain, shown.Record) != nil || plain.String() != strings.TrimSpace(said.String()) || o.Kind != shown.Kind || o.Organization != shown.Organization {
			return fmt.Errorf("order %d is shown otherwise than it would be signed: not signed", i+1)
		}
		digests = append(digests, o.Digest())
	}
	if registry.SheetDigest(digests) != s.Digest {
		return fmt.Errorf("the server shows one sheet and asks to sign another: not signed")
	}
	return nil
}

type governListCommand struct{ remote }

// Run lists sheets.
func (c *governListCommand) Run(w *world) error {
	sheets, err := c.client().Orders.List(w.ctx, 0)
	if err != nil {
		return err
	}
	for i := range sheets {
		printSheet(w, &sheets[i])
	}
	return nil
}

// drafting is what the commands that draft a sheet share.
type drafting struct {
	remote
	Organization string `help:"发令机关 Credit code of who orders, where a file does not say."`
	Basis        string `help:"依据文号 Document, where a file does not say."`
	Sign         string `placeholder:"KEY.pem" help:"签署密钥 Sign at once with the caller's own key; the genesis with a keeper's."`
}

func (c *drafting) post(w *world, orders []order) error {
	var drafts []resource.OrderDraft
	for _, o := range orders {
		drafts = append(drafts, resource.OrderDraft{Organization: cmp.Or(o.Organization, c.Organization), Kind: o.Kind, Basis: cmp.Or(o.Basis, c.Basis), Record: o.Record})
	}
	server := c.client().Orders
	s, err := server.Draft(w.ctx, drafts...)
	if err != nil {
		return err
	}
	return signSheet(w, server, s, c.Sign)
}

// signSheet checks a sheet and signs it with the key of a file, when one is
// given.
func signSheet(w *world, server client.Orders, s *resource.Sheet, file string) error {
	if err := checkSheet(s); err != nil {
		return err
	}
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		key, err := person.ParseKey(raw)
		if err != nil {
			return usage("%s: %v", file, err)
		}
		approval, err := person.Approve(key, s.Digest)
		if err != nil {
			return err
		}
		if s, err = server.Approve(w.ctx, s.Digest, approval); err != nil {
			return err
		}
	}
	printSheet(w, s)
	return nil
}

type governDraftCommand struct {
	drafting
	Files []string `arg:"" type:"existingfile" help:"JSON: an order {kind, record}, a list of them, or {orders: […]}."`
}

// Run drafts a sheet.
func (c *governDraftCommand) Run(w *world) error {
	var orders []order
	for _, file := range c.Files {
		more, err := readOrders(file)
		if err != nil {
			return usage("%s: %v", file, err)
		}
		orders = append(orders, more...)
	}
	return c.post(w, orders)
}

func readOrders(file string) ([]order, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "[") {
		var list []order
		return list, strictly(raw, &list)
	}
	var many struct {
		Orders []order `json:"orders"`
	}
	if strictly(raw, &many) == nil && len(many.Orders) > 0 {
		return many.Orders, nil
	}
	var one order
	err = strictly(raw, &one)
	return []order{one}, err
}

func strictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

type governGenesisCommand struct {
	drafting
	City     string        `required:"" help:"统一社会信用代码 Credit code of the city's government."`
	Name     string        `required:"" help:"名称 Its name."`
	Region   string        `required:"" help:"行政区划代码 GB/T 2260."`
	Member   string        `required:"" help:"账本成员 The member that carries the city."`
	Members  []string      `required:"" help:"全部成员 Every member of the ledger, the city's included."`
	ActKey   string        `required:"" type:"existingfile" placeholder:"FILE" help:"机关密钥 The city's act key: tongzheng keys create --json CODE NAME."`
	TagKey   sm.Digest     `required:"" help:"标签密钥摘要 SM3 of the deployment's tag key: tongzheng keys tag make, at the city's signer."`
	Governor []string      `required:"" type:"existingfile" placeholder:"FILE" help:"治理员 Approver records of the first governors (tongzheng person record); two persons at least."`
	URL      string        `required:"" name:"url" help:"控制台网址 Address of the console and of the public pages: codes on paper lead to it."`
	SignURL  string        `name:"sign-url" help:"签署页网址 Origin of the signer's page where people sign (TONGZHENG_SIGN_URL): passkeys count there alone. Without it none counts, and people sign with key files."`
	Backdate time.Duration `default:"720h" help:"登记期限 Longest time from a decision to its recording."`
	Genesis  time.Duration `default:"720h" help:"创世期 How long historical licenses may still be entered as genesis."`
}

// Run drafts the genesis.
func (c *governGenesisCommand) Run(w *world) error {
	raw, err := os.ReadFile(c.ActKey)
	if err != nil {
		return err
	}
	var key registry.ActKey
	if err := strictly(raw, &key); err != nil {
		return usage("%s: %v", c.ActKey, err)
	}
	site, err := url.Parse(c.URL)
	if err != nil || site.Host == "" {
		return usage("%s: want https://host", c.URL)
	}
	sign, err := url.Parse(c.SignURL)
	if err != nil || c.SignURL != "" && (sign.Host == "" || sign.Path != "") {
		return usage("%s: want scheme://host[:port]", c.SignURL)
	}
	rules := &registry.Rules{Version: registry.NewestRules, TagKey: c.TagKey, City: c.City, Members: c.Members, MaxBackdate: int64(c.Backdate.Seconds()), GenesisUntil: time.Now().Add(c.Genesis).Unix(),
		Founder: key}
	city := &registry.Organization{Code: c.City, FullName: c.Name, Region: c.Region, Member: c.Member, ActKeys: []registry.ActKey{key}, Rank: registry.RankGovernment}
	var orders []order
	service := &registry.Service{Member: c.Member, Operator: c.City, Public: strings.TrimSuffix(c.URL, "/")}
	if c.SignURL != "" {
		service.Sign, service.RelyingParty = c.SignURL, sign.Hostname()
	}
	for _, record := range []registry.GovernanceRecord{rules, city, service} {
		said, err := json.Marshal(record)
		if err != nil {
			return err
		}
		orders = append(orders, order{Kind: record.Kind(), Record: said})
	}
	people := map[string]bool{}
	for _, file := range c.Governor {
		more, err := readOrders(file)
		if err != nil {
			return usage("%s: %v", file, err)
		}
		for _, o := range more {
			var governor registry.Approver
			if err := strictly(o.Record, &governor); err != nil {
				return usage("%s: %v", file, err)
			}
			people[governor.Person] = true
		}
		orders = append(orders, more...)
	}
	if len(people) < registry.GovernorsAsked {
		return usage("name %d governors at least: nobody could give an order otherwise", registry.GovernorsAsked)
	}
	if c.Organization == "" {
		c.Organization = c.City
	}
	if c.Basis == "" {
		c.Basis = "账本创世"
	}
	return c.post(w, orders)
}

// sheetNamed reads one sheet.
type sheetNamed struct {
	remote
	Sheet string `arg:"" help:"治理令编号 Digest of the sheet, 64 hexadecimal digits."`
}

func (c *sheetNamed) digest() (sm.Digest, error) {
	digest, err := sm.ParseDigest(c.Sheet)
	if err != nil {
		return digest, usage("%s: want 64 hexadecimal digits", c.Sheet)
	}
	return digest, nil
}

func (c *sheetNamed) get(w *world) (*resource.Sheet, error) {
	digest, err := c.digest()
	if err != nil {
		return nil, err
	}
	return c.client().Orders.Show(w.ctx, digest)
}

// explain says a sheet in words, order by order, from the bytes that are signed.
func (c *sheetNamed) explain(w *world, s *resource.Sheet) error {
	printSheet(w, s)
	records := &serverRecords{ctx: w.ctx, orders: c.client().Orders, known: map[string]registry.GovernanceRecord{}}
	for i, shown := range s.Orders {
		var o registry.Order
		if err := registry.Decode(shown.Canonical, &o); err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "  %d. %s %s\n", i+1, o.Kind, shown.Name)
		if err := explainOrder(w.stdout, records, &o); err != nil {
			return err
		}
	}
	if records.missing != nil {
		fmt.Fprintf(w.stderr, "部分名称与原记录未能取得 some names and former records could not be read: %v\n", records.missing)
	}
	return nil
}

type governShowCommand struct{ sheetNamed }

// Run shows a sheet with its records.
func (c *governShowCommand) Run(w *world) error {
	s, err := c.get(w)
	if err != nil {
		return err
	}
	if err := checkSheet(s); err != nil {
		return err
	}
	return c.explain(w, s)
}

type governSignCommand struct {
	sheetNamed
	Sign string `required:"" placeholder:"KEY.pem" help:"签署密钥 The caller's own SM2 key file. Every governor signs with an account of their own; the genesis alone is signed by a keeper's file that the operator hands in."`
}

// Run says what is signed, and signs after recomputing its digest.
func (c *governSignCommand) Run(w *world) error {
	s, err := c.get(w)
	if err != nil {
		return err
	}
	if err := checkSheet(s); err != nil {
		return err
	}
	if err := c.explain(w, s); err != nil {
		return err
	}
	return signSheet(w, c.client().Orders, s, c.Sign)
}

type governDropCommand struct{ sheetNamed }

// Run gives a sheet up.
func (c *governDropCommand) Run(w *world) error {
	digest, err := c.digest()
	if err != nil {
		return err
	}
	return c.client().Orders.Drop(w.ctx, digest)
}

type governRecordCommand struct {
	remote
	Kind string `arg:"" help:"类别 organization, grant, seal, approver, policy, …"`
	Name string `arg:"" optional:"" help:"名称 Its name; all of the kind when absent."`
}

// Run prints records as an order file.
func (c *governRecordCommand) Run(w *world) error {
	records, err := c.client().Orders.Records(w.ctx, registry.RecordKind(c.Kind), c.Name)
	if err != nil {
		return err
	}
	return printJSON(w, resource.RecordList{Orders: records})
}
