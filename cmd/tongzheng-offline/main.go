//go:build js && wasm

// Command tongzheng-offline is the verifier of printed codes for browsers,
// compiled to WebAssembly: the same signer/check and registry as everywhere,
// without documents, fonts, keys and network. The page in api/web/offline
// calls it.
//
// It exports globalThis.tongzheng with two functions. load(roots, keys, least,
// lists, now) takes trust anchors in PEM, the key list as published (empty when
// there is none) with the highest number of one ever seen, and status lists;
// it verifies them and returns what holds. verify(text, now) judges a scanned
// text. Instants are in milliseconds. Both return JSON; a failure is
// {"error": …}.
package main

import (
	"encoding/json"
	"syscall/js"
	"time"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

// known is what the device was given; without Roots it was given nothing yet.
var known check.Offline

func main() {
	js.Global().Set("tongzheng", js.ValueOf(map[string]any{
		"load":   js.FuncOf(func(_ js.Value, args []js.Value) any { return answer(load(args)) }),
		"verify": js.FuncOf(func(_ js.Value, args []js.Value) any { return answer(verify(args)) }),
	}))
	select {}
}

func answer(value any, err error) string {
	if err != nil {
		value = map[string]string{"error": err.Error()}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return `{"error":"internal"}`
	}
	return string(raw)
}

// loaded is one list that holds.
type loaded struct {
	registry.StatusHead
	Error string `json:"error,omitempty"`
}

// knowledge is what the device knows.
type knowledge struct {
	Lists   []loaded            `json:"lists"`
	Members []check.MemberLists `json:"members,omitempty"` // where the roots name members
	Keys    *loadedKeys         `json:"keys,omitempty"`
}

// loadedKeys is a key list that holds; Old when it is past its next update.
type loadedKeys struct {
	Number uint64 `json:"number"`
	Issued int64  `json:"issued"`
	Stolen int    `json:"stolen"`
	Old    bool   `json:"old"`
}

func load(args []js.Value) (any, error) {
	if len(args) != 5 {
		return nil, registry.Errorf(registry.CodeMissing, "", "load(roots, keys, least, lists, now)")
	}
	roots, err := check.ParseRoots([]byte(args[0].String()))
	if err != nil {
		return nil, err
	}
	var out knowledge
	text, least := args[1].String(), uint64(args[2].Float())
	if text == "" && least > 0 {
		return nil, registry.Errorf(registry.CodeStale, "key-list", "a key list was seen before, now there is none")
	}
	if text != "" {
		list, err := check.ParseKeyList([]byte(text), roots, time.UnixMilli(int64(args[4].Float())), least)
		if list == nil {
			return nil, err
		}
		if err := roots.LearnFrom([]byte(text), list); err != nil {
			return nil, err
		}
		out.Keys = &loadedKeys{Number: list.Number, Issued: list.Issued, Old: err != nil}
		for _, k := range list.Keys {
			if k.CompromisedAt != 0 {
				out.Keys.Stolen++
			}
		}
	}
	next := check.Offline{Roots: roots, Lists: map[check.ListOf]*check.KnownList{}}
	for i := range args[3].Length() {
		raw := make([]byte, args[3].Index(i).Length())
		js.CopyBytesToGo(raw, args[3].Index(i))
		list, err := check.VerifyStatusList(raw, nil, roots)
		if err != nil {
			out.Lists = append(out.Lists, loaded{Error: err.Error()})
			continue
		}
		next.Lists[list.Of()] = list
		line := loaded{StatusHead: list.Head}
		if why := list.Foreign(); why != "" {
			_, line.Error = check.ForeignWords(why)
		}
		out.Lists = append(out.Lists, line)
	}
	known = next
	out.Members = known.Members(time.UnixMilli(int64(args[4].Float())))
	return out, nil
}

// judged is a verdict with its words, and what the code itself says: that is
// what the paper is compared with.
type judged struct {
	registry.Verdict
	Chinese  string            `json:"zh"`
	English  string            `json:"en"`
	Advice   string            `json:"advice_zh"`
	AdviceEn string            `json:"advice_en"`
	Says     map[string]string `json:"says,omitempty"`
	AgeS     int64             `json:"age_seconds,omitempty"`
}

func verify(args []js.Value) (any, error) {
	if len(args) != 2 {
		return nil, registry.Errorf(registry.CodeMissing, "", "verify(text, now)")
	}
	now := time.UnixMilli(int64(args[1].Float()))
	q, p, err := known.Question(registry.ScannedText(args[0].String()), now)
	if err != nil {
		return nil, err
	}
	if known.Roots == nil { // no key is known: that is the device's lack, not the code's
		q.Checks = []registry.Check{registry.CannotTell(registry.CheckQRSignature, "no-keys", "本机还没有核验密钥，请联网打开一次", "no keys on this device yet: open the page once with a network")}
	}
	v := registry.Judge(*q)
	info := v.Word.Info()
	out := judged{Verdict: v, Chinese: info.Chinese, English: info.English, Advice: info.Advice, AdviceEn: info.AdviceE}
	if !v.Knowledge.AsOf.IsZero() {
		out.AgeS = int64(now.Sub(v.Knowledge.AsOf).Seconds())
	}
	if p != nil && v.Word != registry.Altered && v.Word != registry.Unverifiable {
		out.Says = map[string]string{"identifier": p.Identifier.String(), "holder": p.Holder, "blank": p.Blank,
			"effective": p.Effective.String(), "expires": p.Expires.String()}
		if len(p.HolderDigest) > 0 {
			out.Says["holder"] += "…"
		}
	}
	return out, nil
}
