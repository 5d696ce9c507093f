package page

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// challenge is what the authenticator signs: the digest of the one thing shown, or that
// of the batch.
func (s *signing) challenge() sm.Digest {
	if len(s.digests) == 1 {
		return s.digests[0]
	}
	return registry.BatchDigest(s.digests)
}

func (s *signing) finish(result *registry.SigningResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.finished {
		s.result, s.finished = result, true
	}
}

// assertion is what the browser sends, in base64url.
type assertion struct {
	ID                string `json:"id"`
	AuthenticatorData string `json:"authenticator_data"`
	ClientData        string `json:"client_data"`
	Signature         string `json:"signature"`
}

// approval reads an assertion of one of the person's passkeys.
func (s *signing) approval(raw []byte) (*registry.Approval, error) {
	var body assertion
	reader := json.NewDecoder(bytes.NewReader(raw))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&body); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "", "no assertion").WithCause(err)
	}
	var parts [4][]byte
	for i, value := range []string{body.ID, body.AuthenticatorData, body.ClientData, body.Signature} {
		part, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil || len(part) == 0 || len(part) > 4096 {
			return nil, registry.Errorf(registry.CodeMalformed, "", "want unpadded base64url")
		}
		parts[i] = part
	}
	for _, key := range s.ask.Person.Keys {
		if !bytes.Equal(key.Credential, parts[0]) {
			continue
		}
		signed, err := registry.Encode(registry.Assertion{AuthenticatorData: parts[1], ClientData: parts[2]})
		return &registry.Approval{Algorithm: registry.WebAuthn, KeyID: key.KeyID, Signed: signed, Signature: parts[3]}, err
	}
	return nil, registry.Errorf(registry.CodeApprovalUnknown, "id", "not a passkey of this account")
}

// signed verifies the signature over what was shown, by the key that the ledger has and
// at this origin alone, and keeps the approvals for the registry.
func (p *Page) signed(ctx context.Context, s *signing, raw []byte) error {
	given, err := s.approval(raw)
	if err != nil {
		return err
	}
	approvals := []registry.Approval{*given}
	if len(s.digests) > 1 {
		if approvals, err = registry.SplitBatch(*given, s.digests); err != nil {
			return err
		}
	}
	control, err := p.config.Signer.Law(ctx).Control(approvals[:1])
	if err != nil {
		return err
	}
	key, known := control.Approvers[given.KeyID]
	if !known || !key.Valid(p.config.Signer.Now()) {
		return registry.Errorf(registry.CodeApprovalUnknown, "id", "the ledger does not have this passkey, or it has ended")
	}
	result := &registry.SigningResult{Outcome: registry.SigningSigned, Sheet: len(s.ask.Sheet) > 0}
	for i, a := range approvals {
		if len(s.ask.Acts) > 0 {
			err = control.VerifyIntent(a, key, s.digests[i])
		} else {
			err = control.Verify(a, key, s.digests[i])
		}
		if err != nil {
			return err
		}
		result.Approvals = append(result.Approvals, registry.GivenApproval{Digest: s.digests[i], Approval: a})
	}
	if s.ask.Step != nil {
		step := *s.ask.Step
		step.Approval, result.Step = approvals[0], &step
	}
	s.finish(result)
	return nil
}
