package main

import (
	"encoding/json"
	"fmt"
	"time"

	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// published verifies what an instance publishes or hands out beside licenses:
// a key list, a status list, disclosed fields.
func published(kind registry.FileKind, raw []byte, anchors *operator.Anchors, now time.Time) (*registry.Verdict, error) {
	switch kind {
	case registry.FileKeyList:
		return keyListVerdict([]byte(registry.TextOfFile(raw)), anchors.Roots, now), nil
	case registry.FileDisclosure:
		return disclosureVerdict([]byte(registry.TextOfFile(raw)), anchors, now)
	}
	return statusListVerdict(raw, anchors.Roots, now)
}

// spoken is a verdict on something that is no license.
func spoken(word registry.Word, now time.Time, knowledge registry.Knowledge, checks ...registry.Check) *registry.Verdict {
	return &registry.Verdict{Word: word, At: now, Knowledge: knowledge, Checks: checks}
}

func keyListVerdict(raw []byte, roots *check.Roots, now time.Time) *registry.Verdict {
	list, err := check.ParseAnyKeyList(raw, roots, now)
	if list == nil {
		return spoken(registry.Untrusted, now, registry.Knowledge{}, registry.Fail(registry.CheckTrust, "key-list", "密钥列表不是信任锚签发的，或者已被改动", "no trust anchor signed this key list: "+err.Error()))
	}
	stolen := 0
	for _, k := range list.Keys {
		if k.CompromisedAt != 0 {
			stolen++
		}
	}
	knowledge := registry.Knowledge{AsOf: time.Unix(list.Issued, 0), Stale: err != nil}
	holds := registry.Pass(registry.CheckSignature, fmt.Sprintf("密钥列表第%d号：%d个密钥，其中失窃%d个", list.Number, len(list.Keys), stolen),
		fmt.Sprintf("key list number %d: %d keys, %d of them stolen", list.Number, len(list.Keys), stolen))
	if err != nil {
		return spoken(registry.UnknownNow, now, knowledge, holds, registry.CannotTell(registry.CheckFreshness, "key-list-old", "密钥列表已过更新期限", "past its next update"))
	}
	return spoken(registry.Valid, now, knowledge, holds)
}

func statusListVerdict(raw []byte, roots *check.Roots, now time.Time) (*registry.Verdict, error) {
	known, err := check.VerifyStatusList(raw, nil, roots)
	if registry.CodeOf(err) == registry.CodeForbidden {
		return spoken(registry.Untrusted, now, registry.Knowledge{}, registry.Fail(registry.CheckTrust, "status-list", "状态列表不是受信任的密钥签发的，或者已被改动", "the status list is signed by no trusted key, or was altered: "+err.Error())), nil
	}
	if err != nil {
		return nil, err
	}
	if why := known.Foreign(); why != "" {
		chinese, english := check.ForeignWords(why)
		return spoken(registry.Untrusted, now, registry.Knowledge{}, registry.Fail(registry.CheckTrust, why, chinese, english)), nil
	}
	knowledge := known.Knowledge(now)
	holds := registry.Pass(registry.CheckSignature, fmt.Sprintf("第%d号状态列表，共%d位", known.Head.List, 2*known.Head.Size), fmt.Sprintf("status list %d, %d places", known.Head.List, 2*known.Head.Size))
	if knowledge.Stale {
		return spoken(registry.UnknownNow, now, knowledge, holds, registry.CannotTell(registry.CheckFreshness, "status-list-old", "状态列表已过更新期限", knowledge.Reason)), nil
	}
	return spoken(registry.Valid, now, knowledge, holds), nil
}

// disclosureVerdict: the fields are proven, whether the license is in force is
// not asked.
func disclosureVerdict(raw []byte, anchors *operator.Anchors, now time.Time) (*registry.Verdict, error) {
	var d registry.Disclosure
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "", "disclosed fields that cannot be read").WithCause(err)
	}
	q := registry.Question{Now: now, Knowledge: registry.Knowledge{Stale: true, Reason: "离线 offline"}}
	entry, err := check.VerifyDisclosure(&d, anchors.Roots, now, anchors.Networks)
	switch {
	case registry.CodeOf(err) == registry.CodeForbidden:
		q.Checks = []registry.Check{registry.Fail(registry.CheckTrust, "ledger-untrusted", "账本不在受信任之列", "the ledger is not among the roots")}
	case err != nil:
		q.Checks = []registry.Check{registry.Fail(registry.CheckContent, "fields", "所示字段与账本登记不符", "the fields are not those on the ledger: "+err.Error())}
	default:
		q.Identifier = entry.Intent.Identifier
		for _, f := range d.Fields {
			q.Checks = append(q.Checks, registry.Pass(registry.CheckContent, f.Field.Name+" "+f.Field.Value, "proven"))
		}
	}
	v := registry.Judge(q)
	return &v, nil
}
