// Command vanished tells whether Fabric's orderers, as they are built here, stand
// still for one of them whose packets vanish. It succeeds when a stream to an
// orderer that never answers is given up, as the mend has it; without the mend
// nothing would ever wake it, and the runtime says so. For tests only.
package main

import (
	"context"
	"log"
	"time"

	"github.com/hyperledger/fabric-lib-go/common/flogging"
	"github.com/hyperledger/fabric/orderer/common/cluster"
	"google.golang.org/grpc"
)

func main() {
	orderer := &cluster.RemoteContext{
		Logger:    flogging.MustGetLogger("vanished"),
		ProbeConn: func(*grpc.ClientConn) error { return nil },
		GetStreamFunc: func(ctx context.Context) (cluster.StepClientStream, error) {
			<-ctx.Done() // As long as gRPC connects.
			return nil, ctx.Err()
		},
	}
	if _, err := orderer.NewStream(time.Hour); err == nil {
		log.Fatal("a stream to an orderer that never answered")
	}
}
