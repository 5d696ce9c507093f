package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.yaml.in/yaml/v3"

	"tongzheng/api"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// description is what the tests read of openapi.yaml.
type description struct {
	Paths      map[string]map[string]yaml.Node
	Components struct {
		Schemas map[string]struct{ Enum []string }
	}
}

func described(t *testing.T) description {
	t.Helper()
	var d description
	if err := yaml.Unmarshal(api.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every route of the API is described, and nothing else is.
func TestDescriptionHasEveryRoute(t *testing.T) {
	server := openSite(t).API
	var routes, paths []string
	err := chi.Walk(server.Routes(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(route, "/api/v1/") {
			routes = append(routes, strings.ToLower(method)+" "+route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, methods := range described(t).Paths {
		for method := range methods {
			paths = append(paths, method+" "+path)
		}
	}
	if got, want := sorted(routes), sorted(paths); !slices.Equal(got, want) {
		t.Fatalf("routes\n%s\ndescribed\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The words in the description are those of the tables in Go.
func TestDescriptionHasTheTables(t *testing.T) {
	tables := map[string][]string{
		"Act": nil, "State": {"none"}, "Step": texts(office.Steps()), "Mode": texts(registry.Modes()), "Code": texts(problem.Codes()),
		"Verdict": nil, "HolderCodeType": nil, "Algorithm": {string(registry.SM2SM3), string(registry.WebAuthn)},
		"CaseKind": texts(registry.CaseKinds()), "CaseStage": texts(registry.CaseStages()), "CaseChannel": texts(registry.CaseChannels()),
		"CaseProcedure": texts(registry.CaseProcedures()), "InvitePurpose": texts(registry.InvitePurposes()), "DayUnit": {string(registry.CalendarDays), string(registry.WorkingDays)},
		"SheetStep": texts(office.SheetSteps()), "RecordKind": texts(registry.RecordKinds()),
		"ItemKind": texts(registry.ItemKinds()), "SignerRole": texts(registry.SignerRoles()),
		"ExaminationResult": {string(registry.Forward), string(registry.SendBack), string(registry.Refuse)},
		"CheckResult":       {"passed", "failed", "unknown", "noted"},
	}
	for _, is := range registry.Relations() {
		if is != registry.IsStranger {
			tables["Relation"] = append(tables["Relation"], string(is))
		}
	}
	for _, act := range office.DeliveryActs() {
		tables["DeliveryAct"] = append(tables["DeliveryAct"], act.String())
	}
	for _, rule := range registry.Acts() {
		tables["Act"] = append(tables["Act"], rule.Name)
	}
	for _, state := range registry.States() {
		tables["State"] = append(tables["State"], state.String())
	}
	for _, info := range registry.Words() {
		tables["Verdict"] = append(tables["Verdict"], string(info.Word))
	}
	for code := range registry.HolderCodeTypes {
		tables["HolderCodeType"] = append(tables["HolderCodeType"], string(code))
	}
	for k := registry.Electronic; k <= registry.Annex; k++ {
		tables["Copy"] = append(tables["Copy"], k.String())
	}
	for p := registry.PrintingNone; p <= registry.PrintingDestroyed; p++ {
		tables["PrintingState"] = append(tables["PrintingState"], p.String())
	}
	schemas := described(t).Components.Schemas
	for name, want := range tables {
		if got := schemas[name].Enum; !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: described %v, in Go %v", name, sorted(got), sorted(want))
		}
	}
}

// The steps that the JSON forms name are the office's.
func TestStepsAreTheOffices(t *testing.T) {
	if got, want := texts(resource.Steps()), texts(office.Steps()); !slices.Equal(got, want) {
		t.Errorf("steps of proceedings %v, the office's %v", got, want)
	}
	if got, want := texts(resource.SheetSteps()), texts(office.SheetSteps()); !slices.Equal(got, want) {
		t.Errorf("steps of order sheets %v, the office's %v", got, want)
	}
	for _, step := range office.Steps() {
		if resource.Step(step).Done() != step.Done() {
			t.Errorf("%s: done differs", step)
		}
	}
}

func texts[T ~string](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}
