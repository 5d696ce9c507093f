package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/registry"
)

// What stands between client and server is not the server: its answers are
// never taken for the API's.
func TestOthersAnswer(t *testing.T) {
	for status, want := range map[int]registry.Code{http.StatusBadGateway: registry.CodeUnavailable, http.StatusServiceUnavailable: registry.CodeUnavailable,
		http.StatusForbidden: registry.CodeInternal, http.StatusMovedPermanently: registry.CodeInternal, http.StatusOK: registry.CodeInternal} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>sign in to the network</html>"))
		}))
		_, err := client.New(client.Config{Server: server.URL}).Public.Verify(context.Background(), resource.Question{Token: "t"})
		if registry.CodeOf(err) != want {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
}

// A server that is not there is unavailable; a caller who gave up is told so.
func TestNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	c := client.New(client.Config{Server: server.URL + "/"})
	if _, err := c.Catalog.Tasks(context.Background()); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("no server: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Catalog.Tasks(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}
