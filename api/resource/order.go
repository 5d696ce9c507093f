package resource

import (
	"encoding/json"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// SheetStep is where an order sheet stands.
type SheetStep string

const (
	SheetOpen    SheetStep = "open"    // waits for signatures, or for the ledger
	SheetSet     SheetStep = "set"     // every order is on the ledger
	SheetRefused SheetStep = "refused" // one was refused; those before it stand
	SheetDropped SheetStep = "dropped" // given up
)

// SheetSteps lists the steps.
func SheetSteps() []SheetStep {
	return []SheetStep{SheetOpen, SheetSet, SheetRefused, SheetDropped}
}

// SheetDraft is an order sheet as it is drafted.
type SheetDraft struct {
	Orders []OrderDraft `json:"orders"`
}

// OrderDraft is one governance record to set.
type OrderDraft struct {
	Organization string              `json:"organization"`
	Kind         registry.RecordKind `json:"kind"`
	Basis        string              `json:"basis,omitempty"`
	Record       json.RawMessage     `json:"record"`
}

// Sheet is an order sheet (治理令): what it orders, who has signed, and the
// bytes to recompute its digest from.
type Sheet struct {
	Digest        sm.Digest         `json:"digest"`
	Step          SheetStep         `json:"step"`
	Orders        []Order           `json:"orders"`
	Given         []Given           `json:"given"`
	Asked         int               `json:"asked"` // persons
	Message       []byte            `json:"message"`
	Refusal       *Refusal          `json:"refusal,omitempty"`
	Drafter       string            `json:"drafter,omitempty"`
	Home          string            `json:"home,omitempty"`   // member whose registry drafted it; empty: this one
	Awaits        []string          `json:"awaits,omitempty"` // members whose signers have not signed yet, at its home
	Created       time.Time         `json:"created"`
	Links         map[string]string `json:"links"`
	Organizations []string          `json:"organizations"`
}

// Order is one order of a sheet.
type Order struct {
	Organization string              `json:"organization"`
	Kind         registry.RecordKind `json:"kind"`
	Name         string              `json:"name"`
	Basis        string              `json:"basis,omitempty"`
	Decided      time.Time           `json:"decided"`
	Sequence     uint64              `json:"sequence"`
	Record       json.RawMessage     `json:"record"`
	Canonical    []byte              `json:"canonical"`
}

// SheetList lists order sheets.
type SheetList struct {
	Items []Sheet `json:"items"`
}

// RecordList lists governance records as the ledger has them, in the form of
// orders.
type RecordList struct {
	Orders []Record `json:"orders"`
}

// Record is one governance record.
type Record struct {
	Kind   registry.RecordKind `json:"kind"`
	Name   string              `json:"name"`
	Record json.RawMessage     `json:"record"`
}
