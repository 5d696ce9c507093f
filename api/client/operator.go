package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

// Operator is for whoever runs the machine: the server answers it on the
// operator's socket only, which Config.HTTP has to reach, or in this process
// (InProcess). Orders may wait for governors: the sheet that they wait on is in
// the answer then.
type Operator struct {
	Accounts  Accounts
	Seals     Seals
	Stock     Stock
	Grants    Grants
	Lists     Lists
	Handovers Handovers
	Library   Library

	caller *caller
}

func newOperator(c *caller) Operator {
	return Operator{Accounts{c}, Seals{c}, Stock{c}, Grants{c}, Lists{c}, Handovers{c}, Library{c}, c}
}

// Certificates lists those of the instance, the one that ends first before the others.
func (o Operator) Certificates(ctx context.Context) (*resource.CertificateList, error) {
	return call[resource.CertificateList](ctx, o.caller, get("/operator/certificates", nil))
}

// Accounts are staff accounts.
type Accounts struct{ caller *caller }

// List lists the accounts of an organization; all for "".
func (a Accounts) List(ctx context.Context, organization string) ([]resource.Account, error) {
	list, err := call[resource.AccountList](ctx, a.caller, get("/operator/accounts", filter("organization", organization)))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Create makes an account.
func (a Accounts) Create(ctx context.Context, draft resource.AccountDraft) (*resource.NewAccount, error) {
	return command[resource.NewAccount](ctx, a.caller, "/operator/accounts", draft)
}

// NewPassword gives an account a new password; its sessions end.
func (a Accounts) NewPassword(ctx context.Context, login string) (*resource.NewPassword, error) {
	return command[resource.NewPassword](ctx, a.caller, accountPath(login, "password"), nil)
}

// NewKey makes an API key; open for the zero time.
func (a Accounts) NewKey(ctx context.Context, login, name string, expires time.Time) (*resource.NewAPIKey, error) {
	return command[resource.NewAPIKey](ctx, a.caller, accountPath(login, "api-keys"), resource.APIKeyDraft{Name: name, Expires: expires})
}

// Disable locks an account.
func (a Accounts) Disable(ctx context.Context, login string) error {
	_, err := a.caller.bytes(ctx, request{method: http.MethodPost, path: accountPath(login, "disable")})
	return err
}

// Enable lets an account in again.
func (a Accounts) Enable(ctx context.Context, login string) error {
	_, err := a.caller.bytes(ctx, request{method: http.MethodPost, path: accountPath(login, "enable")})
	return err
}

func accountPath(login, verb string) string {
	return "/operator/accounts/" + url.PathEscape(login) + "/" + verb
}

// Seals are the seals on file.
type Seals struct{ caller *caller }

// List lists them, by id.
func (s Seals) List(ctx context.Context) ([]*registry.SealRecord, error) {
	list, err := call[resource.SealList](ctx, s.caller, get("/operator/seals", nil))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Import gives a filed seal to the signer and puts it on the ledger.
func (s Seals) Import(ctx context.Context, seal resource.SealImport) (*resource.SealFiled, error) {
	return command[resource.SealFiled](ctx, s.caller, "/operator/seals", seal)
}

// SetState gives a seal another state.
func (s Seals) SetState(ctx context.Context, id string, state registry.SealState, basis string) (*resource.Ordered, error) {
	return command[resource.Ordered](ctx, s.caller, "/operator/seals/"+url.PathEscape(id)+"/state", resource.SealChange{State: state, Basis: basis})
}

// Renew makes a development seal in the place of another.
func (s Seals) Renew(ctx context.Context, id, as, basis string) (*resource.SealRenewed, error) {
	return command[resource.SealRenewed](ctx, s.caller, "/operator/seals/"+url.PathEscape(id)+"/renewal", resource.SealRenewal{As: as, Basis: basis})
}

// UseLog calls fn for every line of the signer's use log, of one use or all for
// "", and returns its head once all of it has come.
func (s Seals) UseLog(ctx context.Context, use string, fn func(resource.LogLine) error) (*resource.LogHead, error) {
	answer, err := s.caller.send(ctx, get("/operator/use-log", filter("use", use)))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	head, err := readLog(json.NewDecoder(answer.Body), fn)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = registry.Errorf(registry.CodeUnavailable, "", "the answer ended early").WithCause(err)
	}
	return head, err
}

// readLog reads {"lines": […], "head": {…}} line by line.
func readLog(decoder *json.Decoder, fn func(resource.LogLine) error) (*resource.LogHead, error) {
	skip := func(tokens int) (err error) {
		for ; tokens > 0 && err == nil; tokens-- {
			_, err = decoder.Token()
		}
		return err
	}
	if err := skip(3); err != nil { // { lines [
		return nil, err
	}
	for decoder.More() {
		var line resource.LogLine
		if err := decoder.Decode(&line); err != nil {
			return nil, fmt.Errorf("line of the use log: %w", err)
		}
		if err := fn(line); err != nil {
			return nil, err
		}
	}
	if err := skip(2); err != nil { // ] head
		return nil, err
	}
	head := new(resource.LogHead)
	return head, decoder.Decode(head)
}

// Stock is numbered blanks.
type Stock struct{ caller *caller }

// Report accounts for every blank, of one organization or all for "".
func (s Stock) Report(ctx context.Context, organization string) ([]resource.StockLine, error) {
	list, err := call[resource.StockList](ctx, s.caller, get("/operator/stock", filter("organization", organization)))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Allocate gives an organization more numbers of a print run.
func (s Stock) Allocate(ctx context.Context, numbers resource.StockNumbers) (*resource.Ordered, error) {
	return command[resource.Ordered](ctx, s.caller, "/operator/stock/allocations", numbers)
}

// Transfer moves numbers to another organization.
func (s Stock) Transfer(ctx context.Context, transfer resource.StockTransfer) (*resource.Ordered, error) {
	return command[resource.Ordered](ctx, s.caller, "/operator/stock/transfers", transfer)
}

// Spend reports what became of unused blanks.
func (s Stock) Spend(ctx context.Context, spending resource.StockSpending) (*resource.Ordered, error) {
	return command[resource.Ordered](ctx, s.caller, "/operator/stock/spent", spending)
}

// Table is a file with a table: .xlsx or .csv.
type Table struct {
	ContentType string // text/csv, or that of .xlsx
	File        []byte
}

func (t Table) request(method, path string, query url.Values) request {
	return request{method: method, path: path, query: query, contentType: t.ContentType, body: append([]byte{}, t.File...)}
}

// Grants are grant lists.
type Grants struct{ caller *caller }

// Plan shows what a list would change.
func (g Grants) Plan(ctx context.Context, list Table) (*resource.GrantPlan, error) {
	return call[resource.GrantPlan](ctx, g.caller, list.request(http.MethodPost, "/operator/grants/plan", nil))
}

// Apply orders what a list changes, all rows or none.
func (g Grants) Apply(ctx context.Context, list Table) (*resource.GrantPlan, error) {
	return call[resource.GrantPlan](ctx, g.caller, list.request(http.MethodPost, "/operator/grants", nil))
}

// ReadinessAsk says what is examined.
type ReadinessAsk struct {
	On   registry.Date // today when zero
	List *Table        // nil: every grant on the ledger
}

// Readiness reports what grants lack before their day.
func (g Grants) Readiness(ctx context.Context, ask ReadinessAsk) (*resource.ReadinessReport, error) {
	return call[resource.ReadinessReport](ctx, g.caller, ask.request("json"))
}

// ReadinessText is the report as somebody reads it: markdown, or html to print
// and sign.
func (g Grants) ReadinessText(ctx context.Context, ask ReadinessAsk, format string) ([]byte, error) {
	return g.caller.bytes(ctx, ask.request(format))
}

func (a ReadinessAsk) request(format string) request {
	query := url.Values{"format": {format}}
	if a.On != 0 {
		query.Set("on", a.On.String())
	}
	if a.List == nil {
		return get("/operator/grants/readiness", query)
	}
	return a.List.request(http.MethodPost, "/operator/grants/readiness", query)
}

// Lists are the catalog of license types and the holders under watch.
type Lists struct{ caller *caller }

// SetTypes puts entries into the catalog, and their records on the ledger.
func (l Lists) SetTypes(ctx context.Context, basis string, types ...*registry.LicenseType) (*resource.TypesSet, error) {
	return command[resource.TypesSet](ctx, l.caller, "/operator/types", resource.TypesDraft{Basis: basis, Types: types})
}

// ReplaceHolders puts another list of holders under watch in the place of all.
func (l Lists) ReplaceHolders(ctx context.Context, list Table) (*resource.HoldersListed, error) {
	return call[resource.HoldersListed](ctx, l.caller, list.request(http.MethodPut, "/operator/holders", nil))
}

// Handovers move powers from one authority to another.
type Handovers struct{ caller *caller }

// Draw draws one up. Nothing is written.
func (h Handovers) Draw(ctx context.Context, terms resource.HandoverTerms) (*registry.Handover, error) {
	return command[registry.Handover](ctx, h.caller, "/operator/handovers/draft", terms)
}

// Page is the page that the parties read and sign (HTML).
func (h Handovers) Page(ctx context.Context, drawn *registry.Handover) ([]byte, error) {
	q, err := postPresent("/operator/handovers/page", drawn)
	if err != nil {
		return nil, err
	}
	return h.caller.bytes(ctx, q)
}

// Record puts a signed one on the ledger.
func (h Handovers) Record(ctx context.Context, signed *registry.Handover) (*resource.Ordered, error) {
	return command[resource.Ordered](ctx, h.caller, "/operator/handovers", signed)
}

// Start records the start of operation of a recorded one: from an instant on,
// which is now for the zero time.
func (h Handovers) Start(ctx context.Context, id string, at time.Time) (*resource.Ordered, error) {
	path := "/operator/handovers/" + url.PathEscape(id) + "/start"
	if !at.IsZero() {
		path += "?" + url.Values{"at": {at.Format(time.RFC3339)}}.Encode()
	}
	return command[resource.Ordered](ctx, h.caller, path, nil)
}

// filter is a query with one parameter, when it restricts.
func filter(name, value string) url.Values {
	if value == "" {
		return nil
	}
	return url.Values{name: {value}}
}

// command posts a value and reads the answer.
func command[T any](ctx context.Context, c *caller, path string, body any) (*T, error) {
	q, err := postPresent(path, body)
	if err != nil {
		return nil, err
	}
	return call[T](ctx, c, q)
}

// postPresent is post without the names that are null: the registry's own types
// write an absent list so, and the server takes no null.
func postPresent(path string, body any) (request, error) {
	q, err := post(path, body)
	if err != nil || q.body == nil {
		return q, err
	}
	decoder := json.NewDecoder(bytes.NewReader(q.body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return q, fmt.Errorf("body of %s: %w", path, err)
	}
	dropNull(value)
	if q.body, err = json.Marshal(value); err != nil {
		return q, fmt.Errorf("body of %s: %w", path, err)
	}
	return q, nil
}

func dropNull(value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if inner == nil {
				delete(v, name)
				continue
			}
			dropNull(inner)
		}
	case []any:
		for _, inner := range v {
			dropNull(inner)
		}
	}
}
