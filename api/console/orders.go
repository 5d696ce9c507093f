package console

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/explain"
	"tongzheng/registry/office"
)

// orders are the pages of order sheets, for governors.
type orders struct {
	frame
	desk desk.Orders
}

func (o *orders) list(w http.ResponseWriter, r *http.Request) {
	list, err := o.desk.List(r, 50)
	if err != nil {
		o.fail(w, r, err)
		return
	}
	o.show(w, r, http.StatusOK, "console-orders", "orders", web.Pair{Chinese: "治理令", English: "Order sheets"}, web.Orders{Sheets: list})
}

// page shows what a sheet orders, record by record.
func (o *orders) page(w http.ResponseWriter, r *http.Request) {
	sheet, err := o.desk.Named(r)
	var page *web.Order
	if err == nil {
		page, err = o.read(r, sheet)
	}
	if err != nil {
		o.fail(w, r, err)
		return
	}
	o.show(w, r, http.StatusOK, "console-order", "orders", web.Pair{Chinese: "治理令", English: "Order sheet"}, page)
}

func (o *orders) read(r *http.Request, sheet *office.OrderSheet) (*web.Order, error) {
	page := &web.Order{Sheet: sheet}
	var err error
	if page.Asked, err = o.desk.Asked(r); err != nil {
		return nil, err
	}
	if page.Awaits, err = o.desk.Awaited(r, sheet); err != nil {
		return nil, err
	}
	for _, order := range sheet.Orders {
		line, err := o.line(r, order)
		if err != nil {
			return nil, err
		}
		page.Lines = append(page.Lines, *line)
	}
	if sheet.Step == office.SheetRefused {
		page.Refusal = &web.Pair{Chinese: sheet.Refusal.Chinese(), English: sheet.Refusal.English()}
	}
	if sheet.Step == office.SheetOpen {
		if page.Sign, err = o.toSign(r, "/console/orders/"+sheet.Digest.String()+"/sign"); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// line says an order in words beside the record that the ledger has now.
func (o *orders) line(r *http.Request, order *registry.Order) (*web.OrderLine, error) {
	record, err := order.Decode()
	if err != nil {
		return nil, err
	}
	line := &web.OrderLine{Kind: web.RecordName(order.Kind), Name: record.Name(), Organization: o.names.For(r).Organization(order.Organization), Basis: order.Basis}
	present, err := o.desk.Present(r, order.Kind, line.Name)
	if err != nil {
		return nil, err
	}
	line.New = present == nil
	line.Lines, err = explain.New(presentRecords{o.desk, r}).Order(order, present)
	return line, err
}

// presentRecords are the governance records as the caller may see them.
type presentRecords struct {
	desk desk.Orders
	r    *http.Request
}

// Record implements registry.Records.
func (p presentRecords) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	return p.desk.Present(p.r, kind, name)
}

func (o *orders) drop(w http.ResponseWriter, r *http.Request) {
	if err := o.desk.Drop(r); err != nil {
		o.refuse(w, r, "drop orders", chi.URLParam(r, "sheet"), err)
		return
	}
	http.Redirect(w, r, o.base+"/console/orders", http.StatusSeeOther)
}
