package network

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mend is a change to a source file of Fabric: one passage in place of another.
type mend struct{ file, from, to string }

const fabricModule = "github.com/hyperledger/fabric"

// mends are for faults of Fabric that no setting avoids:
// docs/decisions/0010-mended-fabric.md.
var mends = []mend{
	// An orderer whose connection to another was lost connects again inside the
	// sending of its next message to it. When packets to that host vanish this
	// takes gRPC's 20 s, and all others' messages wait behind it: the leader's,
	// then each follower's. Followers give their leader up meanwhile.
	{
		file: "orderer/common/cluster/remotecontext.go",
		from: "	stream, err := rc.GetStreamFunc(ctx)\n",
		to: "	impatient := time.AfterFunc(time.Second, cancel)\n" +
			"	stream, err := rc.GetStreamFunc(ctx)\n" +
			"	impatient.Stop()\n",
	},
	// A peer signs what it says of itself in two places at once. The older word,
	// signed later, took the place of the newer, and was kept until the next block:
	// the peer did not know its own contract.
	{
		file: "gossip/gossip/channel/channel.go",
		from: "	gc.selfStateInfoSignedMsg = stateInfoMsg\n",
		to: "	if kept := gc.selfStateInfoSignedMsg; kept == nil ||\n" +
			"		kept.GetStateInfo().Timestamp.SeqNum <= stateInfoMsg.GetStateInfo().Timestamp.SeqNum {\n" +
			"		gc.selfStateInfoSignedMsg = stateInfoMsg\n" +
			"	}\n",
	},
	// That there is something new to say was forgotten when it came while the older
	// word was being said.
	{
		file: "gossip/gossip/channel/channel.go",
		from: "	gc.publishSignedStateInfoMessage()\n	atomic.StoreInt32(&gc.shouldGossipStateInfo, int32(0))\n",
		to:   "	atomic.StoreInt32(&gc.shouldGossipStateInfo, int32(0))\n	gc.publishSignedStateInfoMessage()\n",
	},
}

// mendFabric copies Fabric's sources into a folder, mends them, and writes the
// module file that builds the tools with them. A passage that is not there exactly
// once is an error: the mend was made for another version.
func mendFabric(source, fabric, into string) (modfile string, err error) {
	copied := filepath.Join(into, "fabric")
	if err := os.CopyFS(copied, os.DirFS(fabric)); err != nil {
		return "", fmt.Errorf("copying Fabric's sources: %w", err)
	}
	for _, m := range mends {
		file := filepath.Join(copied, filepath.FromSlash(m.file))
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("mending Fabric: %w", err)
		}
		if n := strings.Count(string(text), m.from); n != 1 {
			return "", fmt.Errorf("mending Fabric: what is to be replaced in %s is there %d times", m.file, n)
		}
		if err := writeFile(file, []byte(strings.Replace(string(text), m.from, m.to, 1)), 0o644); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", fmt.Errorf("reading the tools module: %w", err)
		}
		if name == "go.mod" {
			raw = fmt.Appendf(raw, "\nreplace %s => %s\n", fabricModule, strconv.Quote(copied))
		}
		if err := writeFile(filepath.Join(into, name), raw, 0o644); err != nil {
			return "", err
		}
	}
	return filepath.Join(into, "go.mod"), nil
}
