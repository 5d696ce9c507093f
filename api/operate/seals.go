package operate

import (
	"encoding/json"
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// seals answers for the seals on file.
type seals struct {
	office *office.Office
	port   Seals
}

// list lists the seals on file, by id.
func (s *seals) list(r *http.Request) (*resource.SealList, error) {
	if err := httpx.KnownParameters(r); err != nil {
		return nil, err
	}
	records, err := s.office.Governing.Records(r.Context(), by(r), registry.KindSeal, "")
	if err != nil {
		return nil, err
	}
	out := &resource.SealList{Items: []*registry.SealRecord{}}
	for _, record := range records {
		if seal, ok := record.(*registry.SealRecord); ok {
			out.Items = append(out.Items, seal)
		}
	}
	return out, nil
}

// file takes a filed seal.
func (s *seals) file(r *http.Request) (reply, error) {
	var seal resource.SealImport
	if err := httpx.DecodeBody(r, &seal); err != nil {
		return reply{}, err
	}
	switch {
	case len(seal.File) == 0:
		return reply{}, registry.Errorf(registry.CodeMissing, "file", "the seal's file is missing")
	case seal.Owner == "":
		return reply{}, registry.Errorf(registry.CodeMissing, "owner", "a seal has an owner")
	case seal.Basis == "":
		return reply{}, registry.Errorf(registry.CodeMissing, "basis", "a seal is filed under a number")
	case seal.Kind != registry.ApprovalSeal && seal.Kind != registry.OfficialSeal:
		return reply{}, registry.Errorf(registry.CodeMalformed, "kind", "want %s or %s", registry.ApprovalSeal, registry.OfficialSeal)
	}
	filed, err := s.port.Import(r.Context(), by(r), seal)
	sheet, status, err := ordered(err, http.StatusCreated)
	if err != nil {
		return reply{subject: seal.ID}, err
	}
	filed.Sheet = sheet
	return reply{filed.ID, status, filed}, nil
}

// settable are the states that a seal can be given.
var settable = map[registry.SealState]bool{registry.SealInUse: true, registry.SealSuspended: true, registry.SealLost: true, registry.SealRetired: true}

// state suspends a seal, reports it lost, retires it, or takes it into use.
func (s *seals) state(r *http.Request) (reply, error) {
	id, err := named(r, "seal")
	if err != nil {
		return reply{}, err
	}
	var change resource.SealChange
	if err := httpx.DecodeBody(r, &change); err != nil {
		return reply{}, err
	}
	if !settable[change.State] {
		return reply{subject: id}, registry.Errorf(registry.CodeMalformed, "state", "no such state of a seal")
	}
	sheet, status, err := ordered(s.office.Governing.SetSealState(r.Context(), by(r), id, change.State, change.Basis), http.StatusOK)
	return reply{id, status, &resource.Ordered{Sheet: sheet}}, err
}

// renew makes a development seal in the place of another.
func (s *seals) renew(r *http.Request) (reply, error) {
	id, err := named(r, "seal")
	if err != nil {
		return reply{}, err
	}
	var renewal resource.SealRenewal
	if err := httpx.DecodeBody(r, &renewal); err != nil {
		return reply{}, err
	}
	for name, value := range map[string]string{"as": renewal.As, "basis": renewal.Basis} {
		if value == "" {
			return reply{subject: id}, registry.Errorf(registry.CodeMissing, name, "new id and basis are required")
		}
	}
	made, err := s.port.Renew(r.Context(), by(r), id, renewal)
	sheet, status, err := ordered(err, http.StatusCreated)
	if err != nil {
		return reply{subject: id}, err
	}
	made.Sheet = sheet
	return reply{id, status, made}, nil
}

// useLog answers for the signer's log.
type useLog struct{ log UseLog }

// read writes the log as it is walked: it may be longer than memory. The head
// comes last, so that an answer that was cut off is no JSON.
func (u *useLog) read(w http.ResponseWriter, r *http.Request) {
	if err := httpx.KnownParameters(r, "use"); err != nil {
		httpx.Fail(w, r, err)
		return
	}
	use, before := r.URL.Query().Get("use"), `{"lines":[`
	write := func(value any) error {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		_, err = w.Write(append([]byte(before), raw...))
		before = ","
		return err
	}
	head, err := u.log.Read(func(line resource.LogLine) error {
		if use != "" && line.Use != use {
			return nil
		}
		return write(line)
	})
	begun := before == ","
	switch {
	case err != nil && !begun:
		httpx.Fail(w, r, err)
		return
	case err != nil:
		httpx.Log(r).Error("use log", "request", httpx.RequestID(r), "error", err)
		panic(http.ErrAbortHandler) // the caller sees that it is not whole
	case begun:
		before = `],"head":`
	default:
		before += `],"head":`
	}
	if write(head) == nil {
		_, _ = w.Write([]byte("}\n")) // the caller may be gone
	}
}
