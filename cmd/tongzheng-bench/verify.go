package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

const (
	rounds   = 5 // measured and yardstick by turns; the median ratio counts
	roundFor = time.Second
	clients  = 8
)

// benchVerify measures the public page of a code that many scan, against a bare
// chi handler that writes the same body, and the upload of one-page OFDs,
// against the cryptography that it cannot do without.
func benchVerify(ctx context.Context) ([]result, error) {
	dir, err := os.MkdirTemp("", "tongzheng-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	a, err := demo.Open(ctx, app.Config{Data: dir, Listen: "127.0.0.1:0", Throwaway: true, PublicPerMinute: 1e9})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go a.Serve(serving)
	city, err := demo.Read(dir)
	if err != nil {
		return nil, err
	}
	cached, err := cachedPage(city)
	if err != nil {
		return nil, err
	}
	upload, err := uploadedFiles(ctx, a, city, dir)
	return []result{cached, upload}, err
}

func cachedPage(city *demo.City) (result, error) {
	r := result{Name: "verify_cached_vs_bare", Unit: "requests/s", Yardstick: "bare chi handler writing the same body", Target: 0.6, Aim: 0.6}
	scan, err := newRequest(http.MethodGet, city.Licenses[0].URL, "", nil)
	if err != nil {
		return r, err
	}
	page, err := once(scan)
	if err != nil {
		return r, err
	}
	router := chi.NewRouter()
	router.Get("/v/{token}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	bare := httptest.NewServer(router)
	defer bare.Close()
	same, err := newRequest(http.MethodGet, bare.URL+"/v/x", "", nil)
	if err != nil {
		return r, err
	}
	return r, r.compare(
		func() (float64, error) { return load(scan) },
		func() (float64, error) { return load(same) })
}

// uploadedFiles sends the demonstration city's licenses by turns, so that no
// answer is one that was just given.
func uploadedFiles(ctx context.Context, a *app.App, city *demo.City, dir string) (result, error) {
	r := result{Name: "verify_uncached_vs_sm2", Unit: "requests/s", Yardstick: "the SM2 verifications and SM3 bytes that GB/T 38540 asks for, all cores", Target: 0.6, Aim: 0.6}
	var uploads []request
	var musts, lonely []must
	for _, license := range city.Licenses {
		file := license.OFD
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		ofd, err := os.ReadFile(file)
		if err != nil {
			return r, err
		}
		upload, err := newRequest(http.MethodPost, a.Config.PublicURL+"/api/v1/verify", "application/ofd", ofd)
		if err != nil {
			return r, err
		}
		id, err := registry.ParseIdentifier(license.Identifier)
		if err != nil {
			return r, err
		}
		stored, err := a.Store.Version(ctx, id.Base(), id.Version)
		if err != nil {
			return r, err
		}
		m, err := newMust(ofd, stored.Unsealed)
		if err != nil {
			return r, fmt.Errorf("%s: %w", license.Identifier, err)
		}
		uploads, musts, lonely = append(uploads, upload), append(musts, m), append(lonely, m.alone())
	}
	var here, database, answers float64 // seconds of processor time, and what they did
	var shared []float64                // the ratio to what no other license shares
	err := r.compare(func() (float64, error) {
		own := spent(os.Getpid())
		theirs, err := databaseSpent(ctx, a.Config.OwnerURL)
		if err != nil {
			return 0, err
		}
		rate, err := load(uploads...)
		if err != nil {
			return 0, err
		}
		here, answers = here+spent(os.Getpid())-own, answers+rate*roundFor.Seconds()
		now, err := databaseSpent(ctx, a.Config.OwnerURL)
		database += now - theirs
		alone, err2 := crypto(lonely)
		shared = append(shared, rate/alone)
		return rate, errors.Join(err, err2)
	}, func() (float64, error) { return crypto(musts) })
	fmt.Printf("an upload takes %.0f µs of processor time here, client included, and %.0f µs in PostgreSQL; it is %.2f × the rate of the cryptography that no other license shares\n",
		1e6*here/answers, 1e6*database/answers, middle(shared))
	return r, err
}

// databaseSpent is the processor time of PostgreSQL's processes that serve this
// database now, in seconds.
func databaseSpent(ctx context.Context, url string) (float64, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	if err != nil {
		return 0, err
	}
	backends, err := pgx.CollectRows(rows, pgx.RowTo[int])
	return spent(backends...), err
}

// must is the cryptography that GB/T 38540-2020 asks of whoever checks one
// sealed document and remembers nothing: SM2 verification of the stamper's
// signature over TBS_Sign, of the seal maker's over the seal, of the time-stamp
// authority's over its attributes, and of the certificates of these three, each
// with its SM3; SM3 over every file that Signature.xml lists, over
// Signature.xml itself, and over the unsealed document, which the ledger's
// content digest binds.
type must struct {
	digests [][]byte
	signed  [][]byte // the first own are of this license alone
	own     int
}

// alone leaves out what all licenses of a seal share, the seal and the
// certificates: the product verifies those once and remembers them.
func (m must) alone() must { return must{m.digests, m.signed[:m.own], m.own} }

// stampedBytes is the size of a time stamp's signed attributes.
const stampedBytes = 200

func newMust(ofd, unsealed []byte) (must, error) {
	p, err := check.ReadPackage(ofd, check.Limits{})
	if err != nil {
		return must{}, err
	}
	m := must{digests: [][]byte{unsealed}}
	for _, f := range p.Files {
		switch filepath.Base(f.Name) {
		case "Signatures.xml": // the standard leaves it open for further signatures
		case "SignedValue.dat":
			seal, err := check.ParseSealSignature(f.Data)
			if err != nil {
				return must{}, err
			}
			stamper, err := smx509.ParseCertificate(seal.SignerCert)
			if err != nil {
				return must{}, err
			}
			maker, err := smx509.ParseCertificate(seal.Seal.MakerCert)
			if err != nil || len(seal.TimeStamp) == 0 {
				return must{}, errors.Join(err, errors.New("want a seal with a time stamp"))
			}
			// The time-stamp authority's certificate is of the maker's size.
			m.signed = [][]byte{seal.Signed, make([]byte, stampedBytes), seal.Seal.Signed,
				stamper.RawTBSCertificate, maker.RawTBSCertificate, maker.RawTBSCertificate}
			m.own = 2
		default:
			m.digests = append(m.digests, f.Data)
		}
	}
	if m.own == 0 {
		return must{}, errors.New("want a seal")
	}
	return m, nil
}

// crypto does what the files must have done, on all cores.
func crypto(musts []must) (float64, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return 0, err
	}
	signatures := make([][][]byte, len(musts))
	for i, m := range musts {
		for _, signed := range m.signed {
			signature, err := key.SignWithSM2(rand.Reader, nil, signed)
			if err != nil {
				return 0, err
			}
			signatures[i] = append(signatures[i], signature)
		}
	}
	var next atomic.Int64
	return parallel(runtime.GOMAXPROCS(0), func() (func() error, error) {
		return func() error {
			i := int(next.Add(1)) % len(musts)
			for j, signed := range musts[i].signed {
				if !sm.Verify(&key.PublicKey, signed, signatures[i][j]) {
					return errors.New("the yardstick's own signature does not hold")
				}
			}
			for _, data := range musts[i].digests {
				sm.Sum(data)
			}
			return nil
		}, nil
	})
}

// compare measures by turns and keeps the medians.
func (r *result) compare(product, yardstick func() (float64, error)) error {
	var values, ratios []float64
	for range rounds {
		v, err := product()
		if err != nil {
			return err
		}
		y, err := yardstick()
		if err != nil {
			return err
		}
		values, ratios = append(values, v), append(ratios, v/y)
	}
	r.Value, r.Ratio = middle(values), middle(ratios)
	r.Figure = r.Ratio
	return nil
}
