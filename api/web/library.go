package web

import (
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Library is the page of the copies of other members' licenses.
type Library struct {
	Query   office.CopyQuery
	Account *registry.Collection // nil: not for this account
	Page    *office.CopyPage     // nil: no names for this account
}

var copyWords = map[registry.CopyState]Pair{
	registry.CopyMissing: {"缺失", "missing"},
	registry.CopyHere:    {"已归集", "here"},
	registry.CopyRefused: {"对方拒绝", "refused"},
	registry.CopyAside:   {"不符，另存", "put aside"},
	registry.CopyStray:   {"账本不要求", "not asked for"},
}

// CopyName is how far a copy has come, in both languages.
func CopyName(s registry.CopyState) Pair { return copyWords[s] }
