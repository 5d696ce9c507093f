// Command tampered is a contract service that lies: it accepts every entry it is
// given, whoever wrote it, and writes what the entry asks for. Everything else
// it answers like the real one, so that nobody notices. For tests of attacks.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"tongzheng/chaincode"
	"tongzheng/chaincode/fabric"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type contract struct{ *fabric.Contract }

func (c contract) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	args := stub.GetArgs()
	if len(args) != 2 || string(args[0]) != wire.Submit {
		return c.Contract.Invoke(stub)
	}
	outcome, err := forge(stub, args[1])
	if err != nil {
		return shim.Error(err.Error())
	}
	raw, err := registry.Encode(outcome)
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success(raw)
}

func forge(stub shim.ChaincodeStubInterface, packed []byte) (*registry.Outcome, error) {
	batch, err := wire.UnpackBatch(packed)
	if err != nil {
		return nil, err
	}
	outcome := &registry.Outcome{Results: make([]registry.EntryResult, len(batch.Entries)), Count: len(batch.Entries)}
	var digests []sm.Digest
	for _, e := range batch.Entries {
		digests = append(digests, e.Digest())
		if e.Intent == nil {
			continue
		}
		key := registry.LicenseKey(e.Intent.Identifier.Base())
		license, err := registry.Apply(nil, e)
		if err != nil {
			license, err = after(stub, key, e) // not an issue: altered
		}
		if err != nil {
			return nil, err
		}
		if err := put(stub, key, license); err != nil {
			return nil, err
		}
	}
	outcome.Root = registry.EntriesRoot(digests)
	return outcome, put(stub, registry.RootKey(outcome.Root), chaincode.BatchRoot{Count: len(digests), Time: batch.Time})
}

// after is what becomes of the license that is there.
func after(stub shim.ChaincodeStubInterface, key string, e *registry.Entry) (*registry.License, error) {
	raw, err := stub.GetState(key)
	if err != nil {
		return nil, err
	}
	before := new(registry.License)
	if err := registry.Decode(raw, before); err != nil {
		return nil, err
	}
	return registry.Apply(before, e)
}

func put(stub shim.ChaincodeStubInterface, key string, value any) error {
	raw, err := registry.Encode(value)
	if err != nil {
		return err
	}
	return stub.PutState(key, raw)
}

func main() {
	file := os.Getenv("CHAINCODE_SERVICES")
	raw, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	var s struct {
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
	if err := json.Unmarshal(raw, &s); err != nil {
		log.Fatal(err)
	}
	var tls shim.TLSProperties
	for name, into := range map[string]*[]byte{s.TLS.Certificate: &tls.Cert, s.TLS.Key: &tls.Key, s.TLS.ClientRoots: &tls.ClientCACerts} {
		if *into, err = os.ReadFile(filepath.Join(filepath.Dir(file), name)); err != nil {
			log.Fatal(err)
		}
	}
	for _, one := range s.Services {
		honest, err := fabric.New(fabric.Config{Namespace: one.Namespace})
		if err != nil {
			log.Fatal(err)
		}
		server := &shim.ChaincodeServer{CCID: one.ChaincodeID, Address: one.Listen, CC: contract{honest}, TLSProps: tls}
		go func() { log.Fatal(fabric.Start(server)) }()
	}
	<-context.Background().Done()
}
