package gateway

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/registry"
)

// TestThirdCounty: a county joins the running network. A client that was open
// all along takes entries to its namespace and follows them; when the county
// has left, its namespace is only read.
func TestThirdCounty(t *testing.T) {
	n := startNetwork(t)
	l := openLedger(t, n, allMembers...)
	city := found(t, l)
	const huichang = "huichang"
	entry := city.Entry(city.NewLicense().Intent(registry.Issue)) // Xingguo's: refused there, but judged
	if _, err := l.Prepare(t.Context(), city.Batch(huichang, entry)); registry.CodeOf(err) != registry.CodeNamespace {
		t.Fatalf("before it joined: %v", err)
	}
	seen := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, 0, func(c *registry.Commit) error {
			if c != nil {
				seen <- c.Batch.Namespace
			}
			return nil
		})
	}()
	defer func() { cancel(); <-ended }()

	m, err := network.LoadMember(filepath.Join("..", "..", "network", "huichang.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// The network of a test listens on ports of its own.
	base := n.Description().Members[0].Orderer.Port + 80
	m.Peer.Port, m.Peer.Chaincode, m.Peer.Operations, m.Service.Port = base, base+1, base+2, base+3
	began := time.Now()
	if err := n.AddMember(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	t.Logf("joined in %.1f s", time.Since(began).Seconds())
	c, err := try(t.Context(), l, city.Batch(huichang, entry))
	if err != nil || c.Outcome.Results[0].Accepted() {
		t.Fatalf("another county's license: %+v %v", c, err)
	}
	for namespace := ""; namespace != huichang; {
		select {
		case namespace = <-seen:
		case <-time.After(20 * time.Second):
			t.Fatal("the new namespace is not followed")
		}
	}
	submit(t, l, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue)))

	if err := n.RemoveMember(t.Context(), huichang); err != nil {
		t.Fatal(err)
	}
	if c, err := try(t.Context(), l, city.Batch(huichang, entry)); err == nil {
		t.Errorf("after it left: %+v", c)
	}
	if _, err := try(t.Context(), l, city.Batch(huichang, entry)); registry.CodeOf(err) != registry.CodeNamespace {
		t.Errorf("once this is known: %v", err)
	}
	if _, err := l.Read(t.Context(), huichang, []string{"k"}); err != nil {
		t.Errorf("its namespace stays readable: %v", err)
	}
	submit(t, l, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue)))
	submit(t, l, city.Batch(registry.Governance, city.Order(city.Governing, &registry.Matter{Code: "000131000099", FullName: "测试事项"})))
}
