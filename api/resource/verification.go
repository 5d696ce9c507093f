package resource

import (
	"time"

	"tongzheng/registry"
)

// Question asks whether something is real and in force: token, or qr, or
// identifier or number with holder. A file is sent as it is.
type Question struct {
	Token      string              `json:"token,omitempty"`
	QR         string              `json:"qr,omitempty"`
	Identifier registry.Identifier `json:"identifier,omitzero"`
	Number     string              `json:"number,omitempty"`
	Holder     string              `json:"holder,omitempty"`
	HolderCode string              `json:"holder_code,omitempty"`
}

// Verification answers a question. Of a picture or PDF it says every code; the
// verdict is that of the worst.
type Verification struct {
	Verified
	Codes []FoundCode `json:"codes,omitempty"`
}

// Verified is a verdict with what may be shown in public.
type Verified struct {
	registry.Verdict
	Public  *PublicLicense          `json:"license,omitempty"` // nil when nothing may be shown
	Sharing *registry.SharingResult `json:"sharing,omitempty"` // nil while the verdict is unknown

	Elsewhere *registry.Elsewhere `json:"elsewhere,omitempty"` // whose registry keeps the license, when it is another member's
}

// FoundCode is one code on a picture or a page.
type FoundCode struct {
	Place        CodePlace `json:"place"`
	Text         string    `json:"text"`
	Verification *Verified `json:"verification,omitempty"` // nil for a code that is none of a license
}

// CodePlace is where a code stands, in hundredths of the page's width and
// height.
type CodePlace struct {
	Page   int `json:"page"` // from 1
	Left   int `json:"left"`
	Top    int `json:"top"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// PublicLicense is what anyone with the paper in hand may see.
type PublicLicense struct {
	Identifier registry.Identifier     `json:"identifier"`
	TypeName   string                  `json:"type_name"`
	TypeEn     string                  `json:"type_name_en"`
	Number     string                  `json:"number"`
	Issuer     string                  `json:"issuer"`
	Holder     string                  `json:"holder"`      // masked for natural persons
	HolderCode string                  `json:"holder_code"` // masked
	Issued     registry.Date           `json:"issued"`
	Effective  registry.Date           `json:"effective"`
	Expires    registry.Date           `json:"expires"`
	Compare    []registry.LabeledField `json:"compare"` // to hold against the paper
	Sheet      *PublicSheet            `json:"sheet,omitempty"`
	Seal       *PublicSeal             `json:"seal,omitempty"`
	Basis      string                  `json:"basis,omitempty"` // document that grants the power
	Mode       registry.Mode           `json:"mode,omitempty"`
	Answers    *PublicAnswers          `json:"answers,omitempty"`
	History    []PublicAct             `json:"history"`
}

// PublicAnswers is who answers for the license, by the time of the decision.
type PublicAnswers struct {
	Decider  string `json:"decider"`            // for the result; its successor when dissolved
	Examiner string `json:"examiner,omitempty"` // mode review: for the examination
	Review   string `json:"review,omitempty"`   // 行政复议: the body to apply to

	ReviewAlso []string `json:"review_also,omitempty"` // or there, as one chooses
}

// PublicSheet is the printing at hand.
type PublicSheet struct {
	Number uint32            `json:"number"`
	Copy   registry.CopyKind `json:"copy"`
	Blank  string            `json:"blank,omitempty"`
	Ended  *PublicAct        `json:"ended,omitempty"` // why this sheet no longer stands for the license
}

// PublicSeal is the seal that the document bears.
type PublicSeal struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"` // by its own words
}

// PublicAct is one line of a license's history.
type PublicAct struct {
	Act          registry.Act  `json:"act"`
	Version      int           `json:"version"`
	Decided      registry.Date `json:"decided"`
	Recorded     time.Time     `json:"recorded"`
	Organization string        `json:"organization"`
	Ground       string        `json:"ground,omitempty"`
	Statute      string        `json:"statute,omitempty"`
	Decision     string        `json:"decision,omitempty"`
}

// Statement is a signed statement: as fields to read, and as the text that
// verifies.
type Statement struct {
	Statement registry.Statement `json:"statement"`
	Text      string             `json:"text"`
}
