package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// request is one HTTP request, written out before the clock starts: the load
// client stands on the same processors as what it measures, so it must cost
// next to nothing.
type request struct {
	host string
	raw  []byte
}

func newRequest(method, address, contentType string, body []byte) (request, error) {
	u, err := url.Parse(address)
	if err != nil {
		return request{}, err
	}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", method, u.RequestURI(), u.Host, len(body))
	if contentType != "" {
		head += "Content-Type: " + contentType + "\r\n"
	}
	return request{u.Host, append([]byte(head+"\r\n"), body...)}, nil
}

// load asks as fast as the clients can, each on a connection of its own that
// stays open, the requests by turns, and returns answers per second. Any
// answer but 200 is an error.
func load(requests ...request) (float64, error) {
	var next atomic.Int64
	return parallel(clients, func() (func() error, error) {
		conn, err := net.Dial("tcp", requests[0].host)
		if err != nil {
			return nil, err
		}
		answers := bufio.NewReaderSize(conn, 16<<10)
		return func() error {
			r := requests[int(next.Add(1))%len(requests)]
			if _, err := conn.Write(r.raw); err != nil {
				return err
			}
			_, err := readAnswer(answers, io.Discard)
			return err
		}, nil
	})
}

// once asks one question and returns the answer's body.
func once(r request) ([]byte, error) {
	conn, err := net.Dial("tcp", r.host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(r.raw); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	_, err = readAnswer(bufio.NewReader(conn), &body)
	return body.Bytes(), err
}

// readAnswer reads one answer of our own server: status 200, a body with a
// length or in chunks.
func readAnswer(from *bufio.Reader, body io.Writer) (int64, error) {
	status, err := from.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return 0, fmt.Errorf("answer: %s", bytes.TrimSpace(status))
	}
	length := int64(-1)
	for {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return 0, err
			}
		}
	}
	if length >= 0 {
		return io.CopyN(body, from, length)
	}
	return readChunks(from, body)
}

func readChunks(from *bufio.Reader, body io.Writer) (total int64, err error) {
	for {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return total, err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return total, err
		}
		if _, err := io.CopyN(body, from, size); err != nil {
			return total, err
		}
		if _, err := from.Discard(2); err != nil || size == 0 {
			return total, err
		}
		total += size
	}
}

// parallel runs workers for the length of a round and returns how often they
// did what begin prepared for them, per second.
func parallel(workers int, begin func() (func() error, error)) (float64, error) {
	var count atomic.Int64
	var failed atomic.Value
	var wait sync.WaitGroup
	began := time.Now()
	for range workers {
		wait.Go(func() {
			do, err := begin()
			for err == nil && time.Since(began) < roundFor {
				if err = do(); err == nil {
					count.Add(1)
				}
			}
			if err != nil {
				failed.Store(err)
			}
		})
	}
	wait.Wait()
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	return float64(count.Load()) / time.Since(began).Seconds(), nil
}
