// Command tongzheng-signer keeps the keys of one member's organizations in a
// process of its own: seals, act keys, QR and status keys. It serves the
// registry over a Unix socket or mutual TLS and checks everything it is asked
// against the ledger, which it follows itself. As `draw` it is another program:
// it draws a document and reaches nothing of this. This package parses and wires.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/supervisor"
	"tongzheng/registry/sm"
	"tongzheng/signer/draw/child"
	"tongzheng/signer/remote"
)

type commands struct {
	Serve       serveCommand       `cmd:"" default:"withargs" help:"运行签名进程 Serve the registry."`
	Draw        drawCommand        `cmd:"" help:"绘出标准输入的 OFD 文件 Draw the OFD file on standard input, without keys, files or environment; CBOR on standard output (signer/draw/child)."`
	SealingPort sealingPortCommand `cmd:"" name:"sealing-port" help:"远程用印参考服务 The sealing port's reference server, with one development seal (docs/sealing-port.md)."`
}

type serveCommand struct {
	Data       string   `env:"TONGZHENG_SIGNER_DATA" default:".signer" type:"path" help:"数据目录 Folder of everything this signer owns; no other process reads it."`
	Listen     string   `env:"TONGZHENG_SIGNER" help:"unix:///path or https://host:port; a socket in the data folder when absent."`
	Group      string   `name:"socket-group" env:"TONGZHENG_SIGNER_GROUP" help:"套接字所属组 Group whose members may open the socket, for a registry that runs as another user; its owner alone when absent."`
	SignListen string   `env:"TONGZHENG_SIGN_LISTEN" default:"127.0.0.1:8090" help:"签署页监听地址 host:port of the page where people sign; empty for none."`
	SignURL    string   `env:"TONGZHENG_SIGN_URL" help:"签署页网址 Its origin; http://localhost:port when absent. The ledger must name the same one (service)."`
	Cert       string   `env:"TONGZHENG_SIGNER_CERT" help:"Certificate (PEM) for https."`
	Key        string   `env:"TONGZHENG_SIGNER_KEY" help:"Its key (PEM)."`
	Authority  string   `name:"ca" env:"TONGZHENG_SIGNER_CA" help:"The authority of the registry's certificate (PEM)."`
	Founder    string   `env:"TONGZHENG_FOUNDER" help:"账本创始密钥 Key id that opened the ledger; one of this signer's act keys when absent."`
	SealPort   string   `env:"TONGZHENG_SEAL_PORT" help:"远程用印 Base URL of a seal system that keeps its own keys."`
	SealToken  string   `env:"TONGZHENG_SEAL_PORT_TOKEN" help:"Bearer token for it."`
	SealRoots  string   `env:"TONGZHENG_SEAL_PORT_ROOTS" type:"existingfile" help:"Trust anchors (PEM) of its seals and signers."`
	Ledger     string   `env:"TONGZHENG_SIGNER_LEDGER" help:"账本 Folder of this signer's own member's Fabric profile; without it the registry hands over the embedded ledger's commits."`
	Keepers    []string `name:"keeper" env:"TONGZHENG_KEEPERS" type:"existingfile" help:"创世保管人 Public keys (PEM) of those who may open an empty ledger."`
	Tags       int      `name:"tags-per-hour" env:"TONGZHENG_TAGS_PER_HOUR" default:"10000" help:"每机关每小时持证主体标签数 Holders' tags that one organization may ask for within an hour."`
	OpenOrders bool     `help:"仅供演示 Demonstrations only: governance orders without governors' signatures, and development seals on request."`
}

type sealingPortCommand struct {
	Data   string `env:"TONGZHENG_SEAL_PORT_DATA" default:".sealing-port" type:"path" help:"数据目录 Folder of its keys and answers."`
	Listen string `default:"127.0.0.1:8092" help:"host:port."`
	Token  string `env:"TONGZHENG_SEAL_PORT_TOKEN" required:"" help:"Bearer token that callers show."`
	Seal   string `required:"" help:"印章编码 Id of the development seal; written to seal.esl with roots.pem in the folder."`
	Name   string `required:"" help:"印章名称 Its name."`
	Owner  string `required:"" help:"统一社会信用代码 Credit code of its owner."`
}

// Run serves until interrupted.
func (c *sealingPortCommand) Run(w *world) error {
	return app.ServeSealPort(w.ctx, app.SealPortConfig{Data: c.Data, Listen: c.Listen, Token: c.Token, Seal: c.Seal, Name: c.Name, Owner: c.Owner,
		Log: slog.New(slog.NewTextHandler(w.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready: func(address string) {
			fmt.Fprintf(w.stdout, "远程用印就绪 sealing port ready: http://%s\n", address)
		}})
}

type drawCommand struct{}

// Run draws one document and ends.
func (*drawCommand) Run(w *world) error { return child.Serve(w.stdin, w.stdout) }

type world struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
}

// Run serves until interrupted.
func (c *serveCommand) Run(w *world) error {
	address := c.Listen
	if address == "" {
		address = "unix://" + filepath.Join(c.Data, "signer.sock")
	}
	if c.OpenOrders {
		fmt.Fprintln(w.stderr, "警告 open orders: whoever reaches this process can have governance orders signed. Demonstrations only.")
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	apart := &child.Program{Path: program, Args: []string{"draw"}} // without keys
	return app.ServeSigner(w.ctx, app.SignerConfig{Draw: apart.Draw, Data: c.Data, Address: address, Group: c.Group, Founder: sm.KeyID(c.Founder), OpenOrders: c.OpenOrders,
		SealPort: c.SealPort, SealToken: c.SealToken, SealRoots: c.SealRoots, Ledger: c.Ledger, Keepers: c.Keepers, TagsPerHour: c.Tags, SignListen: c.SignListen, SignURL: c.SignURL,
		TLS: remote.TLSFiles{Certificate: c.Cert, Key: c.Key, Authority: c.Authority},
		Log: slog.New(slog.NewTextHandler(w.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready: func(string) {
			fmt.Fprintf(w.stdout, "签名进程就绪 signer ready\n  TONGZHENG_SIGNER=%s\n", address)
			if err := supervisor.Ready(); err != nil {
				fmt.Fprintln(w.stderr, "tongzheng-signer:", err)
			}
		}})
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(&world{ctx, os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

func run(w *world, args []string) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("tongzheng-signer"), kong.Writers(w.stdout, w.stderr),
		kong.Description("同证签名进程 the process that holds the keys."), kong.Bind(w))
	if err != nil {
		fmt.Fprintln(w.stderr, "tongzheng-signer:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(w.stderr, "tongzheng-signer:", err)
		return 2
	}
	if err := parsed.Run(w); err != nil {
		fmt.Fprintln(w.stderr, "tongzheng-signer:", err)
		return 1
	}
	return 0
}
