package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// The JSON forms of what the API answers with. They are described in
// openapi.yaml; a test validates every answer against it.

// proceedingResource is one act on its way.
type proceedingResource struct {
	Intent       sm.Digest           `json:"intent"`
	Act          registry.Act        `json:"act"`
	Step         office.Step         `json:"step"`
	Identifier   registry.Identifier `json:"identifier"`
	Organization string              `json:"organization"`
	Approvals    approvalsResource   `json:"approvals"`
	Sign         signResource        `json:"sign"`
	Proposal     registry.Intent     `json:"proposal"`
	Remark       string              `json:"remark,omitempty"`
	Warnings     []registry.Listed   `json:"warnings,omitempty"` // lists that the holder stands on
	Refusal      *refusalResource    `json:"refusal,omitempty"`
	Receipt      *registry.Receipt   `json:"receipt,omitempty"`
	Printings    []printingResource  `json:"printings"`
	Created      time.Time           `json:"created"`
	Updated      time.Time           `json:"updated"`
	Links        map[string]string   `json:"links"`
}

// approvalsResource says who has signed and what is still asked for.
type approvalsResource struct {
	Asked   []registry.Role    `json:"asked"`
	Given   []approvalResource `json:"given"`
	Missing int                `json:"missing"`
}

type approvalResource struct {
	KeyID     sm.KeyID           `json:"key_id"`
	Algorithm registry.Algorithm `json:"algorithm"`
	Roles     []registry.Role    `json:"roles,omitempty"`
}

// signResource is what an approver needs to see what they sign: the canonical
// bytes of the intent, their tagged SM3 digest, and the message that an SM2 key
// signs. A passkey takes the digest as its challenge.
type signResource struct {
	Digest    sm.Digest `json:"digest"`
	Message   []byte    `json:"message"`
	Canonical []byte    `json:"canonical"`
}

type refusalResource struct {
	Code         registry.Code `json:"code"`
	Title        string        `json:"title"`
	TitleEnglish string        `json:"title_en"`
	Detail       string        `json:"detail,omitempty"`
}

// printingResource is one sheet, or the electronic file.
type printingResource struct {
	Number  uint32                 `json:"number"`
	Version int                    `json:"version"`
	Copy    registry.CopyKind      `json:"copy"`
	Blank   registry.Blank         `json:"blank,omitzero"`
	State   registry.PrintingState `json:"state"` // as the ledger has it; none before it is anchored
	URL     string                 `json:"url"`   // where its code leads
	QR      string                 `json:"qr,omitempty"`
}

func (s *Server) proceedingResource(ctx context.Context, p *office.Proceeding) (*proceedingResource, error) {
	canonical, err := registry.Encode(&p.Intent)
	if err != nil {
		return nil, err
	}
	out := &proceedingResource{Intent: p.Digest, Act: p.Intent.Act, Step: p.Step, Identifier: p.Intent.Identifier,
		Organization: p.Intent.Organization, Proposal: p.Intent, Remark: p.Remark, Receipt: p.Receipt,
		Created: p.Created.In(registry.China), Updated: p.Updated.In(registry.China), Printings: []printingResource{},
		Sign: signResource{Digest: p.Digest, Message: registry.ApprovalMessage(p.Digest), Canonical: canonical}}
	if out.Approvals, err = s.approvalsResource(p); err != nil {
		return nil, err
	}
	if out.Warnings, err = s.Office.Warnings(ctx, p); err != nil {
		return nil, err
	}
	if p.Step == office.StepRefused {
		out.Refusal = &refusalResource{Code: p.Refusal, Title: p.Refusal.Chinese(), TitleEnglish: p.Refusal.English(), Detail: p.Detail}
	}
	for _, printing := range p.Intent.Printings {
		token := registry.NewToken(s.Office.Config.TokenKey, p.Intent.Identifier, printing)
		out.Printings = append(out.Printings, printingResource{Number: printing.Number, Version: p.Intent.Identifier.Version,
			Copy: printing.Copy, Blank: printing.Blank, URL: s.Office.ScanURL(token)})
	}
	self := s.base() + "/api/v1/proceedings/" + p.Digest.String()
	out.Links = map[string]string{"self": self, "approvals": self + "/approvals",
		"license": s.base() + "/api/v1/licenses/" + p.Intent.Identifier.String()}
	return out, nil
}

func (s *Server) approvalsResource(p *office.Proceeding) (approvalsResource, error) {
	out := approvalsResource{Asked: []registry.Role{}, Given: []approvalResource{}}
	policy, err := s.Office.Policy(p.Intent.Identifier.Type)
	if err != nil {
		return out, err
	}
	mode := registry.Mode("")
	if record, _, err := s.Office.View.Record(registry.KindGrant, p.Intent.Grant); err == nil {
		if grant, ok := record.(*registry.Grant); ok && grant != nil {
			mode = grant.Mode
		}
	}
	out.Asked = append(out.Asked, policy.Roles(p.Intent.Act, mode)...)
	for _, a := range p.Approvals {
		given := approvalResource{KeyID: a.KeyID, Algorithm: a.Algorithm}
		if approver := s.approver(a.KeyID); approver != nil {
			given.Roles = approver.Roles
		}
		out.Given = append(out.Given, given)
	}
	if p.Step == office.StepReserved {
		out.Missing = max(0, len(out.Asked)-len(out.Given))
	}
	return out, nil
}

// approver is the ledger's record of a key, nil when there is none.
func (s *Server) approver(id sm.KeyID) *registry.Approver {
	record, _, err := s.Office.View.Record(registry.KindApprover, string(id))
	if err != nil {
		return nil
	}
	approver, _ := record.(*registry.Approver)
	return approver
}

// searchResource is one page of a list.
type searchResource struct {
	Items []searchItem `json:"items"`
	Next  string       `json:"next,omitempty"`
}

type searchItem struct {
	Identifier registry.Identifier `json:"identifier"`
	TypeName   string              `json:"type_name"`
	Number     string              `json:"number"`
	HolderName string              `json:"holder_name"`
	IssuerName string              `json:"issuer_name"`
	Expires    registry.Date       `json:"expires"`
	LastAct    registry.Act        `json:"last_act"`
	Step       office.Step         `json:"step"`
	Updated    time.Time           `json:"updated"`
}

// licenseResource is one license for those who work on it.
type licenseResource struct {
	Identifier  registry.Identifier   `json:"identifier"` // newest version
	Type        string                `json:"type"`
	TypeName    string                `json:"type_name"`
	State       registry.State        `json:"state"`
	Verdict     registry.Verdict      `json:"verdict"`
	Versions    []versionResource     `json:"versions"`
	Printings   []printingResource    `json:"printings"`
	Proceedings []lineResource        `json:"proceedings"`
	Ledger      *registry.License     `json:"ledger,omitempty"`
	National    *registry.NationalRow `json:"national,omitempty"`
	InFlight    *sm.Digest            `json:"in_flight,omitempty"`
}

type versionResource struct {
	Identifier registry.Identifier `json:"identifier"`
	Number     string              `json:"number"`
	Issuer     string              `json:"issuer"`
	Holder     registry.Holder     `json:"holder"`
	Issued     registry.Date       `json:"issued"`
	Effective  registry.Date       `json:"effective"`
	Expires    registry.Date       `json:"expires"`
	Fields     map[string]string   `json:"fields"`
	Released   bool                `json:"released"`
	Pending    bool                `json:"pending"`
	Intent     sm.Digest           `json:"intent"`
}

type lineResource struct {
	Intent   sm.Digest     `json:"intent"`
	Act      registry.Act  `json:"act"`
	Version  int           `json:"version"`
	Step     office.Step   `json:"step"`
	Ground   string        `json:"ground,omitempty"`
	Decision string        `json:"decision,omitempty"`
	Decided  time.Time     `json:"decided"`
	Refusal  registry.Code `json:"refusal,omitempty"`
}

func (s *Server) licenseResource(v *office.LicenseView) *licenseResource {
	out := &licenseResource{Verdict: v.Verdict, State: registry.StateNone, Versions: []versionResource{}, Proceedings: []lineResource{},
		Printings: s.printingResources(v)}
	if v.Type != nil {
		out.Type, out.TypeName = v.Type.Code, v.Type.Name
	}
	if v.Standing != nil && v.Standing.License != nil {
		out.Ledger = v.Standing.License
		out.State, _ = v.Standing.State()
		row := v.Standing.National(registry.DateOf(s.Office.Clock()))
		out.National = &row
	}
	for _, x := range v.Versions {
		out.Identifier = x.Identifier
		out.Versions = append(out.Versions, versionResource{Identifier: x.Identifier, Number: x.Facts.Number, Issuer: x.Facts.IssuerName,
			Holder: x.Facts.Holder, Issued: x.Facts.Issued, Effective: x.Facts.Effective, Expires: x.Facts.Expires,
			Fields: x.Facts.Fields, Released: x.Released, Pending: x.Pending, Intent: x.Intent})
	}
	for _, p := range v.Proceedings {
		if out.Identifier.IsZero() {
			out.Identifier = p.Intent.Identifier
		}
		out.Proceedings = append(out.Proceedings, lineResource{Intent: p.Digest, Act: p.Intent.Act, Version: p.Intent.Identifier.Version,
			Step: p.Step, Ground: p.Intent.Ground, Decision: p.Intent.Decision, Decided: p.Intent.DecidedAt(), Refusal: p.Refusal})
	}
	if v.Record.InFlight != nil {
		out.InFlight = &v.Record.InFlight.Digest
	}
	return out
}

func (s *Server) printingResources(v *office.LicenseView) []printingResource {
	out := []printingResource{}
	for _, p := range v.Printings {
		line := printingResource{Number: p.Printing.Number, Version: p.Identifier.Version, Copy: p.Printing.Copy,
			Blank: p.Printing.Blank, URL: s.Office.ScanURL(p.Token), QR: p.QR}
		if v.Standing != nil && v.Standing.License != nil {
			if sheet, ok := v.Standing.License.Sheet(p.Printing.Number); ok {
				line.State = sheet.State
			}
		}
		out = append(out, line)
	}
	return out
}

type taskResource struct {
	Kind         string              `json:"kind"`
	Organization string              `json:"organization"`
	Intent       sm.Digest           `json:"intent"`
	Identifier   registry.Identifier `json:"identifier"`
	Act          registry.Act        `json:"act"`
	Code         registry.Code       `json:"code,omitempty"`
	Detail       string              `json:"detail,omitempty"`
	Created      time.Time           `json:"created"`
}

// encode writes a JSON answer.
func (s *Server) encode(w http.ResponseWriter, r *http.Request, status int, value any) {
	raw, err := marshal(value)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller may be gone
}

func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// encodeTagged writes a JSON answer with an ETag over its bytes, or 304.
func (s *Server) encodeTagged(w http.ResponseWriter, r *http.Request, value, tagged any) {
	seed, err := marshal(tagged)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	tag := `"` + sm.Sum(seed).String()[:32] + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.encode(w, r, http.StatusOK, value)
}
