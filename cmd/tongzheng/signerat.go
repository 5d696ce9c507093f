package main

import signing "tongzheng/signer/remote"

// signerAt says where the seal keys are: in this process, or in one of its own.
type signerAt struct {
	Signer          string `env:"TONGZHENG_SIGNER" help:"签名进程 unix:///path or https://host:port of tongzheng-signer; in this process when absent."`
	SignerCert      string `env:"TONGZHENG_SIGNER_CERT" help:"Client certificate (PEM) for https."`
	SignerKey       string `env:"TONGZHENG_SIGNER_KEY" help:"Its key (PEM)."`
	SignerAuthority string `env:"TONGZHENG_SIGNER_CA" help:"The authority of the signer's certificate (PEM)."`
}

func (s *signerAt) files() signing.TLSFiles {
	return signing.TLSFiles{Certificate: s.SignerCert, Key: s.SignerKey, Authority: s.SignerAuthority}
}
