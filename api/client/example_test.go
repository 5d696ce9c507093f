package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"tongzheng/api/client"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/registry"
)

// A shop's window asks by the number printed on a license and the name of its
// holder. What the server does not take comes back as a coded error.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(answers)) // in place of https://license.example.gov.cn
	defer server.Close()
	c := client.New(client.Config{Server: server.URL})

	v, err := c.Public.Verify(context.Background(), resource.Question{Number: "JY13607320000001", Holder: "兴国县演示餐饮有限公司"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Word, v.Word.Info().Chinese)

	_, err = c.Public.Verify(context.Background(), resource.Question{Number: "JY13607320000001"})
	var coded *registry.Error
	if errors.As(err, &coded) {
		fmt.Println(coded.Code, coded.Field)
	}
	// Output:
	// valid 有效
	// missing holder
}

// answers stands for the server: it says valid to whoever names a holder.
func answers(w http.ResponseWriter, r *http.Request) {
	var ask resource.Question
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil || ask.Holder == "" {
		p := problem.Of(registry.Errorf(registry.CodeMissing, "holder", "name the holder"), "1")
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
		_ = json.NewEncoder(w).Encode(p)
		return
	}
	_ = json.NewEncoder(w).Encode(resource.Verification{Verified: resource.Verified{Verdict: registry.Verdict{Word: registry.Valid}}})
}
