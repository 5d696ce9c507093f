package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

func relationsDocument() string {
	var out strings.Builder
	out.WriteString("# Who is what to a license, and may what\n\nWritten from `registry/relations.go` by `go test ./registry -run TestRelationsDocument -write-docs`; the test fails when they differ. " +
		"Contract, signer and office judge by the same table. What an organization is to a license, the ledger says: its issuer's record, the grants that anchored acts name, the successions that handovers and dissolutions leave, and, of who keeps the license library, the service record of the city's member. A proposal makes nobody anything.\n\n")
	out.WriteString("| relation | 中文 |")
	for _, right := range registry.Rights() {
		fmt.Fprintf(&out, " %s |", right)
	}
	out.WriteString("\n|---|---|" + strings.Repeat("---|", len(registry.Rights())) + "\n")
	for _, is := range registry.Relations() {
		fmt.Fprintf(&out, "| `%s` | %s |", is, is.Chinese())
		for _, right := range registry.Rights() {
			switch {
			case is.Allows(right):
				out.WriteString(" yes |")
			case is.Opens(registry.ReviewReconsideration, right):
				out.WriteString(" in a file |")
			default:
				out.WriteString(" |")
			}
		}
		out.WriteString("\n")
	}
	out.WriteString("\n*status*: that it exists, its state and dates. *result*: its number and its holder's name, without identity number and fields. *content*: what it says. *document*: the sealed file, and the bundle. *sheets*: the sheets as a printer draws them. *decide*: versions and states, but suspension and penalties where the grant lists a regulator. *handle*: remarks and acceptances, print, deliver, recover; to refuse a renewal is a decision. " +
		"*measure*: suspend, return, penalize, unless the type says otherwise. *oversee*: 撤销 alone, unless the type cites a statute for more (行政许可法69条). *rule*: enter a court's or a review body's ruling on its own act, or on that of whom it stands above, answers for as its entruster, or succeeds; its own correction, on its own.\n\n" +
		"A later act belongs to the matter and the authority of its license: a wider power of somebody else does not reach it while the issuer's lives or somebody succeeded. The issuer's lives as long as any of its grants over the matter there does, a successor's likewise; when neither has one any more, whoever holds the matter there is the successor.\n")
	out.WriteString("\n*in a file*: within an open review file (调阅案卷) of its organization that names the license, and never apart from it: a superior's for supervision or review of files (执法监督、案卷评查), a complaint (投诉举报) or a reconsideration (行政复议), a review body's for a reconsideration alone. Each reading is written to the audit trail with the file's number.\n")
	out.WriteString(insideDocument())
	return out.String()
}

// TestRelationsDocument: the documented table is the one in the code.
func TestRelationsDocument(t *testing.T) {
	documented(t, "../docs/relations.md", relationsDocument())
}

// TestRelationsExhaustively holds every organization of a grant in every mode
// against the table, written down a second time.
func TestRelationsExhaustively(t *testing.T) {
	sees := func(rest ...registry.Right) []registry.Right {
		return append([]registry.Right{registry.MaySeeStatus, registry.MaySeeResult, registry.MaySeeContent, registry.MaySeeDocument, registry.MaySeeSheets}, rest...)
	}
	all := sees(registry.MayDecideOn, registry.MayHandlePaper, registry.MayEnterRuling)
	desk := sees(registry.MayHandlePaper)
	want := map[registry.Relation][]registry.Right{
		registry.IsIssuer: all, registry.IsDecider: all, registry.IsSuccessor: all, registry.IsEntrusted: all,
		registry.IsAcceptor: desk, registry.IsExaminer: desk, registry.IsHandling: desk,
		registry.IsSupervisor: sees(registry.MayMeasure, registry.MayEnterRuling),
		registry.IsInformed:   {registry.MaySeeStatus, registry.MaySeeResult},
		registry.IsSuperior:   {registry.MaySeeStatus, registry.MayOversee, registry.MayEnterRuling},
		registry.IsReviewBody: nil, registry.IsStranger: nil,
		registry.IsLibrary: {registry.MaySeeStatus, registry.MaySeeResult, registry.MaySeeContent, registry.MaySeeDocument},
	}
	file := []registry.Right{registry.MaySeeResult, registry.MaySeeContent, registry.MaySeeDocument}
	within := map[registry.Relation]map[registry.ReviewKind][]registry.Right{
		registry.IsSuperior:   {registry.ReviewOversight: file, registry.ReviewComplaint: file, registry.ReviewReconsideration: file},
		registry.IsReviewBody: {registry.ReviewReconsideration: append(file, registry.MaySeeStatus)},
	}
	for _, is := range registry.Relations() {
		for _, right := range registry.Rights() {
			if is.Allows(right) != slices.Contains(want[is], right) {
				t.Errorf("%s, %s: %t", is, right, is.Allows(right))
			}
			for _, kind := range append(registry.ReviewKinds(), "friendship") {
				if got, want := is.Opens(kind, right), slices.Contains(within[is][kind], right); got != want {
					t.Errorf("%s, %s within a file of kind %s: %t", is, right, kind, got)
				}
			}
		}
	}
	for _, mode := range registry.Modes() {
		k := &registry.Kinship{Issuer: &registry.Organization{Code: "issuer", Superiors: []string{"above", "top"}}, Library: "library",
			Grants:      []*registry.Grant{{Mode: mode, Decider: "decider", Acceptor: "acceptor", Examiner: "examiner", Handling: "center", Regulators: []string{"watch"}, Informed: []string{"told"}}},
			Successions: []*registry.Succession{{Successor: ""}, {Successor: "heir"}, {Successor: "further"}}}
		acceptor := registry.IsAcceptor
		if mode == registry.ModeEntrust {
			acceptor = registry.IsEntrusted
		}
		for organization, is := range map[string]registry.Relation{"issuer": registry.IsIssuer, "decider": registry.IsDecider, "acceptor": acceptor,
			"examiner": registry.IsExaminer, "center": registry.IsHandling, "watch": registry.IsSupervisor, "told": registry.IsInformed, "above": registry.IsSuperior, "top": registry.IsSuperior,
			"heir": registry.IsSuccessor, "library": registry.IsLibrary, "further": registry.IsStranger, "anybody": registry.IsStranger, "": registry.IsStranger} {
			if got := k.Relations(organization); !slices.Equal(got, []registry.Relation{is}) {
				t.Errorf("mode %s: %q is %v, want %s", mode, organization, got, is)
			}
		}
		k.Holds = true
		if got := k.Relations("anybody"); !slices.Equal(got, []registry.Relation{registry.IsSuccessor}) {
			t.Errorf("who holds the matter of an orphaned license is %v", got)
		}
	}
}
