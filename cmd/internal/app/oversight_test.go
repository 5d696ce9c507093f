package app_test

import (
	"net/http"
	"testing"

	"tongzheng/registry"
)

// TestOversight: the city revokes a county's license over the API, although the
// county has an act of its own under way; the county cannot.
func TestOversight(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	city, err := c.demo.Account("gz-gov-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	path := "/licenses/" + p.Intent.Identifier.String() + "/acts"
	stalled := c.propose(t, path, "stalled-"+p.Digest.String(), then(p, registry.Cancel, "applied"))

	revoke := then(p, registry.Revoke, "beyond-power")
	revoke.Grant = ""
	c.call(t, "xg-acceptor", http.MethodPost, path, "no-grant-"+p.Digest.String(), revoke).want(t, http.StatusUnprocessableEntity, registry.CodeGrant)
	revoke.Organization = city.Code
	done := c.act(t, revoke, "gz-gov-acceptor", "gz-gov-approver")
	if v := c.scan(t, p, 2); v.Word != registry.IsRevoked {
		t.Errorf("verdict %s, want revoked", v.Word)
	}
	if standing, err := c.View.Standing(p.Intent.Identifier.Base()); err != nil || standing.Oversight == nil || standing.Oversight.Head != done.Entry.Digest() ||
		standing.License.State != registry.Effective {
		t.Errorf("%+v %v", standing, err)
	}
	// The county's act may still be given up; its license stays revoked.
	if err := c.Office.Issuing.Drop(t.Context(), registry.Actor{Organization: p.Intent.Organization, Roles: []registry.Role{registry.RoleAcceptor}}, stalled.Digest); err != nil {
		t.Error(err)
	}
}
