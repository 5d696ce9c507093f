package operate

import (
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// stock answers for numbered blanks.
type stock struct{ office *office.Office }

// report accounts for every blank, of one organization or all.
func (s *stock) report(r *http.Request) (*resource.StockList, error) {
	if err := httpx.KnownParameters(r, "organization"); err != nil {
		return nil, err
	}
	lines, err := s.office.Stocks.Report(r.Context(), by(r), r.URL.Query().Get("organization"))
	if err != nil {
		return nil, err
	}
	out := &resource.StockList{Items: []resource.StockLine{}}
	for _, line := range lines {
		out.Items = append(out.Items, resource.StockLine(line))
	}
	return out, nil
}

// complete wants every part of what names blanks.
func complete(n *resource.StockNumbers) error {
	for _, part := range [][2]string{{"type", n.Type}, {"form", n.Form}, {"run", n.Run}, {"organization", n.Organization}, {"from", n.From}, {"to", n.To}, {"basis", n.Basis}} {
		if part[1] == "" {
			return registry.Errorf(registry.CodeMissing, part[0], "blanks are named by type, form, run, organization and numbers, and move on a basis")
		}
	}
	return nil
}

// allocate gives an organization more numbers of a print run.
func (s *stock) allocate(r *http.Request) (reply, error) {
	var move resource.StockNumbers
	if err := httpx.DecodeBody(r, &move); err != nil {
		return reply{}, err
	}
	if err := complete(&move); err != nil {
		return reply{subject: move.Organization}, err
	}
	return moved(move.Organization, s.office.Stocks.Allocate(r.Context(), by(r), move.Stock(), move.Basis))
}

// transfer moves numbers to another organization.
func (s *stock) transfer(r *http.Request) (reply, error) {
	var move resource.StockTransfer
	if err := httpx.DecodeBody(r, &move); err != nil {
		return reply{}, err
	}
	if err := complete(&move.StockNumbers); err != nil {
		return reply{subject: move.Organization}, err
	}
	if move.Receiver == "" {
		return reply{subject: move.Organization}, registry.Errorf(registry.CodeMissing, "receiver", "somebody takes them")
	}
	to := move.Stock()
	to.Organization = move.Receiver
	return moved(move.Organization, s.office.Stocks.Transfer(r.Context(), by(r), move.Stock(), to, move.Basis))
}

// spend reports what became of unused blanks.
func (s *stock) spend(r *http.Request) (reply, error) {
	var move resource.StockSpending
	if err := httpx.DecodeBody(r, &move); err != nil {
		return reply{}, err
	}
	if err := complete(&move.StockNumbers); err != nil {
		return reply{subject: move.Organization}, err
	}
	switch move.How {
	case registry.SpentSpoiled, registry.SpentLost, registry.SpentDestroyed:
	default:
		return reply{subject: move.Organization}, registry.Errorf(registry.CodeMalformed, "how", "want %s, %s or %s", registry.SpentSpoiled, registry.SpentLost, registry.SpentDestroyed)
	}
	return moved(move.Organization, s.office.Stocks.Spend(r.Context(), by(r), move.Stock(), move.How, move.Basis))
}

// moved answers orders that move blanks.
func moved(subject string, err error) (reply, error) {
	sheet, status, err := ordered(err, http.StatusOK)
	return reply{subject, status, &resource.Ordered{Sheet: sheet}}, err
}
