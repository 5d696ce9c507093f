// Command testcc is the smallest contract service that exercises the network:
// ping, put, get, count and a read across namespaces. It stands in for the real
// contract in the tests of the network itself.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

type contract struct{ version string }

func (contract) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (c contract) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	name, args := stub.GetFunctionAndParameters()
	switch {
	case name == "ping":
		return shim.Success([]byte("pong"))
	case name == "version":
		return shim.Success([]byte(c.version))
	case name == "put" && len(args) == 2:
		if err := stub.PutState(args[0], []byte(args[1])); err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success([]byte(args[0]))
	case name == "add" && len(args) == 1:
		return add(stub, args[0])
	case name == "get" && len(args) == 1:
		value, err := stub.GetState(args[0])
		if err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(value)
	case name == "look" && len(args) == 2:
		// Reads a key of another namespace, as contracts read governance.
		return stub.InvokeChaincode(args[0], [][]byte{[]byte("get"), []byte(args[1])}, "")
	}
	return shim.Error(fmt.Sprintf("no function %q with %d arguments", name, len(args)))
}

// add counts up: done twice, it shows.
func add(stub shim.ChaincodeStubInterface, key string) *peer.Response {
	value, err := stub.GetState(key)
	if err != nil {
		return shim.Error(err.Error())
	}
	count, err := strconv.Atoi("0" + string(value))
	if err != nil {
		return shim.Error(err.Error())
	}
	next := strconv.Itoa(count + 1)
	if err := stub.PutState(key, []byte(next)); err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success([]byte(next))
}

type services struct {
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

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	if err := run(os.Getenv("CHAINCODE_SERVICES")); err != nil {
		log.Fatal(err)
	}
}

// run serves every namespace of the services file until one of them ends.
func run(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading CHAINCODE_SERVICES: %w", err)
	}
	var s services
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	folder := filepath.Dir(file)
	var tls shim.TLSProperties
	for name, into := range map[string]*[]byte{
		s.TLS.Certificate: &tls.Cert, s.TLS.Key: &tls.Key, s.TLS.ClientRoots: &tls.ClientCACerts,
	} {
		if *into, err = os.ReadFile(filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("reading a TLS file: %w", err)
		}
	}
	version := os.Getenv("TESTCC_VERSION")
	ended := make(chan error)
	for _, one := range s.Services {
		server := &shim.ChaincodeServer{CCID: one.ChaincodeID, Address: one.Listen, CC: contract{version}, TLSProps: tls}
		go func() { ended <- fmt.Errorf("serving %s: %w", one.Namespace, server.Start()) }()
	}
	return <-ended
}
