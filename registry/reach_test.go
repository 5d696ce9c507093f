package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

// A reach holds every license to which a relation gives sight, and the store is
// told of which it may say only the status.
func TestReach(t *testing.T) {
	organizations := []*registry.Organization{{Code: "bureau", Superiors: []string{"county", "city"}}, {Code: "county", Superiors: []string{"city"}}}
	grants := []*registry.Grant{
		{ID: "ended", Matter: "m", Decider: "gone", End: 1}, {ID: "living", Matter: "m", Decider: "other"}, {ID: "now", Matter: "m", Decider: "holder"},
		{ID: "window", Mode: registry.ModeWindow, Decider: "city-bureau", Acceptor: "bureau", Handling: "center", Regulators: []string{"watch"}, Informed: []string{"told"}},
		{ID: "entrust", Mode: registry.ModeEntrust, Decider: "forestry", Acceptor: "town"},
	}
	successions := []*registry.Succession{{Issuer: "old", Successor: "bureau"}, {Issuer: "older", Earlier: "bureau", Successor: "town"}, {Issuer: "bureau", Predecessors: []string{"x"}}}
	for _, x := range []struct {
		organization, only, want string
	}{
		{"bureau", "", "[bureau old older] [window] [] [] [] []"},
		{"bureau", "acceptor", "[] [window] [] [] [] []"},
		{"bureau", "issuer", "[bureau] [] [] [] [] []"},
		{"bureau", "successor", "[old older] [] [] [] [] []"},
		{"center", "", "[center] [window] [] [] [] []"},
		{"watch", "supervisor", "[] [window] [] [] [] []"},
		{"told", "", "[told] [] [] [window] [] []"},
		{"city", "superior", "[] [] [] [] [bureau county] []"},
		{"town", "entrusted", "[] [entrust] [] [] [] []"},
		{"holder", "", "[holder] [now ended] [] [] [] []"}, // whatever is in nobody's hands
		{"anybody", "stranger", "[] [] [] [] [] []"},
		{"", "", "[] [] [] [] [] []"},
	} {
		r := registry.ReachOf(x.organization, registry.Relation(x.only), organizations, grants, successions)
		if got := fmt.Sprint(r.Content.Issuers, r.Content.Grants, r.Result.Issuers, r.Result.Grants, r.Status.Issuers, r.Status.Grants); got != x.want {
			t.Errorf("%s as %q: %s, want %s", x.organization, x.only, got, x.want)
		}
	}
}

// A role that sees no more than results finds by no more.
func TestReachSeenBy(t *testing.T) {
	r := &registry.Reach{Content: registry.Among{Issuers: []string{"own"}, Grants: []string{"g"}}, Result: registry.Among{Grants: []string{"told"}},
		Status: registry.Among{Issuers: []string{"below"}}, Proposer: "own"}
	if got := r.SeenBy(registry.Actor{Roles: []registry.Role{registry.RoleAcceptor}}); got != r {
		t.Errorf("an acceptor: %+v", got)
	}
	if got := fmt.Sprint(*r.SeenBy(registry.Actor{Roles: []registry.Role{registry.RolePrinter}})); got != "{{[] []} {[own] [g told]} {[below] []} own}" {
		t.Errorf("a printer: %s", got)
	}
}

// Who looks after the paper: counter and center, the decider where nobody else is
// named, a successor instead of all.
func TestHandsOver(t *testing.T) {
	window := &registry.Grant{ID: "g", Decider: "city", Acceptor: "county", Handling: "center"}
	for _, x := range []struct {
		grant       *registry.Grant
		successions []*registry.Succession
		want        string
	}{
		{window, nil, "county center"},
		{&registry.Grant{ID: "g", Decider: "city"}, nil, "city"},
		{&registry.Grant{ID: "other", Decider: "x"}, nil, "issuer"},
		{window, []*registry.Succession{{Successor: ""}, {Successor: "heir"}}, "heir"},
		{window, []*registry.Succession{{Successor: "issuer"}, {Successor: "heir"}}, "county center"},
	} {
		k := &registry.Kinship{Issuer: &registry.Organization{Code: "issuer"}, Grants: []*registry.Grant{x.grant}, Successions: x.successions}
		var got []string
		for _, organization := range []string{"issuer", "city", "county", "center", "heir", ""} {
			if k.HandsOver(organization, "g") {
				got = append(got, organization)
			}
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%+v: %v, want %s", x.grant, got, x.want)
		}
	}
}

func TestPaperDue(t *testing.T) {
	const day, expires = registry.Date(20000), registry.Date(21000)
	file := registry.Sheet{Number: 1, Version: 1, Copy: registry.Electronic, State: registry.PrintingLive}
	sheet := func(number uint32, version int, state registry.PrintingState) registry.Sheet {
		return registry.Sheet{Number: number, Version: version, Copy: registry.Original, State: state}
	}
	sent := registry.Sheet{Number: 1, Version: 1, Copy: registry.Electronic, State: registry.PrintingDelivered}
	duplicate := func(number uint32, state registry.PrintingState) registry.Sheet {
		return registry.Sheet{Number: number, Version: 1, Copy: registry.Duplicate, State: state}
	}
	for _, x := range []struct {
		what    string
		version int
		sheets  []registry.Sheet
		state   registry.State
		day     registry.Date
		want    string
	}{
		{"no paper asked for", 1, []registry.Sheet{file}, registry.Effective, day, "deliver 1"},
		{"delivered electronically", 1, []registry.Sheet{sent}, registry.Effective, day, ""},
		{"delivered electronically, paper too", 1, []registry.Sheet{sent, sheet(2, 1, registry.PrintingLive)}, registry.Effective, day, "deliver 2"},
		{"none, the version before had paper", 2, []registry.Sheet{sent, sheet(2, 1, registry.PrintingRecovered), {Number: 3, Version: 2, Copy: registry.Electronic, State: registry.PrintingLive}},
			registry.Effective, day, "print 0"},
		{"none, one long before had paper", 3, []registry.Sheet{sheet(1, 1, registry.PrintingRecovered), {Number: 2, Version: 2, Copy: registry.Electronic, State: registry.PrintingLive},
			{Number: 3, Version: 3, Copy: registry.Electronic, State: registry.PrintingLive}}, registry.Effective, day, "deliver 3"},
		{"the original spoiled, the duplicate good", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingSpoiled), duplicate(3, registry.PrintingDelivered)}, registry.Effective, day, "reprint 2"},
		{"the duplicate spoiled, the original good", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingDelivered), duplicate(3, registry.PrintingVoid)}, registry.Effective, day, "reprint 3"},
		{"taken in, and in effect again", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingRecovered), duplicate(3, registry.PrintingRecovered)}, registry.Effective, day, "reprint 2,reprint 3"},
		{"taken in with a suspension", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingRecovered)}, registry.Suspended, day, ""},
		{"taken in with a penalty", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingRecovered)}, registry.Penalized, day, ""},
		{"no sheet, expired", 1, []registry.Sheet{file}, registry.Effective, expires + 1, ""},
		{"no sheet, ended", 1, []registry.Sheet{file}, registry.Revoked, day, ""},
		{"made elsewhere", 1, nil, registry.Effective, day, ""},
		{"printed", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingLive), sheet(3, 1, registry.PrintingLive)}, registry.Effective, day, "deliver 2,deliver 3"},
		{"one delivered", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingDelivered), sheet(3, 1, registry.PrintingLive)}, registry.Suspended, day, "deliver 3"},
		{"all delivered", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingDelivered)}, registry.Effective, day, ""},
		{"spoiled", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingSpoiled)}, registry.Effective, day, "reprint 2"},
		{"spoiled and printed again", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingSpoiled), sheet(3, 1, registry.PrintingLive)}, registry.Effective, day, "deliver 3"},
		{"replaced", 2, []registry.Sheet{file, sheet(2, 1, registry.PrintingDelivered), {Number: 3, Version: 2, Copy: registry.Electronic, State: registry.PrintingLive}, sheet(4, 2, registry.PrintingLive)},
			registry.Effective, day, "recover 2,deliver 4"},
		{"recovered", 2, []registry.Sheet{sheet(2, 1, registry.PrintingRecovered), {Number: 3, Version: 2, Copy: registry.Electronic, State: registry.PrintingLive}, sheet(4, 2, registry.PrintingDelivered)},
			registry.Effective, day, ""},
		{"ended", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingDelivered), sheet(3, 1, registry.PrintingVoid)}, registry.Penalized, day, "recover 2"},
		{"cancelled", 1, []registry.Sheet{file, sheet(2, 1, registry.PrintingLive)}, registry.Cancelled, day, "recover 2"},
	} {
		l := &registry.License{Version: x.version, Expires: expires, Printings: x.sheets, State: x.state}
		var got []string
		for _, due := range l.PaperDue(x.state, x.day) {
			got = append(got, fmt.Sprintf("%s %d", due.Act, due.Printing))
			if !slices.ContainsFunc(x.sheets, func(s registry.Sheet) bool { return s.Number == due.Printing && s.Version == due.Version }) && due.Act != registry.Print {
				t.Errorf("%s: %+v is no sheet", x.what, due)
			}
		}
		if strings.Join(got, ",") != x.want {
			t.Errorf("%s: %v, want %s", x.what, got, x.want)
		}
	}
}
