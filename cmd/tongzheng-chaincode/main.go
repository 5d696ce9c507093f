// Command tongzheng-chaincode is the contract service of one member: its peer
// calls it for every namespace of the ledger. It holds no keys but its TLS key,
// keeps nothing, and can be stopped and replaced at any time.
//
// Several namespaces: CHAINCODE_SERVICES names the services file that the
// network command writes. One namespace: CHAINCODE_NAMESPACE, CHAINCODE_ID and
// CHAINCODE_SERVER_ADDRESS, with CHAINCODE_TLS_CERT, CHAINCODE_TLS_KEY and
// CHAINCODE_CLIENT_CA_CERT (files). Flags say the same and win.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"tongzheng/chaincode/fabric"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tongzheng-chaincode:", err)
		os.Exit(1)
	}
}

type settings struct {
	services            string
	one                 fabric.Endpoint
	cert, key, clientCA string
	plain               bool
}

func run(ctx context.Context, args []string) error {
	var s settings
	flags := flag.NewFlagSet("tongzheng-chaincode", flag.ContinueOnError)
	flags.StringVar(&s.services, "services", os.Getenv("CHAINCODE_SERVICES"), "services file of the network command")
	flags.StringVar(&s.one.Namespace, "namespace", os.Getenv("CHAINCODE_NAMESPACE"), "the one namespace to serve")
	flags.StringVar(&s.one.ChaincodeID, "id", os.Getenv("CHAINCODE_ID"), "its package id")
	flags.StringVar(&s.one.Listen, "listen", os.Getenv("CHAINCODE_SERVER_ADDRESS"), "host:port to listen on")
	flags.StringVar(&s.cert, "tls-cert", os.Getenv("CHAINCODE_TLS_CERT"), "PEM file")
	flags.StringVar(&s.key, "tls-key", os.Getenv("CHAINCODE_TLS_KEY"), "PEM file")
	flags.StringVar(&s.clientCA, "client-ca", os.Getenv("CHAINCODE_CLIENT_CA_CERT"), "PEM file: who may call")
	flags.BoolVar(&s.plain, "plain", false, "speak without TLS: only for a peer on the same host")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// Every batch is garbage once it is judged, and little else is kept: memory
	// is cheaper here than the time to collect it.
	debug.SetGCPercent(400)
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	endpoints, tls, err := s.resolve()
	if err != nil {
		return err
	}
	log.Info("contract service", "namespaces", len(endpoints))
	return fabric.Serve(ctx, endpoints, tls, log)
}

// resolve reads the services file, or what was said of the one namespace.
func (s settings) resolve() ([]fabric.Endpoint, *fabric.TLS, error) {
	if s.services != "" {
		return fromFile(s.services)
	}
	if s.one.Namespace == "" || s.one.ChaincodeID == "" || s.one.Listen == "" {
		return nil, nil, fmt.Errorf("name a services file (CHAINCODE_SERVICES), or namespace, id and address of one service")
	}
	if s.plain {
		return []fabric.Endpoint{s.one}, nil, nil
	}
	tls, err := readTLS(s.cert, s.key, s.clientCA)
	return []fabric.Endpoint{s.one}, tls, err
}

// servicesFile is what network writes for each member. Paths are relative to it.
type servicesFile struct {
	TLS struct {
		Certificate string `json:"certificate"`
		Key         string `json:"key"`
		ClientRoots string `json:"client_roots"`
	} `json:"tls"`
	Services []struct {
		Namespace   string `json:"namespace"`
		ChaincodeID string `json:"chaincode_id"`
		Listen      string `json:"listen"`
	} `json:"services"`
}

func fromFile(path string) ([]fabric.Endpoint, *fabric.TLS, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the services file: %w", err)
	}
	var file servicesFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, nil, fmt.Errorf("services file %s: %w", path, err)
	}
	folder := filepath.Dir(path)
	at := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(folder, name)
	}
	tls, err := readTLS(at(file.TLS.Certificate), at(file.TLS.Key), at(file.TLS.ClientRoots))
	if err != nil {
		return nil, nil, err
	}
	var endpoints []fabric.Endpoint
	for _, one := range file.Services {
		endpoints = append(endpoints, fabric.Endpoint{Namespace: one.Namespace, ChaincodeID: one.ChaincodeID, Listen: one.Listen})
	}
	return endpoints, tls, nil
}

func readTLS(cert, key, clientCA string) (*fabric.TLS, error) {
	tls := new(fabric.TLS)
	for path, into := range map[string]*[]byte{cert: &tls.Certificate, key: &tls.Key, clientCA: &tls.ClientRoots} {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a TLS file: %w", err)
		}
		*into = raw
	}
	return tls, nil
}
