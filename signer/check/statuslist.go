package check

import (
	"bytes"
	"compress/flate"
	"crypto/ecdsa"
	"fmt"
	"io"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Uses of certificates that are pinned one by one: keys that vouch for what
// the ledger says.
const (
	UseStatus     Use = "status"     // status lists, signed verdicts, bundles
	UseCheckpoint Use = "checkpoint" // receipts of a single-node ledger
)

// pinnedFor finds the key with the id in the key list or among the
// certificates pinned for exactly this use, whose period holds the instant that
// the signature names. seen is when somebody other than the key's holder saw
// the signature, zero for nobody.
func (r *Roots) pinnedFor(use Use, id sm.KeyID, at, seen time.Time) (*ecdsa.PublicKey, []byte, error) {
	if k := r.listed(use, id); k != nil {
		return k.fromList(at, seen)
	}
	for _, e := range r.entries {
		if len(e.uses) != 1 || e.uses[0] != use {
			continue
		}
		pub := publicKey(e.cert)
		spki, err := sm.MarshalPublicKey(pub)
		if err != nil || sm.KeyIDOf(spki) != id {
			continue
		}
		if at.Before(e.cert.NotBefore.Add(-clockSlack)) || at.After(e.cert.NotAfter) {
			return nil, nil, registry.Errorf(registry.CodeForbidden, "key", "key %s was not valid at that time", id)
		}
		return pub, spki, nil
	}
	return nil, nil, registry.Errorf(registry.CodeForbidden, "key", "key %s is not among the roots for use %s", id, use)
}

// StatusMessage is what a status key signs: the signer's tag, then a message
// that begins with a tag of its own (list, verdict, bundle).
func StatusMessage(message []byte) []byte {
	return append([]byte("tongzheng status v1\x00"), message...)
}

// KnownList is a status list that holds, with its codes.
type KnownList struct {
	Head    registry.StatusHead
	Codes   registry.ListCodes
	Key     sm.KeyID // that signed it
	Signer  string   // member whose key that is; empty for the roots' own
	Members []string // whose lists it can be: the signer's, and of whom that is deputy; empty text for the roots' own

	Owner, OwnerName string // whose list the number is; empty where the roots do not say

	deputy, late []string // who named the signer deputy, for this time and for another
	roots        bool     // the owner wrote the roots
}

// ListOf names a list by the key that signed it: a member's key vouches for its own
// lists alone.
type ListOf struct {
	Key  sm.KeyID
	List uint32
}

// Of is the list's name.
func (k *KnownList) Of() ListOf { return ListOf{k.Key, k.Head.List} }

// VerifyStatusList reads and verifies a published list. before is the list
// that a list of changes is applied to, nil for a full one. A key or a
// signature that does not hold is CodeForbidden, anything unreadable
// CodeMalformed. The list may be past its nextUpdate: Knowledge tells.
func VerifyStatusList(raw []byte, before *KnownList, roots *Roots) (*KnownList, error) {
	list, err := registry.DecodeStatusList(raw)
	if err != nil {
		return nil, err
	}
	pub, of, err := roots.statusKey(list.Key, time.Unix(list.Head.Time, 0), time.Time{})
	if err != nil {
		return nil, err
	}
	if !sm.VerifyRaw(pub, StatusMessage(list.Head.Message()), list.Signature) {
		return nil, registry.Errorf(registry.CodeForbidden, "status-list", "its signature does not hold")
	}
	if list.Head.TooLong() {
		return nil, registry.Errorf(registry.CodeForbidden, "status-list", "it serves for longer than any list does")
	}
	known := &KnownList{Head: list.Head, Key: list.Key}
	known.claim(roots, of)
	if known.Codes, err = listCodes(list, before); err != nil {
		return nil, err
	}
	if uint32(len(known.Codes)) != list.Head.Size || sm.Sum(known.Codes) != list.Head.Digest {
		return nil, registry.Errorf(registry.CodeForbidden, "status-list", "the codes are not those that were signed")
	}
	return known, nil
}

// listCodes unpacks or updates; it never makes more than the signed size.
func listCodes(list *registry.StatusList, before *KnownList) (registry.ListCodes, error) {
	if !list.Delta {
		most := int64(list.Head.Size) + 1
		codes, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(list.Codes)), most))
		if err != nil {
			return nil, registry.Errorf(registry.CodeMalformed, "status-list", "cannot be unpacked").WithCause(err)
		}
		return codes, nil
	}
	if before == nil || before.Head.List != list.Head.List || before.Head.Height != list.Since {
		return nil, registry.Errorf(registry.CodeStale, "status-list", "changes since height %d: get the full list", list.Since)
	}
	codes := bytes.Clone(before.Codes)
	for _, c := range list.Changes {
		codes = registry.ListCodes(codes).Set(c.Index, c.Code)
	}
	return codes, nil
}

// Knowledge says how old the list is at an instant, and whether it still
// serves.
func (k *KnownList) Knowledge(now time.Time) registry.Knowledge {
	out := registry.Knowledge{AsOf: time.Unix(k.Head.Time, 0), Height: k.Head.Height}
	switch {
	case now.Unix() > k.Head.Next:
		out.Stale = true
		out.Reason = fmt.Sprintf("状态列表截至%s，已过更新期限 the status list is of %s and past its nextUpdate",
			out.AsOf.In(registry.China).Format("2006-01-02 15:04"), out.AsOf.UTC().Format(time.RFC3339))
	case now.Before(out.AsOf.Add(-clockSlack)):
		out.Stale = true
		out.Reason = "本机时钟早于状态列表，请校准 this device's clock is behind the status list: set it"
	}
	return out
}

// freshness says on whom it rests that nothing newer was held back: on a network the
// signer asks another member's peer, on a single-node ledger it has only the registry.
func freshness(ledger string) []registry.Check {
	if ledger != registry.SingleNode {
		return nil
	}
	return []registry.Check{registry.Note(registry.CheckFreshness, "single-node", "单机账本：所示状态是否为最新，由登记库自身保证", "a single-node ledger: that nothing newer was held back rests on the registry itself")}
}

// Offline answers a code with what an inspector carries: pinned roots and
// status lists. The verdict has the list's age; without a list that holds, it
// is "unknown", with every check listed.
type Offline struct {
	Roots *Roots
	Lists map[ListOf]*KnownList
}

// Question checks a scanned text. Judge its answer.
func (o *Offline) Question(text string, now time.Time) (*registry.Question, *QRPayload, error) {
	code, err := ParseQR(text)
	if err != nil {
		return nil, nil, err
	}
	q := &registry.Question{Now: now, Knowledge: registry.Knowledge{Stale: true, Reason: "离线，没有状态列表 offline, without a status list"}}
	p := code.Payload
	if p == nil {
		q.Checks = append(q.Checks, VerifyQR(code, nil))
		return q, nil, nil
	}
	member := o.Roots.memberOf(p.Identifier.Issuer)
	if member != nil && member.Roots == nil {
		q.Identifier, q.Printing = p.Identifier, p.Printing
		q.Checks = append(q.Checks, member.Keys(registry.CheckQRSignature, member.Why))
		return q, p, nil
	}
	roots := o.Roots.forPapers(p.Identifier.Issuer)
	keys, err := roots.QRKeys(now)
	if err != nil {
		return nil, nil, err
	}
	q.Identifier, q.Printing = p.Identifier, p.Printing
	if roots.qrStolen(p.Key) {
		q.Checks = append(q.Checks, registry.CannotTell(registry.CheckQRSignature, "qr-key-stolen", "二维码签名密钥已失窃，须联网核验", "the key of this code was stolen: check online"))
		q.Knowledge.Reason = "二维码签名密钥已失窃 the key of this code was stolen"
		return q, p, nil
	}
	q.Checks = append(q.Checks, VerifyQR(code, keys))
	list, why := o.listFor(member, p.List, now)
	if why != "" {
		chinese, english := ForeignWords(why)
		q.Checks = append(q.Checks, registry.Note(registry.CheckFreshness, why, chinese, english))
	}
	if list != nil {
		if member != nil && list.ByDeputy(member.Elsewhere.Member) {
			q.Checks = append(q.Checks, registry.Note(registry.CheckFreshness, ListDeputy, "状态列表由成员"+list.Signer+"代为公布", "the status list is published by member "+list.Signer+" in this one's place"))
		}
		q.Knowledge = list.Knowledge(now)
		q.Checks = append(q.Checks, freshness(list.Head.Ledger)...)
		q.Standing = list.Codes.Get(p.Index).Standing(p.Identifier, p.Printing, p.Effective, p.Expires)
		if q.Standing == nil && !q.Knowledge.Stale {
			// The sheet may be younger than the list: not knowing is no accusation.
			q.Knowledge.Stale = true
			q.Knowledge.Reason = "此码尚不在状态列表中，可能晚于列表印制 the sheet is not in the status list: it may be younger than the list"
		}
	}
	return q, p, nil
}
