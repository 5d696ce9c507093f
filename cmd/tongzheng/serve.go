package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/supervisor"
)

// instance is the configuration that commands on one data folder share.
type instance struct {
	Data        string `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Folder of everything this instance owns."`
	DatabaseURL string `env:"TONGZHENG_DATABASE_URL" help:"PostgreSQL URL; without it a private cluster runs under the data folder."`
	OwnerURL    string `env:"TONGZHENG_DATABASE_OWNER_URL" help:"URL of the role that migrates; the database URL when absent."`
	Ledger      string `env:"TONGZHENG_LEDGER" default:"embedded" help:"embedded, or the folder of a Fabric profile."`
	signerAt
	Verbose bool `short:"v" help:"多输出 Say more."`
}

type serveCommand struct {
	instance
	Listen      string         `env:"TONGZHENG_LISTEN" default:"127.0.0.1:8080" help:"监听地址 host:port."`
	SignListen  string         `env:"TONGZHENG_SIGN_LISTEN" default:"127.0.0.1:8090" help:"签署页监听地址 host:port of the page where people sign; the signer's own."`
	SignURL     string         `env:"TONGZHENG_SIGN_URL" help:"签署页网址 Its origin; http://localhost:port when absent. The ledger must name the same one (service)."`
	ExchangeAt  string         `name:"exchange-listen" env:"TONGZHENG_EXCHANGE_LISTEN" help:"成员间交换监听地址 host:port for other members' registries (mutual TLS); empty: nothing is exchanged. The ledger must name address and key (service; tongzheng keys exchange)."`
	LibraryEach time.Duration  `name:"library-every" env:"TONGZHENG_LIBRARY_EVERY" default:"1h" help:"归集核对间隔 How often all copies of other members' licenses are compared with the ledger."`
	PublicURL   string         `env:"TONGZHENG_PUBLIC_URL" help:"二维码所指网址 What QR codes lead to; http://localhost:port when absent. At most 27 characters keep codes small."`
	ListsEvery  time.Duration  `env:"TONGZHENG_STATUS_EVERY" default:"30s" help:"状态列表公布间隔 How often status lists are published: a revocation is public at the latest then."`
	ListsValid  time.Duration  `env:"TONGZHENG_STATUS_VALID" default:"24h" help:"状态列表有效时长 For how long a published list serves offline."`
	ProposalFor time.Duration  `env:"TONGZHENG_PROPOSAL_FOR" default:"720h" help:"拟办事项等待签批的最长时间 How long a proposal waits for its next signature before it ends by itself."`
	Offline     string         `env:"TONGZHENG_OFFLINE" type:"path" help:"离线核验文件目录 Folder of verifier.wasm and wasm_exec.js for the offline page; the program's own when they are there."`
	TLS         string         `env:"TONGZHENG_TLS" name:"tls" help:"dev 使用开发证书 HTTPS with a development certificate, for phones."`
	Keepers     []string       `name:"keeper" env:"TONGZHENG_KEEPERS" type:"existingfile" help:"创世保管人 Public keys (PEM) of those who may open an empty ledger, for the signer in this process."`
	Tags        int            `name:"tags-per-hour" env:"TONGZHENG_TAGS_PER_HOUR" default:"10000" help:"每机关每小时持证主体标签数 Holders' tags that one organization may ask of the signer within an hour (docs/signer-process.md)."`
	OwnSigner   bool           `name:"signer-process" help:"密钥放在另一进程 Keep the keys in a process of their own, on the same data folder: starts tongzheng-signer and ends it."`
	PerMinute   float64        `name:"public-per-minute" env:"TONGZHENG_PUBLIC_PER_MINUTE" default:"60" help:"每地址每分钟核验次数 Public look-ups per address and minute; raise it where many phones share an address."`
	Proxies     []netip.Prefix `name:"trusted-proxy" env:"TONGZHENG_TRUSTED_PROXIES" help:"前置代理网段 Networks (CIDR) of reverse proxies in front, whose X-Forwarded-For names the caller: else everyone behind one shares its limit."`
	DemoCity    bool           `help:"演示城市 Seed the demonstration city when the ledger is empty."`
	DemoMember  string         `placeholder:"MEMBER" help:"演示成员 Play this member of the demonstration city alone (city, xingguo): its keys, accounts and licenses; tongzheng neighbors starts several."`
	Strangers   bool           `name:"demo-strangers" help:"演示成员互不登记 With --demo-member: leave keys, address on paper, exchange and library to be ordered by hand."`
	Exchange    string         `name:"demo-exchange" type:"path" help:"演示成员交换目录 Folder where the members' operators leave what they hand each other; exchange beside the data folder when absent."`
}

// Run serves until interrupted.
func (c *serveCommand) Run(w *world) error {
	began := time.Now()
	fmt.Fprintln(w.stdout, "同证 Tongzheng 正在启动 starting …")
	part, err := c.part(w)
	if err != nil {
		return err
	}
	if c.OwnSigner && c.Signer == "" {
		program, err := signerProgram()
		if err != nil {
			return err
		}
		child, err := startSignerChild(w, program, c)
		if err != nil {
			return err
		}
		defer child.Close()
		c.Signer = child.Address
	}
	open := app.Open
	if c.DemoCity {
		open = func(ctx context.Context, config app.Config) (*app.App, error) {
			return demo.OpenPart(ctx, config, part)
		}
	}
	a, err := open(w.ctx, c.config(w))
	if err != nil {
		return err
	}
	defer a.Close()
	socket, err := serveOperator(a.Handler, c.Data)
	if err != nil {
		return err
	}
	defer socket.Close()
	fmt.Fprintf(w.stdout, "就绪 ready in %s\n\n  控制台 console   %s/console/\n  查验 verify      %s/\n  接口 API         %s/api/v1/openapi.yaml\n",
		time.Since(began).Round(100*time.Millisecond), a.Config.PublicURL, a.Config.PublicURL, a.Config.PublicURL)
	if city, err := demo.Read(c.Data); err == nil && c.DemoCity && c.DemoMember == "" {
		printDemo(w, c.Data, city)
	} else if err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := supervisor.Ready(); err != nil {
		return err
	}
	fmt.Fprintln(w.stdout, "\nCtrl-C 停止 stops everything that was started.")
	if err := a.Serve(w.ctx); err != nil {
		return err
	}
	fmt.Fprintln(w.stdout, "已停止 stopped.")
	return nil
}

func (c *serveCommand) config(w *world) app.Config {
	return app.Config{Data: c.Data, Listen: c.Listen, DatabaseURL: c.DatabaseURL, OwnerURL: c.OwnerURL,
		Ledger: c.Ledger, Signer: c.Signer, SignerTLS: c.files(), Keepers: c.Keepers, TagsPerHour: c.Tags, PublicURL: c.PublicURL, ExchangeListen: c.ExchangeAt, LibraryEvery: c.LibraryEach, SignListen: c.SignListen, SignURL: c.SignURL,
		Offline: offlineFolder(c.Offline), TLS: c.TLS, Proxies: c.Proxies, PublicPerMinute: c.PerMinute, ListsEvery: c.ListsEvery, ListsValid: c.ListsValid, ProposalFor: c.ProposalFor, Log: logger(w, c.Verbose)}
}

// part is what the instance plays of the demonstration city: one member, whose
// operator hands the city's what there is to hand before the signer runs, or all.
func (c *serveCommand) part(w *world) (demo.Part, error) {
	if c.DemoMember == "" {
		return demo.Part{}, nil
	}
	if c.Ledger == "" || c.Ledger == "embedded" {
		return demo.Part{}, usage("--demo-member: members' registries meet on a network; name the member's profile with --ledger, or start them with tongzheng neighbors")
	}
	c.DemoCity = true
	if c.Exchange == "" {
		c.Exchange = filepath.Join(filepath.Dir(filepath.Clean(c.Data)), "exchange")
	}
	part := demo.Part{Member: c.DemoMember, Exchange: c.Exchange, Known: !c.Strangers,
		Say: func(format string, args ...any) { fmt.Fprintf(w.stdout, format+"\n", args...) }}
	return part, demo.Prepare(w.ctx, c.config(w), part)
}

// offlineFolder is where make puts the verifier for browsers: beside the
// program. Empty when it is not there.
func offlineFolder(named string) string {
	if named != "" {
		return named
	}
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	folder := filepath.Dir(program)
	if _, err := os.Stat(filepath.Join(folder, "verifier.wasm")); err != nil {
		return ""
	}
	return folder
}

// shownAccounts are those that an instance shows of the ones that it has. One that
// plays the city alone shows the city's.
var shownAccounts = []string{"xg-acceptor", "xg-approver", "xg-printer", "xg-window-clerk", "xg-center-clerk", "xg-lianjiang-acceptor", "xg-east-acceptor", "xg-west-acceptor",
	"xg-housing-acceptor", "xg-gov-acceptor", "xg-operator", "operator"}

// printDemo shows the accounts most stories need; demo.json has them all.
func printDemo(w *world, data string, d *demo.City) {
	fmt.Fprintf(w.stdout, "\n  演示账号 demonstration accounts (all in %s/demo.json)\n", data)
	shown := shownAccounts
	if _, err := d.Account(shown[0]); err != nil {
		shown = []string{"gz-approval-acceptor", "gz-approval-approver", "gz-approval-printer", "gz-transport-acceptor", "gz-transport-approver", "gz-gov-acceptor", "gz-gov-approver", "operator"}
	}
	for _, login := range shown {
		if account, err := d.Account(login); err == nil {
			fmt.Fprintf(w.stdout, "    %-22s %-14s %s\n", account.Login, account.Password, account.Name)
		}
	}
	if len(d.Licenses) > 0 {
		fmt.Fprintf(w.stdout, "\n  一张刚发的证照 a freshly issued license\n    %s  %s\n    %s\n", d.Licenses[0].Type, d.Licenses[0].Number, d.Licenses[0].URL)
	}
}
