package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/go-chi/chi/v5"

	"tongzheng/cmd/tongzheng/app"
	"tongzheng/registry/sm"
)

const (
	rounds   = 5 // measured and yardstick by turns; the median ratio counts
	roundFor = time.Second
	clients  = 8
)

// benchVerify measures the public page of a code that many scan, against a bare
// chi handler that writes the same body, and the upload of a one-page OFD,
// against the cryptography that it cannot do without.
func benchVerify(ctx context.Context) ([]result, error) {
	dir, err := os.MkdirTemp("", "tongzheng-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	a, err := app.Open(ctx, app.Config{Data: dir, Listen: "127.0.0.1:0", DemoCity: true, Throwaway: true})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	a.API.Config.PublicBurst, a.API.Config.PublicPerMinute = 1e9, 1e9
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go a.Serve(serving)
	demo, err := app.ReadDemo(dir)
	if err != nil {
		return nil, err
	}
	cached, err := cachedPage(demo)
	if err != nil {
		return nil, err
	}
	upload, err := uploadedFile(a, demo, dir)
	return []result{cached, upload}, err
}

func cachedPage(demo *app.Demo) (result, error) {
	r := result{Name: "verify_cached_vs_bare", Unit: "requests/s", Yardstick: "bare chi handler writing the same body"}
	page, err := fetch(http.MethodGet, demo.Licenses[0].URL, nil)
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
	return r, r.compare(
		func() (float64, error) { return load(http.MethodGet, demo.Licenses[0].URL, nil) },
		func() (float64, error) { return load(http.MethodGet, bare.URL+"/v/x", nil) })
}

// uploadedFile: what cannot be left out of a look at a sealed file is the
// stamper's, the seal maker's and the time stamp's signature, and one digest
// over the package.
func uploadedFile(a *app.App, demo *app.Demo, dir string) (result, error) {
	r := result{Name: "verify_uncached_vs_sm2", Unit: "requests/s", Yardstick: "3 SM2 verifications and SM3 over the file, all cores"}
	file := demo.Licenses[0].OFD
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	ofd, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	return r, r.compare(
		func() (float64, error) { return load(http.MethodPost, a.Config.PublicURL+"/api/v1/verify", ofd) },
		func() (float64, error) { return crypto(ofd) })
}

// compare measures by turns and keeps the median.
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
	slices.Sort(values)
	slices.Sort(ratios)
	r.Value, r.Ratio = values[rounds/2], ratios[rounds/2]
	return nil
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}, Timeout: 30 * time.Second}

func fetch(method, url string, body []byte) ([]byte, error) {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/ofd")
	}
	answer, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, strings.SplitN(url, "/v/", 2)[0], answer.Status)
	}
	return raw, err
}

// load asks as fast as the clients can, and returns answers per second.
func load(method, url string, body []byte) (float64, error) {
	return parallel(clients, func() error {
		_, err := fetch(method, url, body)
		return err
	})
}

func crypto(file []byte) (float64, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return 0, err
	}
	message := []byte("yardstick")
	signature, err := key.SignWithSM2(rand.Reader, nil, message)
	if err != nil {
		return 0, err
	}
	return parallel(runtime.GOMAXPROCS(0), func() error {
		for range 3 {
			if !sm.Verify(&key.PublicKey, message, signature) {
				return fmt.Errorf("the yardstick's own signature does not hold")
			}
		}
		sm.Sum(file)
		return nil
	})
}

func parallel(workers int, once func() error) (float64, error) {
	var count atomic.Int64
	var failed atomic.Value
	var wait sync.WaitGroup
	began := time.Now()
	for range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for time.Since(began) < roundFor {
				if err := once(); err != nil {
					failed.Store(err)
					return
				}
				count.Add(1)
			}
		}()
	}
	wait.Wait()
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	return float64(count.Load()) / time.Since(began).Seconds(), nil
}
