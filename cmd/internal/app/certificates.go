package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/api/resource"
	"tongzheng/chaincode/gateway"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// Certificates end before anybody notices. Metrics, /readyz and the operator's
// command tell of all that this registry and its signer sign by, or are known by.
const (
	lookAtCertificates = 10 * time.Minute
	// endsSoon is how long before its end a certificate is a warning, endsAtOnce an
	// urgent one.
	endsSoon   = 30 * 24 * time.Hour
	endsAtOnce = 7 * 24 * time.Hour
	// askPages bounds the handshake with the public address.
	askPages = 5 * time.Second
	// lookWithin bounds a look that somebody waits for.
	lookWithin = 30 * time.Second
)

// Uses of certificates that are not uses of keys in the key list.
const (
	useKeys            = "keys"
	useAuthority       = "authority"        // the anchors that papers are verified by
	useLedgerAuthority = "ledger-authority" // the members' own, that receipts are verified by
	useLedgerClient    = "ledger-client"
	useExchange        = "exchange"
	usePages           = "pages"
	useSigner          = "signer"        // the signer process's
	useSignerClient    = "signer-client" // ours towards it
)

// certificates are those of an instance, looked at every few minutes: a scrape must
// not wait for a signer or a network.
type certificates struct {
	app *App

	mu    sync.Mutex
	known map[string][]resource.Certificate // what was found last, by what was looked at
	all   []resource.Certificate            // the same, the one that ends first before the others
	bad   map[string]error                  // what could not be looked at, of known
}

// Certificates lists them as they are now, the one that ends first before the others.
func (c *certificates) Certificates(ctx context.Context) (*resource.CertificateList, error) {
	// Who gives up waiting leaves no half look to the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
	defer cancel()
	c.look(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	list := &resource.CertificateList{Items: slices.Clone(c.all), Unknown: []string{}}
	for use := range c.bad {
		list.Unknown = append(list.Unknown, use)
	}
	slices.Sort(list.Unknown)
	return list, nil
}

// run looks again until ctx ends.
func (c *certificates) run(ctx context.Context) {
	tick := time.NewTicker(lookAtCertificates)
	defer tick.Stop()
	for {
		c.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look reads all of them.
func (c *certificates) look(ctx context.Context) {
	known, bad := map[string][]resource.Certificate{}, map[string]error{}
	for use, read := range map[string]func(context.Context) ([]resource.Certificate, error){
		useKeys: c.keys, check.KeyUseSeal: c.seals, useAuthority: c.authorities, useLedgerClient: c.ledger, useExchange: c.exchange, usePages: c.pages, useSigner: c.channel,
	} {
		found, err := read(ctx)
		if err != nil {
			bad[use] = err
			c.app.Config.Log.Warn("certificates", "of", use, "error", err)
		}
		known[use] = found
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learn(known, bad)
}

// learn takes over what was found. What could not be looked at keeps what was known
// of it.
func (c *certificates) learn(known map[string][]resource.Certificate, bad map[string]error) {
	for use := range bad {
		for _, former := range c.known[use] {
			same := func(one resource.Certificate) bool { return one.Use == former.Use && one.Of == former.Of }
			if !slices.ContainsFunc(known[use], same) {
				known[use] = append(known[use], former)
			}
		}
	}
	var all []resource.Certificate
	for _, found := range known {
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b resource.Certificate) int {
		return cmp.Or(a.Ends.Compare(b.Ends), cmp.Compare(a.Use, b.Use), cmp.Compare(a.Of, b.Of))
	})
	c.known, c.all, c.bad = known, all, bad
}

// keys are the certificates of keys that sign now, seals apart: of every use and
// subject the newest, unless its key is retired or stolen.
func (c *certificates) keys(ctx context.Context) ([]resource.Certificate, error) {
	list, err := c.app.ownList(ctx)
	if err != nil || list == nil {
		return nil, err
	}
	newest := map[[2]string]check.ListedKey{}
	for _, k := range list.Keys {
		at := [2]string{k.Use, k.Subject}
		if k.Use != check.KeyUseSeal && len(k.Certificate) > 0 && k.NotBefore >= newest[at].NotBefore {
			newest[at] = k
		}
	}
	var all []resource.Certificate
	for at, k := range newest {
		certificate, err := smx509.ParseCertificate(k.Certificate)
		if err != nil {
			return nil, fmt.Errorf("certificate of key %s: %w", k.ID, err)
		}
		if k.CompromisedAt == 0 && k.NotAfter == certificate.NotAfter.Unix() {
			all = append(all, resource.Certificate{Use: at[0], Of: at[1], Ends: certificate.NotAfter})
		}
	}
	return all, nil
}

// seals are the seals in use whose files the signer has. A seal ends with its own
// period, or with the certificate of its signer.
func (c *certificates) seals(context.Context) ([]resource.Certificate, error) {
	records, err := c.app.View.Records(registry.KindSeal)
	if err != nil {
		return nil, err
	}
	var all []resource.Certificate
	now := c.app.Config.Clock()
	for _, record := range records {
		filed, ok := record.(*registry.SealRecord)
		if !ok || filed.StateAt(now.Unix()) != registry.SealInUse {
			continue
		}
		der, err := c.app.Signer.SealFile(filed.Digest)
		if err != nil {
			return all, err
		}
		if der == nil {
			continue // at another member's signer
		}
		ends, err := sealEnds(der)
		if err != nil {
			return all, err
		}
		all = append(all, resource.Certificate{Use: check.KeyUseSeal, Of: filed.ID, Ends: ends})
	}
	return all, nil
}

// sealEnds is when a seal can be used no more. Its list may name its signers'
// certificates by digests: then only its own period is known.
func sealEnds(der []byte) (ends time.Time, err error) {
	seal, err := check.ParseSeal(der)
	if err != nil {
		return ends, err
	}
	ends = seal.Until
	for _, signer := range seal.Certs {
		certificate, err := smx509.ParseCertificate(signer)
		if err != nil {
			return ends, registry.Errorf(registry.CodeMalformed, "seal", "a seal's certificate cannot be read").WithCause(err)
		}
		if certificate.NotAfter.Before(ends) {
			ends = certificate.NotAfter
		}
	}
	return ends, nil
}

// authorities are the anchors that this registry's papers are verified by.
func (c *certificates) authorities(context.Context) (all []resource.Certificate, err error) {
	for block, rest := pem.Decode(c.app.Keys.Roots().Authorities().PEM()); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := smx509.ParseCertificate(block.Bytes)
		if err != nil {
			return all, err
		}
		all = append(all, resource.Certificate{Use: useAuthority, Of: certificate.Subject.CommonName, Ends: certificate.NotAfter})
	}
	return all, nil
}

// ledger are the client's certificates on a network, and the authorities of its
// members.
func (c *certificates) ledger(context.Context) (all []resource.Certificate, err error) {
	network, ok := c.app.ledger.(*gateway.Ledger)
	if !ok {
		return nil, nil
	}
	for member, ends := range network.CertificateEnds() {
		all = append(all, resource.Certificate{Use: useLedgerClient, Of: member, Ends: ends})
	}
	for _, member := range network.Trust().Members {
		for _, der := range member.Roots {
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				return all, err
			}
			if member.Left.IsZero() {
				all = append(all, resource.Certificate{Use: useLedgerAuthority, Of: member.ID, Ends: certificate.NotAfter})
			}
		}
	}
	return all, nil
}

// exchange is the certificate of the exchange key that the ledger names.
func (c *certificates) exchange(context.Context) ([]resource.Certificate, error) {
	x := c.app.Exchange
	if x == nil {
		return nil, nil
	}
	members, key, err := x.Directory.Own()
	if err != nil || len(members) == 0 {
		return nil, err
	}
	pair, err := x.Keys.Certificate(key)
	if err != nil {
		return nil, err
	}
	return []resource.Certificate{{Use: useExchange, Of: strings.Join(members, " "), Ends: pair.Leaf.NotAfter}}, nil
}

// pages are the certificates that browsers are shown at the public address and at the
// signer's page: those of these processes, or of the proxy before them.
func (c *certificates) pages(ctx context.Context) (all []resource.Certificate, err error) {
	sign, err := c.app.SigningPage(ctx)
	for _, at := range []string{c.app.Config.PublicURL, sign} {
		address, fault := url.Parse(at)
		if fault != nil || address.Scheme != "https" {
			continue
		}
		one, fault := shown(ctx, usePages, address.Host, &tls.Config{InsecureSkipVerify: true}) // Looked at, not believed.
		if err = errors.Join(err, fault); fault == nil {
			all = append(all, one)
		}
	}
	return all, err
}

// channel are the two certificates of the connection to a signer process.
func (c *certificates) channel(ctx context.Context) ([]resource.Certificate, error) {
	config, err := c.app.Config.SignerTLS.Config()
	address, fault := url.Parse(c.app.Config.Signer)
	if err != nil || fault != nil || config == nil || address.Scheme != "https" {
		return nil, err
	}
	all := []resource.Certificate{{Use: useSignerClient, Of: c.app.Config.SignerTLS.Certificate, Ends: config.Certificates[0].Leaf.NotAfter}}
	one, err := shown(ctx, useSigner, address.Host, config)
	if err != nil {
		return all, err
	}
	return append(all, one), nil
}

// shown is the certificate of a TLS server.
func shown(ctx context.Context, use, host string, config *tls.Config) (resource.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, askPages)
	defer cancel()
	at := host
	if _, _, err := net.SplitHostPort(host); err != nil {
		at = net.JoinHostPort(host, "443")
	}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", at)
	if err != nil {
		return resource.Certificate{}, err
	}
	defer conn.Close()
	secure, ok := conn.(*tls.Conn)
	if !ok || len(secure.ConnectionState().PeerCertificates) == 0 {
		return resource.Certificate{}, fmt.Errorf("%s shows no certificate", at)
	}
	return resource.Certificate{Use: use, Of: host, Ends: secure.ConnectionState().PeerCertificates[0].NotAfter}, nil
}

// ending warns of those that end soon.
func (c *certificates) ending(warnings map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for use := range c.bad {
		warnings["certificates "+use] = "cannot be looked at now"
	}
	for _, one := range c.all {
		left := one.Ends.Sub(c.app.Config.Clock())
		if left >= endsSoon {
			continue
		}
		said := "ends " + one.Ends.UTC().Format(time.RFC3339)
		switch {
		case left <= 0:
			said = "ended " + one.Ends.UTC().Format(time.RFC3339)
		case left < endsAtOnce:
			said += ": renew it now"
		}
		warnings[strings.TrimSpace("certificate "+one.Use+" "+one.Of)] = said
	}
}

var (
	certificateEnds = prometheus.NewDesc("tongzheng_certificate_ends_seconds",
		"When a certificate ends, in seconds since 1970.", []string{"use", "of"}, nil)
	certificatesUnknown = prometheus.NewDesc("tongzheng_certificates_unknown",
		"1 while certificates cannot be looked at: their ends are those known before.", []string{"use"}, nil)
)

// Describe implements prometheus.Collector.
func (c *certificates) Describe(out chan<- *prometheus.Desc) {
	out <- certificateEnds
	out <- certificatesUnknown
}

// Collect implements prometheus.Collector.
func (c *certificates) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := map[[2]string]bool{}
	for _, one := range c.all { // The first of a name ends first.
		if name := [2]string{one.Use, one.Of}; !told[name] {
			told[name] = true
			out <- prometheus.MustNewConstMetric(certificateEnds, prometheus.GaugeValue, float64(one.Ends.Unix()), one.Use, one.Of)
		}
	}
	for use := range c.known {
		unknown := 0.0
		if c.bad[use] != nil {
			unknown = 1
		}
		out <- prometheus.MustNewConstMetric(certificatesUnknown, prometheus.GaugeValue, unknown, use)
	}
}
