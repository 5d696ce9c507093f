package operate

import (
	"net/http"
	"strings"
	"time"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// handovers answers for the handing over of powers.
type handovers struct{ office *office.Office }

// draw draws a handover up from what the ledger and the registry know.
func (h *handovers) draw(r *http.Request) (*registry.Handover, error) {
	var terms resource.HandoverTerms
	if err := httpx.DecodeBody(r, &terms); err != nil {
		return nil, err
	}
	if terms.Archives != registry.ArchivesStay && terms.Archives != registry.ArchivesMove {
		return nil, registry.Errorf(registry.CodeMalformed, "archives", "want %s or %s", registry.ArchivesStay, registry.ArchivesMove)
	}
	agreed := office.HandoverTerms{ID: terms.ID, From: terms.From, To: terms.To, Document: terms.Document, SealsEnded: terms.SealsEnded, SealsBegun: terms.SealsBegun,
		Cases: terms.Cases, Access: terms.Access, Archives: terms.Archives, Principle: terms.Principle,
		Items: terms.Items, Group: terms.Group, AdviseUntil: terms.AdviseUntil}
	for _, part := range []struct {
		names []string
		into  *[]string
	}{{terms.Ends, &agreed.Ends}, {terms.Begins, &agreed.Begins}, {terms.Lapses, &agreed.Lapses}} {
		var err error
		if *part.into, err = h.grantsNamed(r, part.names); err != nil {
			return nil, err
		}
	}
	return h.office.Handovers.Draw(r.Context(), by(r), agreed)
}

// grantsNamed resolves ids of grants and names of lists.
func (h *handovers) grantsNamed(r *http.Request, names []string) (ids []string, err error) {
	list, err := grantsOnLedger(r, h.office)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		before := len(ids)
		for _, g := range list {
			if g.ID == name || g.List == name {
				ids = append(ids, g.ID)
			}
		}
		if len(ids) == before {
			return nil, registry.Errorf(registry.CodeGrant, "grants", "no grant and no list %s", name)
		}
	}
	return ids, nil
}

// page is the handover as the parties read and sign it.
func (h *handovers) page(w http.ResponseWriter, r *http.Request) {
	var drawn registry.Handover
	err := httpx.DecodeDocument(r, &drawn)
	var page []byte
	if err == nil {
		page, err = h.office.Handovers.Page(r.Context(), by(r), &drawn)
	}
	text(w, r, "text/html; charset=utf-8", page, err)
}

// record puts a signed handover on the ledger.
func (h *handovers) record(r *http.Request) (reply, error) {
	var signed registry.Handover
	if err := httpx.DecodeDocument(r, &signed); err != nil {
		return reply{}, err
	}
	sheet, status, err := ordered(h.office.Handovers.Record(r.Context(), by(r), &signed), http.StatusCreated)
	return reply{signed.ID, status, &resource.Ordered{Sheet: sheet}}, err
}

// start records the start of operation: from now on, or from the instant in the
// query (at, RFC 3339).
func (h *handovers) start(r *http.Request) (reply, error) {
	id, err := named(r, "id")
	if err == nil {
		err = noBody(r)
	}
	if err == nil {
		err = httpx.KnownParameters(r, "at")
	}
	var at time.Time
	if text := r.URL.Query().Get("at"); err == nil && text != "" {
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			err = registry.Errorf(registry.CodeDateForm, "at", "want a time like 2026-12-01T00:00:00+08:00")
		}
	}
	if err != nil {
		return reply{}, err
	}
	id = strings.TrimSpace(id)
	sheet, status, err := ordered(h.office.Handovers.Start(r.Context(), by(r), id, at), http.StatusOK)
	return reply{id, status, &resource.Ordered{Sheet: sheet}}, err
}
