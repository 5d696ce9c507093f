package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Orders are order sheets and the governance records that they set.
type Orders struct{ caller *caller }

// List lists the newest sheets, open ones first; 20 when limit is 0.
func (o Orders) List(ctx context.Context, limit int) ([]resource.Sheet, error) {
	query := url.Values{}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	list, err := call[resource.SheetList](ctx, o.caller, get("/orders", query))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Draft puts orders on a sheet for governors to sign.
func (o Orders) Draft(ctx context.Context, orders ...resource.OrderDraft) (*resource.Sheet, error) {
	q, err := post("/orders", resource.SheetDraft{Orders: orders})
	if err != nil {
		return nil, err
	}
	return call[resource.Sheet](ctx, o.caller, q)
}

// Show shows an order sheet, who has signed, and the bytes to recompute its
// digest from.
func (o Orders) Show(ctx context.Context, sheet sm.Digest) (*resource.Sheet, error) {
	return call[resource.Sheet](ctx, o.caller, get(sheetPath(sheet), nil))
}

// Approve adds a governor's signature; the last one has the orders set.
func (o Orders) Approve(ctx context.Context, sheet sm.Digest, approval registry.Approval) (*resource.Sheet, error) {
	q, err := post(sheetPath(sheet)+"/approvals", approval)
	if err != nil {
		return nil, err
	}
	return call[resource.Sheet](ctx, o.caller, q)
}

// Drop gives up an open sheet.
func (o Orders) Drop(ctx context.Context, sheet sm.Digest) error {
	_, err := o.caller.bytes(ctx, request{method: http.MethodDelete, path: sheetPath(sheet)})
	return err
}

// Records are the governance records of a kind as the ledger has them; the one
// named, or all for "".
func (o Orders) Records(ctx context.Context, kind registry.RecordKind, name string) ([]resource.Record, error) {
	query := url.Values{"kind": {string(kind)}}
	if name != "" {
		query.Set("name", name)
	}
	list, err := call[resource.RecordList](ctx, o.caller, get("/records", query))
	if err != nil {
		return nil, err
	}
	return list.Orders, nil
}

func sheetPath(sheet sm.Digest) string { return "/orders/" + sheet.String() }
