package resource

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// CaseDraft names the next step of a case file, for its person to sign.
type CaseDraft struct {
	Grant        string                     `json:"grant"`
	Case         string                     `json:"case"`
	Kind         registry.CaseKind          `json:"kind"`
	Organization string                     `json:"organization"`
	Result       registry.ExaminationResult `json:"result,omitempty"`
	Days         int                        `json:"days,omitempty"`
	Content      string                     `json:"content,omitempty"`
}

// CaseSigning is what a person signs to take a step.
type CaseSigning struct {
	Statement registry.CaseStatement `json:"statement"`
	Sign      Sign                   `json:"sign"`
}

// CaseStep is a signed step: the statement's canonical bytes as they were
// signed, the text whose digest they hold, and the signature.
type CaseStep struct {
	Canonical []byte            `json:"canonical"`
	Content   string            `json:"content,omitempty"`
	Approval  registry.Approval `json:"approval"`
}

// CaseFile is a case file (案卷).
type CaseFile struct {
	Grant  string                     `json:"grant"`
	Case   string                     `json:"case"`
	Stage  registry.CaseKind          `json:"stage,omitempty"`
	Result registry.ExaminationResult `json:"result,omitempty"`
	Due    registry.Date              `json:"due,omitempty"`
	Late   bool                       `json:"late"`
	Digest sm.Digest                  `json:"digest"`
	Steps  []CaseLine                 `json:"steps"`
}

// CaseLine is one step of a case file as it was taken.
type CaseLine struct {
	registry.CaseStatement
	Time   time.Time         `json:"time"`
	Text   string            `json:"text,omitempty"`
	Key    sm.KeyID          `json:"key"`
	Roles  []registry.Role   `json:"roles,omitempty"`
	Signed registry.Approval `json:"approval"`
}
