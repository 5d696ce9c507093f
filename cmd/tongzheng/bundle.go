package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/signer"
)

type bundleCommand struct {
	Get   bundleGet   `cmd:"" default:"withargs" help:"取证据包 Fetch the bundle of a license from the server."`
	Renew bundleRenew `cmd:"" help:"续加时间戳 Add a time stamp to a kept bundle before the last one's certificate expires."`
}

type bundleGet struct {
	remote
	Identifier registry.Identifier `arg:"" help:"电子证照标识 Identifier of any version."`
	Output     string              `short:"o" type:"path" help:"输出文件 File to write; IDENTIFIER.bundle when absent."`
}

// Run writes the bundle that the server makes now.
func (c *bundleGet) Run(w *world) error {
	raw, err := c.client().Licenses.Bundle(w.ctx, c.Identifier)
	if err != nil {
		return err
	}
	if c.Output == "" {
		c.Output = c.Identifier.String() + ".bundle"
	}
	if err := os.WriteFile(c.Output, raw, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s  %d bytes\n核验 verify: tongzheng verify --roots roots.pem %s\n", c.Output, len(raw), c.Output)
	return nil
}

type bundleRenew struct {
	Data string `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Data folder whose status and time-stamp keys renew."`
	File string `arg:"" type:"existingfile" help:"证据包 Bundle; replaced by the renewed one."`
}

// Run adds a time stamp over everything the bundle has, and seals it anew. The
// stamps before it stay: the new one shows that they were there in time.
func (c *bundleRenew) Run(w *world) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	manifest, seal, files, err := registry.DecodeBundle(raw)
	if err != nil {
		return err
	}
	store, err := signer.OpenFileStore(filepath.Join(c.Data, keyring.Folder), nil)
	if err != nil {
		return err
	}
	stamp, ok := store.Current(signer.LabelTimeStamp)
	if !ok {
		return errors.New("the data folder has no time-stamp key: is its signer a process of its own?")
	}
	stamps := &signer.TimeStampAuthority{Keys: store, Key: stamp, Clock: time.Now}
	fresh, err := signer.RenewBundle(store, stamps, manifest, seal.Stamps)
	if err != nil {
		return err
	}
	renewed, err := registry.EncodeBundle(manifest, fresh, files)
	if err != nil {
		return err
	}
	temporary := c.File + ".new"
	if err := os.WriteFile(temporary, renewed, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, c.File); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s: %d 个时间戳 time stamps\n", c.File, len(seal.Stamps)+1)
	return nil
}
