package main

import (
	"fmt"
	"os"
	"time"

	"tongzheng/cmd/internal/keyring"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry/sm"
)

type keysTagCommand struct {
	Make    tagMakeCommand    `cmd:"" help:"生成 At the city's signer: make the key and print its SM3 for tongzheng govern genesis. One that is there is kept."`
	Request tagRequestCommand `cmd:"" help:"申领 At a member's signer: write its exchange key, and print the fingerprint to tell the city by another way."`
	Hand    tagHandCommand    `cmd:"" help:"移交 At the city's signer: encrypt the key to a member's exchange key."`
	Take    tagTakeCommand    `cmd:"" help:"接收 At the member's signer: keep the key, when it is the one that the ledger names."`
}

type tagMakeCommand struct{ keyFolder }

// Run makes the tag key.
func (c *tagMakeCommand) Run(w *world) error {
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	digest, err := keys.Store.MakeTagKey()
	if err != nil {
		return err
	}
	fmt.Fprintln(w.stdout, digest)
	return nil
}

type tagRequestCommand struct {
	keyFolder
	Out string `arg:"" help:"File to write the request to."`
}

// Run writes the exchange key.
func (c *tagRequestCommand) Run(w *world) error {
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	request, err := keys.TagRequest()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, request, 0o644); err != nil {
		return err
	}
	spki, err := keyring.ReadTagRequest(request)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "指纹 fingerprint %s\n", sm.Sum(spki))
	return nil
}

type tagHandCommand struct {
	keyFolder
	Request     string    `arg:"" type:"existingfile" help:"What tongzheng keys tag request wrote."`
	Out         string    `arg:"" help:"File for the member's signer; only that can read it."`
	Fingerprint sm.Digest `required:"" help:"指纹 Fingerprint as the member's keeper told it by another way: by telephone, on paper."`
}

// Run hands the tag key on.
func (c *tagHandCommand) Run(w *world) error {
	text, err := os.ReadFile(c.Request)
	if err != nil {
		return err
	}
	exchange, err := keyring.ReadTagRequest(text)
	if err != nil {
		return err
	}
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	handed, err := keys.Store.HandTagKey(exchange, c.Fingerprint)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, handed, 0o600); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "已加密 encrypted to %s\n", c.Fingerprint)
	return nil
}

type tagTakeCommand struct {
	keyFolder
	File   string `arg:"" type:"existingfile" help:"What tongzheng keys tag hand wrote."`
	Ledger string `env:"TONGZHENG_SIGNER_LEDGER" help:"账本 Folder of the signer's own member's Fabric profile; without it the copy of the ledger in the data folder, with nothing running on it."`
}

// Run takes the tag key.
func (c *tagTakeCommand) Run(w *world) error {
	handed, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	if err := operator.TakeTagKey(w.ctx, c.Data, c.Ledger, handed); err != nil {
		return err
	}
	fmt.Fprintln(w.stdout, "已收妥，与账本一致 kept: it is the key that the ledger names")
	return nil
}
