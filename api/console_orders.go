package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// signing gives the browser what a passkey's signature over a digest needs; nil
// when the account has no passkey.
func (s *Server) signing(r *http.Request, digest sm.Digest) (*web.Signing, error) {
	keys, err := s.Accounts.Passkeys(r.Context(), accountOf(r).Login)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	var ids []string
	for _, key := range keys {
		ids = append(ids, base64.RawURLEncoding.EncodeToString(key.ID))
	}
	return &web.Signing{Challenge: base64.RawURLEncoding.EncodeToString(digest[:]), Credentials: strings.Join(ids, " "), RelyingParty: s.relyingParty()}, nil
}

// ordersPage lists order sheets for governors.
func (s *Server) ordersPage(w http.ResponseWriter, r *http.Request) {
	_, err := governs(r)
	var list []*office.Sheet
	if err == nil {
		list, err = s.Office.Sheets.Sheets(r.Context(), 50)
	}
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.page(w, r, http.StatusOK, "console-orders", "orders", web.Pair{Chinese: "治理令", English: "Order sheets"}, web.Orders{Sheets: list})
}

// orderPage shows what a sheet orders, record by record.
func (s *Server) orderPage(w http.ResponseWriter, r *http.Request) {
	sheet, _, err := s.namedSheet(r)
	var page *web.Order
	if err == nil {
		page, err = s.orderData(r, sheet)
	}
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.page(w, r, http.StatusOK, "console-order", "orders", web.Pair{Chinese: "治理令", English: "Order sheet"}, page)
}

func (s *Server) orderData(r *http.Request, sheet *office.Sheet) (*web.Order, error) {
	said, err := s.sheetResource(sheet)
	if err != nil {
		return nil, err
	}
	page := &web.Order{Sheet: sheet, Asked: said.Asked}
	for _, o := range said.Orders {
		text, err := json.MarshalIndent(o.Record, "", "  ")
		if err != nil {
			return nil, err
		}
		line := web.OrderLine{Kind: web.RecordName(o.Kind), Name: o.Name, Organization: s.organizationName(o.Organization), Basis: o.Basis, After: string(text)}
		if record, _, err := s.Office.View.Record(o.Kind, o.Name); err != nil {
			return nil, err
		} else if record != nil {
			if text, err = json.MarshalIndent(record, "", "  "); err != nil {
				return nil, err
			}
			if string(text) != line.After {
				line.Before = string(text)
			}
		}
		page.Lines = append(page.Lines, line)
	}
	if sheet.Step == office.SheetRefused {
		page.Refusal = &web.Pair{Chinese: sheet.Refusal.Chinese(), English: sheet.Refusal.English()}
	}
	if sheet.Step == office.SheetOpen {
		if page.Sign, err = s.signing(r, sheet.Digest); err != nil {
			return nil, err
		}
		if page.Sign != nil {
			page.Sign.Post = s.base() + "/console/orders/" + sheet.Digest.String() + "/passkey"
		}
	}
	return page, nil
}

// signSheetByPasskey adds a governor's passkey signature.
func (s *Server) signSheetByPasskey(w http.ResponseWriter, r *http.Request) {
	sheet, actor, err := s.namedSheet(r)
	var approval *registry.Approval
	if err == nil {
		approval, err = s.readAssertion(r)
	}
	if err == nil {
		sheet, err = s.signSheet(r, actor, sheet, *approval)
	}
	if err != nil {
		s.refuse(w, r, "sign orders", chi.URLParam(r, "sheet"), err)
		return
	}
	s.encode(w, r, http.StatusOK, map[string]any{"step": sheet.Step})
}

func (s *Server) dropSheetForm(w http.ResponseWriter, r *http.Request) {
	sheet, actor, err := s.namedSheet(r)
	if err == nil {
		err = s.Office.DropSheet(r.Context(), actor, sheet.Digest)
	}
	if err != nil {
		s.auditRefusal(r, "drop orders", chi.URLParam(r, "sheet"), err)
		s.failConsole(w, r, err)
		return
	}
	s.audit(r, actor, "drop orders", sheet.Digest.String(), "")
	http.Redirect(w, r, s.base()+"/console/orders", http.StatusSeeOther)
}
