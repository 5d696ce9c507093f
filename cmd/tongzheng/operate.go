package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/operate"
	"tongzheng/api/resource"
	"tongzheng/cmd/internal/operating"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
)

// operated is the operator's API of an instance.
type operated struct {
	client.Operator
	close func() error
}

// Close ends what was opened for the command.
func (o *operated) Close() error { return o.close() }

// operate reaches the operator's API: of the server that runs on the data
// folder, over its socket; without one the command opens the instance and calls
// the same handlers in its own process.
func (c *instance) operate(w *world) (*operated, error) {
	if running := overSocket(c.Data); running != nil {
		return running, nil
	}
	a, err := c.open(w)
	if err != nil {
		return nil, err
	}
	return here(a.Handler, a.Close), nil
}

// operate is the same for commands that need no office: without a server they
// open no database.
func (c *keyFolder) operate(w *world) *operated {
	if running := overSocket(c.Data); running != nil {
		return running
	}
	read := operating.UseLog(func(fn func(signer.LogLine) error) (signer.LogHead, error) { return operator.ReadUseLog(c.Data, fn) })
	ports := operate.Ports{UseLog: read, Holders: operating.Holders{Data: c.Data, Clock: time.Now}, Tables: operating.Tables{}}
	return here(operate.Alone(ports, logger(w, false)), func() error { return nil })
}

// here calls a handler in this process, as the operator.
func here(handler http.Handler, done func() error) *operated {
	transport := client.InProcess(operate.AtTheMachine(handler))
	return &operated{client.New(client.Config{Server: "http://localhost", HTTP: &http.Client{Transport: transport}}).Operator, done}
}

// overSocket reaches the server that runs on a data folder; nil when none does.
func overSocket(data string) *operated {
	path := filepath.Join(data, operatorSocket)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	conn, err := dial(context.Background(), "", "")
	if err != nil {
		return nil
	}
	conn.Close()
	transport := &http.Transport{DialContext: dial}
	return &operated{client.New(client.Config{Server: "http://localhost", HTTP: &http.Client{Transport: transport}}).Operator,
		func() error { transport.CloseIdleConnections(); return nil }}
}

// waits is the friendly error of orders that wait on a sheet; nil for the zero
// digest.
func waits(sheet sm.Digest) error {
	if sheet.IsZero() {
		return nil
	}
	return &office.Awaiting{Sheet: sheet}
}

// moved is what a command says of orders that were given.
func moved(ordered *resource.Ordered, err error) error {
	if err != nil {
		return err
	}
	return waits(ordered.Sheet)
}

// readTable reads a table that is named on the command line.
func readTable(file string) (client.Table, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return client.Table{}, err
	}
	contentType, err := operating.TableType(filepath.Ext(file), raw)
	return client.Table{ContentType: contentType, File: raw}, err
}
