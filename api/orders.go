package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json/jsontext"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// sheetBody is an order sheet as it is drafted.
type sheetBody struct {
	Orders []orderBody `json:"orders"`
}

// orderBody is one governance record to set.
type orderBody struct {
	Organization string              `json:"organization"`
	Kind         registry.RecordKind `json:"kind"`
	Basis        string              `json:"basis,omitempty"`
	Record       jsontext.Value      `json:"record"`
}

// sheetResource is an order sheet (治理令): what it orders, who has signed, and
// the bytes to recompute its digest from.
type sheetResource struct {
	Digest        sm.Digest          `json:"digest"`
	Step          office.SheetStep   `json:"step"`
	Orders        []orderResource    `json:"orders"`
	Given         []approvalResource `json:"given"`
	Asked         int                `json:"asked"` // persons
	Message       []byte             `json:"message"`
	Refusal       *refusalResource   `json:"refusal,omitempty"`
	Drafter       string             `json:"drafter,omitempty"`
	Created       time.Time          `json:"created"`
	Links         map[string]string  `json:"links"`
	Organizations []string           `json:"organizations"`
}

type orderResource struct {
	Organization string                    `json:"organization"`
	Kind         registry.RecordKind       `json:"kind"`
	Name         string                    `json:"name"`
	Basis        string                    `json:"basis,omitempty"`
	Decided      time.Time                 `json:"decided"`
	Sequence     uint64                    `json:"sequence"`
	Record       registry.GovernanceRecord `json:"record"`
	Canonical    []byte                    `json:"canonical"`
}

func (s *Server) sheetResource(sheet *office.Sheet) (*sheetResource, error) {
	out := &sheetResource{Digest: sheet.Digest, Step: sheet.Step, Orders: []orderResource{}, Given: []approvalResource{}, Asked: registry.GovernorsAsked,
		Message: registry.ApprovalMessage(sheet.Digest), Drafter: sheet.Drafter, Created: sheet.Created.In(registry.China), Organizations: sheet.Organizations()}
	if rules, _, err := s.Office.View.Record(registry.KindRules, "current"); err != nil {
		return nil, err
	} else if rules == nil {
		out.Asked = 1 // a keeper of the signer opens the ledger
	}
	for _, o := range sheet.Orders {
		record, err := o.Decode()
		if err != nil {
			return nil, err
		}
		canonical, err := registry.Encode(o)
		if err != nil {
			return nil, err
		}
		out.Orders = append(out.Orders, orderResource{Organization: o.Organization, Kind: o.Kind, Name: record.Name(), Basis: o.Basis,
			Decided: time.Unix(o.Decided, 0).In(registry.China), Sequence: o.Sequence, Record: record, Canonical: canonical})
	}
	for _, a := range sheet.Approvals {
		given := approvalResource{KeyID: a.KeyID, Algorithm: a.Algorithm}
		if approver := s.approver(a.KeyID); approver != nil {
			given.Roles = approver.Roles
		}
		out.Given = append(out.Given, given)
	}
	if sheet.Step == office.SheetRefused {
		out.Refusal = &refusalResource{Code: sheet.Refusal, Title: sheet.Refusal.Chinese(), TitleEnglish: sheet.Refusal.English(), Detail: sheet.Detail}
	}
	self := s.base() + "/api/v1/orders/" + sheet.Digest.String()
	out.Links = map[string]string{"self": self, "approvals": self + "/approvals"}
	return out, nil
}

// governs is the caller, who must be a governor or an operator.
func governs(r *http.Request) (registry.Actor, error) {
	a := accountOf(r)
	if !mayGovern(a) {
		return registry.Actor{}, registry.Errorf(registry.CodeForbidden, "", "order sheets are for governors and operators")
	}
	return a.Actor(), nil
}

func mayGovern(a *Account) bool {
	for _, role := range a.Roles {
		if role == registry.RoleGovernor {
			return true
		}
	}
	return a.Admin
}

// orderSheets lists order sheets, open ones first.
func (s *Server) orderSheets(w http.ResponseWriter, r *http.Request) {
	_, err := governs(r)
	limit := 20
	if err == nil {
		err = knownParameters(r, "limit")
	}
	if text := r.URL.Query().Get("limit"); err == nil && text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			err = registry.Errorf(registry.CodeMalformed, "limit", "1 to 100")
		}
	}
	var list []*office.Sheet
	if err == nil {
		list, err = s.Office.Sheets.Sheets(r.Context(), limit)
	}
	out := struct {
		Items []*sheetResource `json:"items"`
	}{Items: []*sheetResource{}}
	for _, sheet := range list {
		var item *sheetResource
		if item, err = s.sheetResource(sheet); err != nil {
			break
		}
		out.Items = append(out.Items, item)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.encode(w, r, http.StatusOK, out)
}

// draftSheet puts orders on a sheet for governors to sign.
func (s *Server) draftSheet(w http.ResponseWriter, r *http.Request) {
	sheet, err := s.drafted(r)
	if err != nil {
		s.refuse(w, r, "draft orders", "", err)
		return
	}
	s.audit(r, accountOf(r).Actor(), "draft orders", sheet.Digest.String(), "")
	s.answerSheet(w, r, http.StatusCreated, sheet)
}

func (s *Server) drafted(r *http.Request) (*office.Sheet, error) {
	actor, err := governs(r)
	if err != nil {
		return nil, err
	}
	var body sheetBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	var ordinances []office.Ordinance
	for i, order := range body.Orders {
		record := registry.NewRecord(order.Kind)
		field := "orders." + strconv.Itoa(i)
		if record == nil {
			return nil, registry.Errorf(registry.CodeMalformed, field+".kind", "no such kind of record")
		}
		if err := decodeJSON(order.Record, record); err != nil {
			e := coded(err)
			return nil, registry.Errorf(e.Code, field+".record."+e.Field, "%s", e.Detail)
		}
		ordinances = append(ordinances, office.Ordinance{Organization: order.Organization, Record: record, Basis: order.Basis})
	}
	return s.Office.DraftSheet(r.Context(), actor, ordinances)
}

func (s *Server) answerSheet(w http.ResponseWriter, r *http.Request, status int, sheet *office.Sheet) {
	out, err := s.sheetResource(sheet)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Location", out.Links["self"])
	s.encode(w, r, status, out)
}

// namedSheet is the sheet in the address.
func (s *Server) namedSheet(r *http.Request) (*office.Sheet, registry.Actor, error) {
	actor, err := governs(r)
	if err != nil {
		return nil, actor, err
	}
	digest, err := sm.ParseDigest(chi.URLParam(r, "sheet"))
	if err != nil {
		return nil, actor, registry.Errorf(registry.CodeMalformed, "sheet", "want 64 hexadecimal digits")
	}
	sheet, err := s.Office.Sheets.Sheet(r.Context(), digest)
	return sheet, actor, err
}

// sheet shows one order sheet.
func (s *Server) sheet(w http.ResponseWriter, r *http.Request) {
	sheet, _, err := s.namedSheet(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerSheet(w, r, http.StatusOK, sheet)
}

// approveSheet adds a governor's signature; the last one has the orders set.
func (s *Server) approveSheet(w http.ResponseWriter, r *http.Request) {
	sheet, actor, err := s.namedSheet(r)
	var approval registry.Approval
	if err == nil {
		err = decodeBody(r, &approval)
	}
	if err == nil {
		sheet, err = s.signSheet(r, actor, sheet, approval)
	}
	if err != nil {
		s.refuse(w, r, "sign orders", chi.URLParam(r, "sheet"), err)
		return
	}
	s.answerSheet(w, r, http.StatusOK, sheet)
}

func (s *Server) signSheet(r *http.Request, actor registry.Actor, sheet *office.Sheet, approval registry.Approval) (*office.Sheet, error) {
	signed, err := s.Office.ApproveSheet(r.Context(), actor, sheet.Digest, approval)
	if err == nil {
		s.audit(r, actor, "sign orders", sheet.Digest.String(), "")
	}
	return signed, err
}

// dropSheet gives an open sheet up.
func (s *Server) dropSheet(w http.ResponseWriter, r *http.Request) {
	sheet, actor, err := s.namedSheet(r)
	if err == nil {
		err = s.Office.DropSheet(r.Context(), actor, sheet.Digest)
	}
	if err != nil {
		s.refuse(w, r, "drop orders", chi.URLParam(r, "sheet"), err)
		return
	}
	s.audit(r, actor, "drop orders", sheet.Digest.String(), "")
	w.WriteHeader(http.StatusNoContent)
}

// records shows governance records as the ledger has them, in the form of
// orders: one by its name, or all of a kind.
func (s *Server) records(w http.ResponseWriter, r *http.Request) {
	_, err := governs(r)
	if err == nil {
		err = knownParameters(r, "kind", "name")
	}
	var found []registry.GovernanceRecord
	if err == nil {
		found, err = s.recordsNamed(registry.RecordKind(r.URL.Query().Get("kind")), r.URL.Query().Get("name"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	type line struct {
		Kind   registry.RecordKind       `json:"kind"`
		Name   string                    `json:"name"`
		Record registry.GovernanceRecord `json:"record"`
	}
	out := struct {
		Orders []line `json:"orders"`
	}{Orders: []line{}}
	for _, record := range found {
		out.Orders = append(out.Orders, line{record.Kind(), record.Name(), record})
	}
	s.encode(w, r, http.StatusOK, out)
}

func (s *Server) recordsNamed(kind registry.RecordKind, name string) ([]registry.GovernanceRecord, error) {
	if registry.NewRecord(kind) == nil {
		return nil, registry.Errorf(registry.CodeMalformed, "kind", "want one of %v", registry.RecordKinds())
	}
	if name == "" {
		return s.Office.View.Records(kind)
	}
	record, _, err := s.Office.View.Record(kind, name)
	if err == nil && record == nil {
		err = registry.Errorf(registry.CodeNotFound, "name", "no such record")
	}
	return []registry.GovernanceRecord{record}, err
}
