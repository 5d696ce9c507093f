// Command tongzheng is the registry: server, operator's tool and offline
// verifier in one program. This package parses and wires; what is done stands
// in registry/office and in cmd/internal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"tongzheng/registry/office"
)

// commands are the program's surface; scripts rely on their names.
type commands struct {
	Version kong.VersionFlag `name:"version" help:"版本 The commit it was built from, and the newest rules that it applies."`

	Serve      serveCommand      `cmd:"" help:"运行服务 Run the server: API, console, public page, worker."`
	Neighbors  neighborsCommand  `cmd:"" help:"市县各自运行 The registries of the city and a county as separate instances on one network."`
	Demo       demoCommand       `cmd:"" help:"完整演示 Tell the whole story on a throw-away instance."`
	Issue      issueCommand      `cmd:"" help:"新发证照 Issue a license through the API."`
	Collect    collectCommand    `cmd:"" help:"归集证照 Hand in a license that another system made and sealed: anchored as it came."`
	Act        actCommand        `cmd:"" help:"办理变更、注销等 Change, cancel, print, spoil … through the API."`
	Deliveries deliveriesCommand `cmd:"" help:"待交付 Results that the account's organization hands over: to print, deliver, recover."`
	Deliver    deliverCommand    `cmd:"" help:"送达 Deliver a sheet: who took it, and how."`
	Case       caseCommand       `cmd:"" help:"案卷 Case files: accept, opinions, examination, seal request; each step signed."`
	Review     reviewCommand     `cmd:"" help:"调阅案卷 Review files: within one a superior sees what licenses below it say; statistics."`
	Govern     governCommand     `cmd:"" help:"治理令 Who may act, under which seal, with which keys: genesis, order sheets, governors' signatures."`
	Account    accountCommand    `cmd:"" help:"账号 Accounts and API keys of this instance."`
	Person     personCommand     `cmd:"" help:"本人密钥 A person's own key, and its approver record."`
	Approve    approveCommand    `cmd:"" help:"签署办件 Sign a proceeding with a person's own key."`
	Show       showCommand       `cmd:"" help:"查看证照或办件 Show a license or a proceeding."`
	Verify     verifyCommand     `cmd:"" help:"离线核验 Verify a QR text, a picture of one, a sealed OFD or a bundle, without network or database."`
	Bundle     bundleCommand     `cmd:"" help:"证据包 One file that proves a license to a court: fetch it, renew its time stamps."`
	Library    libraryCommand    `cmd:"" help:"归集账目 Copies of other members' licenses: what the ledger says must be here against what is."`
	Audit      auditCommand      `cmd:"" help:"检查账本与库 Walk the embedded ledger, recompute every digest and outcome; compare all rows with it."`
	Backup     backupCommand     `cmd:"" help:"备份 Copy what a stopped instance cannot lose: records and, apart from them, secrets."`
	Restore    restoreCommand    `cmd:"" help:"恢复 Put a backup back, replay the ledger, name what is missing."`
	Keys       keysCommand       `cmd:"" help:"密钥 Keys: list, publish, rotate, renew, retire, theft drill; trust anchors."`
	Import     importCommand     `cmd:"" help:"导入 Import grant lists; readiness check."`
	Handover   handoverCommand   `cmd:"" help:"交接 Handovers between organizations: draw up, print, sign, record, start of operation."`
	Stock      stockCommand      `cmd:"" help:"空白证照 Stock of numbered blanks: report, allocate, transfer."`
	Calibrate  calibrateCommand  `cmd:"" help:"套打校准 The page that finds a printer's offsets; offsets per organization and printer."`
	Seal       sealCommand       `cmd:"" help:"印章 Seals: import, suspend, report lost, retire, renew; the use log."`
}

// Exit codes of every command: 1 is a negative answer, 2 wrong usage or
// unreadable input, 3 cannot be known now.
const (
	exitNegative = 1
	exitUsage    = 2
	exitUnknown  = 3
)

// exit carries an exit code that has already been explained.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// world is what commands see of the outside.
type world struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(&world{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}, os.Args[1:]))
}

func run(w *world, args []string) int {
	var c commands
	done := -1
	parser, err := kong.New(&c, kong.Name("tongzheng"), kong.Writers(w.stdout, w.stderr), kong.Exit(func(code int) { done = code }),
		kong.Description("同证 Tongzheng — electronic licenses and seals, anchored on a ledger that city and county share."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Bind(w), kong.Vars{"version": version()})
	if err != nil {
		fmt.Fprintln(w.stderr, "tongzheng:", err)
		return exitUsage
	}
	parsed, err := parser.Parse(args)
	if done >= 0 {
		return done // --help has printed
	}
	if err != nil {
		fmt.Fprintln(w.stderr, "tongzheng:", err)
		fmt.Fprintln(w.stderr, "tongzheng --help 查看用法 lists the commands.")
		return exitUsage
	}
	verb := ""
	if selected := parsed.Selected(); selected != nil {
		verb = selected.Name
	}
	if err := parsed.Run(w, sealVerb(verb)); err != nil {
		return explain(w, err)
	}
	return 0
}

// explain says what went wrong and gives the exit code. Orders that wait for
// governors have not gone wrong.
func explain(w *world, err error) int {
	var code exit
	var awaiting *office.Awaiting
	switch {
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &awaiting):
		fmt.Fprintf(w.stdout, "待两名治理员签署 waits for two governors: tongzheng govern sign %s --sign KEY.pem\n", awaiting.Sheet)
		return 0
	}
	fmt.Fprintln(w.stderr, "tongzheng:", err)
	return codeOf(err)
}

// logger writes human-readable lines to stderr; level by --verbose.
func logger(w *world, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w.stderr, &slog.HandlerOptions{Level: level}))
}
