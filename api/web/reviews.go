package web

import "tongzheng/registry"

// Reviews is the page of an organization's review files, with the form of a new
// one and the statistics of the organizations below.
type Reviews struct {
	Files    []ReviewRow
	Counts   []CountRow
	Kinds    []Option
	Draft    ReviewForm
	Problems []Problem // all of them, when the form was refused
}

// ReviewForm is what somebody typed for a new file.
type ReviewForm struct{ Number, Kind, Basis, Licenses string }

// ReviewRow is one review file.
type ReviewRow struct {
	File registry.ReviewFile
	Kind Pair
	URL  string
}

// Review is one review file with its licenses.
type Review struct {
	ReviewRow
	Licenses []ReviewedRow
}

// ReviewedRow is one license of a file with what the ledger says today.
type ReviewedRow struct {
	Identifier registry.Identifier
	Word       registry.Word
}

// CountRow is how many licenses of a type an issuer has in a state today.
type CountRow struct {
	Type, Issuer string
	Word         registry.Word
	Licenses     int
}

var reviewWords = map[registry.ReviewKind]Pair{
	registry.ReviewOversight:       {"执法监督、案卷评查", "supervision, review of files"},
	registry.ReviewComplaint:       {"投诉举报", "complaint"},
	registry.ReviewReconsideration: {"行政复议", "reconsideration"},
}

// ReviewName is what a review file was opened for, in both languages.
func ReviewName(kind registry.ReviewKind) Pair { return reviewWords[kind] }
