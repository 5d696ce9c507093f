package registry

import (
	"slices"
	"strings"
	"time"
)

// ReviewKind is what a review file (调阅案卷) was opened for.
type ReviewKind string

const (
	ReviewOversight       ReviewKind = "review"          // 执法监督、案卷评查
	ReviewComplaint       ReviewKind = "complaint"       // 投诉举报
	ReviewReconsideration ReviewKind = "reconsideration" // 行政复议
)

// ReviewKinds lists the kinds; SQL constraint and API enum are compared with it.
func ReviewKinds() []ReviewKind {
	return []ReviewKind{ReviewOversight, ReviewComplaint, ReviewReconsideration}
}

// ReviewFile is the numbered file within which a superior, or for a
// reconsideration a review body, sees what licenses of organizations below it
// say. It gives sight while it is open, to its own organization alone.
type ReviewFile struct {
	Number       string // 案号, as its organization counts its files
	Organization string // that holds it
	Kind         ReviewKind
	Basis        string   // document or statute that it is opened under
	Licenses     []string // bases of the licenses that it is about
	Opened       time.Time
	OpenedBy     string    // account
	Closed       time.Time // zero while it is open
	ClosedBy     string
}

// MaxReviewed bounds how many licenses one file is about: people read them.
const MaxReviewed = 200

// Faults are why the file cannot be opened as it stands, apart from who opens it
// and what its licenses are to whom. The number is part of addresses.
func (f *ReviewFile) Faults() (all []error) {
	for _, text := range []struct {
		name, value string
		most        int
	}{{"number", f.Number, 64}, {"basis", f.Basis, 200}} {
		if text.value == "" {
			all = append(all, Errorf(CodeMissing, text.name, "a review file has its number and its legal basis"))
		} else if err := CheckText(text.name, text.value, text.most); err != nil {
			all = append(all, err)
		}
	}
	if strings.ContainsAny(f.Number, "/\\?#%") || strings.Trim(f.Number, ". ") != f.Number {
		all = append(all, Errorf(CodeMalformed, "number", "a file number has no / \\ ? # %%, and neither space nor full stop at its ends"))
	}
	if !slices.Contains(ReviewKinds(), f.Kind) {
		all = append(all, Errorf(CodeMalformed, "kind", "want one of %v", ReviewKinds()))
	}
	if len(f.Licenses) == 0 || len(f.Licenses) > MaxReviewed {
		all = append(all, Errorf(CodeMissing, "licenses", "name 1 to %d licenses by their identifiers", MaxReviewed))
	}
	return all
}

// Check is the first of the faults.
func (f *ReviewFile) Check() error {
	if all := f.Faults(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Open tells whether the file gives sight.
func (f *ReviewFile) Open() bool { return f.Closed.IsZero() }

// Opens tells whether the relation lets an organization see this of a license
// within an open file of the kind: a superior within any, a review body within
// a reconsideration.
func (r Relation) Opens(kind ReviewKind, right Right) bool {
	for _, row := range relationTable {
		if row.Relation == r {
			return slices.Contains(row.Within, right) && slices.Contains(ReviewKinds(), kind) && (r != IsReviewBody || kind == ReviewReconsideration)
		}
	}
	return false
}

// Opens tells whether one of the organization's relations to the license lets it
// see this within an open file of the kind.
func (k *Kinship) Opens(organization string, kind ReviewKind, right Right) bool {
	return slices.ContainsFunc(k.Relations(organization), func(is Relation) bool { return is.Opens(kind, right) })
}

// MaySeeWithin tells whether the actor sees so much of a license within the
// file: while it is open, as its organization's, by what that is to the license
// today, and as far as its own role needs it.
func (a Actor) MaySeeWithin(f *ReviewFile, base string, kin *Kinship, right Right) bool {
	return f.Open() && a.of(f.Organization) && slices.Contains(f.Licenses, base) && a.Sees(MaySeeReviews) && a.Sees(right) && kin.Opens(a.Organization, f.Kind, right)
}

// MayReview tells whether the actor has to do with its organization's review
// files. CodeForbidden.
func (a Actor) MayReview() error {
	if a.Organization != "" && a.Sees(MaySeeReviews) {
		return nil
	}
	return Errorf(CodeForbidden, "", "review files are for those who examine, decide or supervise")
}
