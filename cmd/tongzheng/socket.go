package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"tongzheng/api/operate"
)

// A running server owns ledger and status view. It takes its operator's
// commands as HTTP over a Unix socket in the data folder that only the folder's
// owner can open (docs/decisions/0008-operators-socket.md).

const operatorSocket = "admin.sock"

// serveOperator answers on the socket with the handler that the network reaches
// too; here the caller is the operator.
func serveOperator(handler http.Handler, data string) (io.Closer, error) {
	path := filepath.Join(data, operatorSocket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err // the ledger's lock says that no other server runs here
	}
	mask := syscall.Umask(0o177) // never open to others
	listener, err := net.Listen("unix", path)
	syscall.Umask(mask)
	if err != nil {
		return nil, fmt.Errorf("operator's socket: %w", err)
	}
	// No bound on how long an answer takes: a grant list of two thousand rows or
	// a walk of the use log may take minutes.
	server := &http.Server{Handler: operate.AtTheMachine(handler), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 32 << 10}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return operatorServer{server}, nil
}

// operatorServer lets the commands that run come to their end.
type operatorServer struct{ server *http.Server }

// Close implements io.Closer.
func (s operatorServer) Close() error {
	finish, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(s.server.Shutdown(finish), s.server.Close())
}
