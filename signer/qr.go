package signer

import (
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// SignQR makes the text of a sheet's code: address, token and the payload
// signed by a QR key. The payload's Key is set here; its Holder is the full
// name, cut when the code would grow too large.
func SignQR(keys KeyStore, key sm.KeyID, prefix string, token registry.Token, payload check.QRPayload) (string, error) {
	hint, err := check.KeyHintOf(key)
	if err != nil {
		return "", err
	}
	payload.Key = hint
	body, err := check.EncodeQR(payload)
	if err != nil {
		return "", err
	}
	signature, err := SignRaw(keys, key, check.QRSigned(token, body))
	if err != nil {
		return "", err
	}
	return check.QRText(prefix, token, body, signature)
}
