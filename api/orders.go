package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// orders answers for order sheets and governance records.
type orders struct {
	desk  desk.Orders
	names desk.Names
	trail signin.Trail
	base  string
}

// list lists order sheets, open ones first.
func (o *orders) list(w http.ResponseWriter, r *http.Request) {
	out, err := o.listed(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, out)
}

func (o *orders) listed(r *http.Request) (*resource.SheetList, error) {
	if err := o.desk.Check(r); err != nil {
		return nil, err
	}
	if err := httpx.KnownParameters(r, "limit"); err != nil {
		return nil, err
	}
	limit := 20
	if text := r.URL.Query().Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			return nil, registry.Errorf(registry.CodeMalformed, "limit", "1 to 100")
		}
	}
	list, err := o.desk.List(r, limit)
	if err != nil {
		return nil, err
	}
	out := &resource.SheetList{Items: []resource.Sheet{}}
	for _, sheet := range list {
		item, err := o.resource(r, sheet)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, *item)
	}
	return out, nil
}

func (o *orders) resource(r *http.Request, sheet *office.OrderSheet) (*resource.Sheet, error) {
	asked, err := o.desk.Asked(r)
	if err != nil {
		return nil, err
	}
	out := &resource.Sheet{Digest: sheet.Digest, Step: resource.SheetStep(sheet.Step), Orders: []resource.Order{}, Given: o.names.For(r).Given(sheet.Approvals), Asked: asked,
		Message: registry.ApprovalMessage(sheet.Digest), Drafter: sheet.Drafter, Created: sheet.Created.In(registry.China), Organizations: sheet.Organizations()}
	out.Home = sheet.Home
	if out.Awaits, err = o.desk.Awaited(r, sheet); err != nil {
		return nil, err
	}
	for _, order := range sheet.Orders {
		record, err := order.Decode()
		if err != nil {
			return nil, err
		}
		said, err := httpx.Marshal(record)
		if err != nil {
			return nil, err
		}
		canonical, err := registry.Encode(order)
		if err != nil {
			return nil, err
		}
		out.Orders = append(out.Orders, resource.Order{Organization: order.Organization, Kind: order.Kind, Name: record.Name(), Basis: order.Basis,
			Decided: time.Unix(order.Decided, 0).In(registry.China), Sequence: order.Sequence, Record: said, Canonical: canonical})
	}
	if sheet.Step == office.SheetRefused {
		out.Refusal = resource.NewRefusal(sheet.Refusal, sheet.Detail)
	}
	self := o.base + "/api/v1/orders/" + sheet.Digest.String()
	out.Links = map[string]string{"self": self, "approvals": self + "/approvals"}
	return out, nil
}

// draft puts orders on a sheet for governors to sign.
func (o *orders) draft(w http.ResponseWriter, r *http.Request) {
	sheet, err := o.drafted(r)
	if err != nil {
		o.trail.Refuse(w, r, "draft orders", "", err)
		return
	}
	o.answer(w, r, http.StatusCreated, sheet)
}

func (o *orders) drafted(r *http.Request) (*office.OrderSheet, error) {
	if err := o.desk.Check(r); err != nil {
		return nil, err
	}
	var body resource.SheetDraft
	if err := httpx.DecodeBody(r, &body); err != nil {
		return nil, err
	}
	var drafts []office.OrderDraft
	for i, order := range body.Orders {
		record := registry.NewRecord(order.Kind)
		field := "orders." + strconv.Itoa(i)
		if record == nil {
			return nil, registry.Errorf(registry.CodeMalformed, field+".kind", "no such kind of record")
		}
		if err := httpx.DecodeJSON(order.Record, record); err != nil {
			e := problem.Coded(err)
			return nil, registry.Errorf(e.Code, field+".record."+e.Field, "%s", e.Detail)
		}
		drafts = append(drafts, office.OrderDraft{Organization: order.Organization, Record: record, Basis: order.Basis})
	}
	return o.desk.Draft(r, drafts)
}

func (o *orders) answer(w http.ResponseWriter, r *http.Request, status int, sheet *office.OrderSheet) {
	out, err := o.resource(r, sheet)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	w.Header().Set("Location", out.Links["self"])
	httpx.JSON(w, r, status, out)
}

// show shows one order sheet.
func (o *orders) show(w http.ResponseWriter, r *http.Request) {
	sheet, err := o.desk.Named(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	o.answer(w, r, http.StatusOK, sheet)
}

// approve adds a governor's signature; the last one has the orders set.
func (o *orders) approve(w http.ResponseWriter, r *http.Request) {
	sheet, err := o.desk.Named(r)
	var approval registry.Approval
	if err == nil {
		err = httpx.DecodeBody(r, &approval)
	}
	if err == nil {
		sheet, err = o.desk.Sign(r, sheet.Digest, approval)
	}
	if err != nil {
		o.trail.Refuse(w, r, "sign orders", chi.URLParam(r, "sheet"), err)
		return
	}
	o.answer(w, r, http.StatusOK, sheet)
}

// drop gives an open sheet up.
func (o *orders) drop(w http.ResponseWriter, r *http.Request) {
	if err := o.desk.Drop(r); err != nil {
		o.trail.Refuse(w, r, "drop orders", chi.URLParam(r, "sheet"), err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// records shows governance records as the ledger has them, in the form of
// orders: one by its name, or all of a kind.
func (o *orders) records(w http.ResponseWriter, r *http.Request) {
	out, err := o.recorded(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, out)
}

func (o *orders) recorded(r *http.Request) (*resource.RecordList, error) {
	if err := o.desk.Check(r); err != nil {
		return nil, err
	}
	if err := httpx.KnownParameters(r, "kind", "name"); err != nil {
		return nil, err
	}
	found, err := o.desk.Records(r, registry.RecordKind(r.URL.Query().Get("kind")), r.URL.Query().Get("name"))
	if err != nil {
		return nil, err
	}
	out := &resource.RecordList{Orders: []resource.Record{}}
	for _, record := range found {
		said, err := httpx.Marshal(record)
		if err != nil {
			return nil, err
		}
		out.Orders = append(out.Orders, resource.Record{Kind: record.Kind(), Name: record.Name(), Record: said})
	}
	return out, nil
}
