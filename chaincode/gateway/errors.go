package gateway

import (
	"errors"
	"strings"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/status"

	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

func connectParams() grpc.ConnectParams {
	b := backoff.DefaultConfig
	b.BaseDelay, b.MaxDelay = 200*time.Millisecond, 3*time.Second
	return grpc.ConnectParams{Backoff: b, MinConnectTimeout: 3 * time.Second}
}

// said is everything that gateway and peers said about a failure.
func said(err error) string {
	var text strings.Builder
	text.WriteString(err.Error())
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		for _, d := range carrier.GRPCStatus().Details() {
			if detail, ok := d.(*gateway.ErrorDetail); ok {
				text.WriteString("\n" + detail.GetMspId() + ": " + detail.GetMessage())
			}
		}
	}
	return text.String()
}

// What peers and orderers say; Fabric has no codes for these.
const (
	saidMismatch  = "ProposalResponsePayloads do not match"
	saidDuplicate = "duplicate transaction found"
	saidProcessed = "request already processed"
	saidNoSuchTx  = "no such transaction ID"
)

// refusal reads the contract's own refusal of a whole proposal; nil when the
// failure is something else.
func refusal(err error) *registry.Error {
	text := said(err)
	coded := wire.UnpackError(text)
	if coded == nil {
		return nil
	}
	// Peers' reports follow one another: keep the first line.
	coded.Detail, _, _ = strings.Cut(coded.Detail, "\n")
	return coded
}

// evaluated turns the failure of a read-only call into a coded error.
func evaluated(err error, doing string) error {
	if err == nil {
		return nil
	}
	if coded := refusal(err); coded != nil {
		return coded
	}
	return registry.Errorf(registry.CodeUnavailable, "", "%s", doing).WithCause(err)
}

func conflict(format string, args ...any) *registry.Error {
	return registry.Errorf(registry.CodeLedgerConflict, "", format, args...)
}

func unknown(id string) *registry.Error {
	return registry.Errorf(registry.CodeUnavailable, "transaction", "what became of %s is not known yet", id)
}
