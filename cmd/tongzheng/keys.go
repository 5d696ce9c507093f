package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"tongzheng/cmd/internal/keyring"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
)

type keysCommand struct {
	List        keysListCommand        `cmd:"" default:"1" help:"列出密钥 List the keys of this instance, without secrets."`
	Roots       keysRootsCommand       `cmd:"" help:"导出信任锚 Write the trust anchors in PEM; with --all those of every member on the ledger, from the running registry."`
	Directory   keysDirectoryCommand   `cmd:"" help:"成员登记库 Every member's registry, what this one holds of its keys, and whether that fits the ledger; --order names the own keys there."`
	Deputy      keysDeputyCommand      `cmd:"" help:"状态列表代为公布 Name the member that publishes this registry's status lists beside it, while it is down too."`
	Publish     keysPublishCommand     `cmd:"" help:"公布密钥清单 Sign a new key list: periods, retirements, thefts."`
	Create      keysCreateCommand      `cmd:"" help:"新建机关密钥 Make an organization's act key."`
	Enroll      keysEnrollCommand      `cmd:"" help:"入网登记 At a member's signer: make the act keys of its organizations and the file that the city registers (tongzheng govern enroll)."`
	Rotate      keysRotateCommand      `cmd:"" help:"轮换密钥 Make a new key; the old one verifies what it signed."`
	Renew       keysRenewCommand       `cmd:"" help:"证书延期 Issue a new certificate for the same key."`
	Retire      keysRetireCommand      `cmd:"" help:"停用密钥 End a key's use."`
	Tag         keysTagCommand         `cmd:"" help:"标签密钥 The deployment's tag key: made at the city's signer, handed to each member's."`
	Exchange    keysExchangeCommand    `cmd:"" help:"交换密钥 Keys of the exchange between members (TLS): list them, make one."`
	Compromised keysCompromisedCommand `cmd:"" help:"密钥失窃 What was sealed without an earlier anchor since the theft; --apply suspends the seal."`
}

type keyFolder struct {
	Data string `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Data folder, of the signer process where there is one."`
}

type keysListCommand struct {
	keyFolder
	JSON bool `name:"json" help:"JSON."`
}

// Run lists keys.
func (c *keysListCommand) Run(w *world) error {
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(keys.List())
	}
	for _, k := range keys.List() {
		state := ""
		switch {
		case k.Compromised != 0:
			state = "  失窃 stolen since " + time.Unix(k.Compromised, 0).In(registry.China).Format(time.RFC3339)
		case k.Retired != 0:
			state = "  已停用 retired " + time.Unix(k.Retired, 0).In(registry.China).Format(time.DateOnly)
		case k.Current:
			state = "  在用 current"
		}
		fmt.Fprintf(w.stdout, "%s  %s  %s%s\n", k.ID, k.Created.Format("2006-01-02"), k.Label, state)
	}
	return nil
}

type keysRootsCommand struct {
	keyFolder
	remote
	All   bool   `help:"全部成员 Of every member: one file for tongzheng verify --roots. The registry at --server is asked, and believed."`
	Lists bool   `help:"连同状态列表 With the status lists of every member as they are now: all that codes are verified by without a network. With --all."`
	Out   string `arg:"" optional:"" help:"PEM file; stdout when absent."`
}

// Run writes the trust anchors.
func (c *keysRootsCommand) Run(w *world) error {
	if c.Lists && !c.All {
		return usage("--lists is for --all")
	}
	if c.All {
		text, err := c.client().Public.AllRoots(w.ctx)
		if err == nil && c.Lists {
			text, err = c.withLists(w, text)
		}
		if err != nil {
			return err
		}
		return writeOut(w, c.Out, text)
	}
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	return writeOut(w, c.Out, keys.RootsPEM())
}

// withLists adds every status list that the registry gives out.
func (c *keysRootsCommand) withLists(w *world, text []byte) ([]byte, error) {
	heads, err := c.client().Public.StatusLists(w.ctx)
	if err != nil {
		return nil, err
	}
	for _, head := range heads {
		list, err := c.client().Public.StatusList(w.ctx, head.List, 0)
		if err != nil {
			return nil, err
		}
		text = append(text, check.CarriedList(list.Bytes())...)
	}
	return text, nil
}

func writeOut(w *world, path string, content []byte) error {
	if path == "" {
		_, err := w.stdout.Write(content)
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

type keysPublishCommand struct {
	keyFolder
	Out string `arg:"" optional:"" help:"JSON file; stdout when absent."`
}

// Run signs and writes the key list.
func (c *keysPublishCommand) Run(w *world) error {
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	list, err := keys.Publish()
	if err != nil {
		return err
	}
	return writeOut(w, c.Out, append(list, '\n'))
}

type keysCreateCommand struct {
	keyFolder
	Organization string `arg:"" help:"统一社会信用代码 Credit code."`
	Name         string `arg:"" help:"机关名称 Name, for the certificate."`
	JSON         bool   `name:"json" help:"As organization records and the genesis have it."`
}

// Run makes (or finds) an act key.
func (c *keysCreateCommand) Run(w *world) error {
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	key, err := keys.ActKey(w.ctx, c.Name, c.Organization)
	if err != nil {
		return err
	}
	if _, err := keys.Publish(); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(key)
	}
	fmt.Fprintf(w.stdout, "%s  %s\n", key.ID, signer.ActLabel(c.Organization))
	return nil
}

type keysRotateCommand struct {
	instance
	Label string `arg:"" help:"qr, status, time-stamp, or act/CODE."`
	Local bool   `help:"With act/CODE, in a signer's folder: make the key and print it for the organization's order; the old one signs until the ledger ends it."`
	Basis string `default:"定期轮换" help:"依据 Why."`
}

// Run rotates: an act key on the ledger, the others here.
func (c *keysRotateCommand) Run(w *world) error {
	var fresh sm.KeyID
	code, act := cutPrefix(c.Label, signer.ActLabel(""))
	if act && c.Local {
		keys, err := keyring.Open(c.Data, time.Now)
		if err != nil {
			return err
		}
		key, err := keys.NextActKey(w.ctx, code)
		if err != nil {
			return err
		}
		return json.NewEncoder(w.stdout).Encode(key)
	}
	if act {
		a, err := c.open(w)
		if err != nil {
			return err
		}
		defer a.Close()
		if fresh, err = operator.RotateActKey(w.ctx, a, code, c.Basis); err != nil {
			return err
		}
	} else {
		keys, err := keyring.Open(c.Data, time.Now)
		if err != nil {
			return err
		}
		if _, isSeal := cutPrefix(c.Label, signer.SealLabel("")); isSeal {
			return registry.Errorf(registry.CodeMalformed, "label", "a seal's key changes with its seal: tongzheng seal renew")
		}
		if fresh, err = keys.Rotate(c.Label, c.Basis); err != nil {
			return err
		}
	}
	fmt.Fprintf(w.stdout, "%s  %s\n", fresh, c.Label)
	return nil
}

type keysRenewCommand struct {
	keyFolder
	Label string `arg:"" help:"qr, status, time-stamp, or act/CODE."`
}

// Run renews a certificate.
func (c *keysRenewCommand) Run(w *world) error {
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	id, err := keys.Renew(c.Label)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s  %s\n", id, c.Label)
	return nil
}

type keysRetireCommand struct {
	keyFolder
	Key    string `required:"" help:"密钥编号 Key id."`
	Reason string `default:"停用" help:"Why."`
}

// Run retires a key.
func (c *keysRetireCommand) Run(*world) error {
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	return keys.Retire(sm.KeyID(c.Key), c.Reason)
}

type keysCompromisedCommand struct {
	instance
	Key    string    `help:"密钥编号 Key id, of a key in this folder."`
	Seals  []string  `name:"seal" help:"印章编码 Seals whose key was stolen, where the keys are in a signer process: the drill on the ledger."`
	Local  bool      `help:"With --key, in a signer's folder: only record the theft in the published key list."`
	Since  time.Time `required:"" format:"2006-01-02T15:04:05Z07:00" help:"失窃时刻 When it was stolen, RFC 3339."`
	Reason string    `default:"密钥失窃" help:"依据 Why."`
	Apply  bool      `help:"记录失窃、停用印章 Record the theft, suspend the seal, replace the key; without it only say what would follow."`
	JSON   bool      `name:"json" help:"JSON."`
}

// Run is the compromise drill.
func (c *keysCompromisedCommand) Run(w *world) error {
	if (c.Key == "") == (len(c.Seals) == 0) || c.Local && c.Key == "" {
		return registry.Errorf(registry.CodeMissing, "key", "want --key or --seal")
	}
	if c.Local {
		keys, err := keyring.Open(c.Data, time.Now)
		if err != nil {
			return err
		}
		return keys.Stolen(sm.KeyID(c.Key), c.Since, c.Reason)
	}
	a, err := c.open(w)
	if err != nil {
		return err
	}
	defer a.Close()
	var drill *office.Drill
	if c.Key != "" {
		drill, err = operator.Compromise(w.ctx, a, sm.KeyID(c.Key), c.Since, c.Reason, c.Apply)
	} else {
		drill, err = operator.CompromiseSeals(w.ctx, a, c.Seals, c.Since, c.Reason, c.Apply)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(drill)
	}
	printDrill(w, drill, c.Apply)
	return nil
}

func printDrill(w *world, d *office.Drill, applied bool) {
	fmt.Fprintf(w.stdout, "失窃时刻 since %s\n此前已上链、继续有效 anchored before and still good: %d\n此后盖章、无更早锚定 sealed since, without an earlier anchor: %d\n",
		d.Since.In(registry.China).Format(time.RFC3339), d.Earlier, len(d.Doubtful))
	for _, item := range d.Doubtful {
		fmt.Fprintf(w.stdout, "  %s  %s  %s  印章 seal %s  上链 recorded %s\n    建议暂扣 propose: tongzheng act suspend %s\n", item.Identifier, item.Act, item.Decision,
			item.Seal, item.Recorded.Format(time.RFC3339), item.Identifier)
	}
	for _, seal := range d.Seals {
		if applied {
			fmt.Fprintf(w.stdout, "印章已停用 seal suspended: %s\n", seal)
		} else {
			fmt.Fprintf(w.stdout, "建议停用印章 propose: tongzheng seal suspend %s  (--apply does it)\n", seal)
		}
	}
}
