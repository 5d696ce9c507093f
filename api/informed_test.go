package api_test

import (
	"net/http"
	"net/url"
	"testing"
)

// TestInformedFindsResults: who is told of results finds them by holder and number, and
// its list shows what the page does: number and name, for each sight.
func TestInformedFindsResults(t *testing.T) {
	s := openSite(t)
	p := s.windowed(t)
	type item struct {
		Identifier, Number string
		HolderName         string `json:"holder_name"`
		Holder             *struct{ Name string }
	}
	get := func(login, path string, into any) {
		t.Helper()
		s.do(t, request{method: "GET", path: path, header: map[string]string{"Authorization": "Bearer " + s.caller(t, login).key}}).want(t, http.StatusOK).decode(t, into)
	}
	find := func(login, query string) *item {
		t.Helper()
		for cursor := ""; ; {
			var page struct {
				Items []item
				Next  string
			}
			get(login, "/api/v1/licenses?limit=100&q="+url.QueryEscape(query)+"&cursor="+cursor, &page)
			for i := range page.Items {
				if page.Items[i].Identifier == p.Identifier {
					return &page.Items[i]
				}
			}
			if cursor = page.Next; cursor == "" {
				return nil
			}
		}
	}
	var license struct{ Versions []item }
	get("gz-education-acceptor", "/api/v1/licenses/"+p.Identifier, &license)
	holder, number := license.Versions[0].Holder.Name, license.Versions[0].Number
	for login, sees := range map[string]bool{"new:xg-education": true, "gz-education-acceptor": true, "xg-center-clerk": true, "gz-gov-acceptor": false} {
		license.Versions = nil
		get(login, "/api/v1/licenses/"+p.Identifier, &license)
		page := license.Versions[0]
		if page.Holder != nil {
			page.HolderName = page.Holder.Name
		}
		if sees != (page.HolderName == holder) || sees != (page.Number == number) {
			t.Errorf("%s: the page shows %+v", login, page)
		}
		if listed := find(login, p.Identifier); listed == nil || listed.Number != page.Number || listed.HolderName != page.HolderName {
			t.Errorf("%s: the list shows %+v, the page %+v", login, listed, page)
		}
		for _, typed := range []string{holder, number} {
			if found := find(login, typed) != nil; found != sees {
				t.Errorf("%s finds it by %s: %t", login, typed, found)
			}
		}
	}
}
