package signer

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

var testTagKey = bytes.Repeat([]byte{7}, 32)

// newTagStage is a stage under rules version 2 whose ledger names a tag key that
// the signer has.
func newTagStage(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.cfg.TagKey = func() ([]byte, error) { return testTagKey, nil }
	s.reopen()
	s.ledger.set(&registry.Rules{Version: registry.RulesOfRelations, City: testOrg, MaxBackdate: 30 * 24 * 3600, TagKey: sm.Sum(testTagKey)})
	return s
}

// tagged is a job whose intent carries the holder's tag.
func (s *stage) tagged(change func(*registry.SealJob)) registry.SealJob {
	s.t.Helper()
	job := s.job()
	if change != nil {
		change(&job)
	}
	job.Intent.Holder = registry.HolderTag(testTagKey, testType, job.Version.Facts.Holder)
	job.Intent.Number = registry.NumberTag(testType, job.Version.Facts.Number)
	if job.Intent.Origin == nil {
		job.Intent.Origin = &registry.Origin{Place: "360732"}
	}
	s.restate(&job)
	return job
}

// later is an approved act on the license that the issue made, which the ledger
// has as it is.
func (s *stage) later(act registry.Act, issue registry.SealJob, change func(*registry.SealJob)) registry.SealJob {
	s.t.Helper()
	head := sm.Sum([]byte("head"))
	s.ledger.license = &registry.License{Sequence: 1, Head: head, State: registry.Effective, Version: 1, Type: 1, Effective: issue.Intent.Effective,
		Expires: issue.Intent.Expires, Holder: issue.Intent.Holder, Content: issue.Intent.Content}
	present := *issue.Version
	present.Document, present.Unsealed = sm.Leaf(present.Unsealed), nil
	job := s.tagged(func(j *registry.SealJob) {
		j.Intent.Act, j.Intent.Identifier.Version, j.Intent.Sequence, j.Intent.Previous = act, 2, 2, head
		j.Intent.Origin = &registry.Origin{Matter: "000131020000", Place: "360732"}
		j.Intent.Printings = []registry.Printing{{Number: 3, Copy: registry.Electronic, List: 1, Index: 12}}
		j.Present = &present
		if change != nil {
			change(j)
		}
	})
	return job
}

// numbered gives the job's type a rule for numbers, under a version of its own, and
// its instance blocks.
func (s *stage) numbered(job *registry.SealJob, template string, blocks ...registry.NumberBlock) {
	entry := testEntry()
	entry.Version, entry.Number.Template = 2, template
	s.ledger.set(entry.Record())
	job.Intent.Identifier.Serial = "NB" + job.Intent.Identifier.Serial[2:]
	s.ledger.set(&registry.Instance{Issuer: testOrg, Prefix: job.Intent.Identifier.Prefix(), Numbers: blocks})
	job.Intent.TypeVersion, job.Version.Type = 2, entry
}

// TestLyingRegistry: whoever owns the registry has two persons approve an intent
// whose digests and tags are not of what they were shown, or shows the signer
// another version than the ledger has. Nothing is sealed.
func TestLyingRegistry(t *testing.T) {
	s := newTagStage(t)
	another := registry.Holder{Name: "吉祥饭店", Code: "11360700MB1234567" + string(registry.USCCCheck("11360700MB1234567")), CodeType: "001"}
	resign := func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.acceptor, s.approver) }
	issue := s.tagged(nil)
	for what, c := range map[string]struct {
		want registry.Code
		job  func() registry.SealJob
	}{
		"a tag out of the air": {registry.CodeTag, func() registry.SealJob {
			j := s.tagged(nil)
			j.Intent.Holder = sm.Sum([]byte("foreign"))
			resign(&j)
			return j
		}},
		"the tag of somebody who is not barred": {registry.CodeTag, func() registry.SealJob {
			j := s.tagged(nil)
			j.Intent.Holder = registry.HolderTag(testTagKey, testType, another)
			resign(&j)
			return j
		}},
		"no tag": {registry.CodeTag, func() registry.SealJob {
			j := s.tagged(nil)
			j.Intent.Holder = sm.Digest{}
			resign(&j)
			return j
		}},
		"the tag of another number": {registry.CodeTag, func() registry.SealJob {
			j := s.tagged(nil)
			j.Intent.Number = registry.NumberTag(testType, "another")
			resign(&j)
			return j
		}},
		"no tag of the number": {registry.CodeTag, func() registry.SealJob {
			j := s.tagged(nil)
			j.Intent.Number = sm.Digest{}
			resign(&j)
			return j
		}},
		"another county's number": {registry.CodeNumberRange, func() registry.SealJob {
			return s.tagged(func(j *registry.SealJob) {
				s.numbered(j, "JY{region6}{seq:6}")
				j.Version.Facts.Number = "JY430600000001"
			})
		}},
		"a number outside the instance's blocks": {registry.CodeNumberRange, func() registry.SealJob {
			return s.tagged(func(j *registry.SealJob) {
				s.numbered(j, "JY{region6}{seq:6}", registry.NumberBlock{Type: testType, From: 10, To: 19})
				j.Version.Facts.Number = "JY430000000020"
			})
		}},
		"a number in another form": {registry.CodeNumberForm, func() registry.SealJob {
			return s.tagged(func(j *registry.SealJob) { s.numbered(j, "JY{region6}{seq:6}") })
		}},
		"the holder's tag, over another key": {registry.CodeTag, func() registry.SealJob {
			j := s.tagged(nil)
			j.Intent.Holder = registry.HolderTag([]byte("token key"), testType, j.Version.Facts.Holder)
			resign(&j)
			return j
		}},
		"the barred holder's tag hidden behind other fields": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version.Facts.Holder = another
			j.Intent.Holder = registry.HolderTag(testTagKey, testType, another)
			resign(&j)
			return j
		}},
		"another period in the fields": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version.Facts.Expires += 365
			j.Intent.Content = j.Version.Digest()
			resign(&j)
			return j
		}},
		"fields of another license": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version.Facts.Identifier.Serial = "2026000099"
			j.Intent.Content = j.Version.Digest()
			resign(&j)
			return j
		}},
		"a document that names another holder": {registry.CodeContent, func() registry.SealJob {
			return s.tagged(func(j *registry.SealJob) { j.Version.Facts.Holder = another })
		}},
		"a catalog entry of its own": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version.Type.Fields[0].Decided = false
			return j
		}},
		"no fields": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version = nil
			return j
		}},
		"another secret": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version.Secret = []byte("another secret of thirty-two byt")
			return j
		}},
		"another unsealed document": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version.Unsealed = append(bytes.Clone(j.Version.Unsealed), 0)
			return j
		}},
		"a leaf in place of the document": {registry.CodeContent, func() registry.SealJob {
			j := s.tagged(nil)
			j.Version.Document = sm.Leaf(j.Version.Unsealed)
			j.Version.Unsealed = []byte("something else")
			return j
		}},
		"a correction for somebody else": {registry.CodeCorrection, func() registry.SealJob {
			return s.later(registry.Correct, issue, func(j *registry.SealJob) { j.Version.Facts.Holder.Code = another.Code })
		}},
		"a correction for another kind of holder": {registry.CodeCorrection, func() registry.SealJob {
			return s.later(registry.Correct, issue, func(j *registry.SealJob) { j.Version.Facts.Holder.CodeType = "099" })
		}},
		"a correction that prolongs": {registry.CodeCorrection, func() registry.SealJob {
			return s.later(registry.Correct, issue, func(j *registry.SealJob) { j.Intent.Expires += 365 })
		}},
		"a correction that begins earlier": {registry.CodeCorrection, func() registry.SealJob {
			return s.later(registry.Correct, issue, func(j *registry.SealJob) { j.Intent.Effective -= 365 })
		}},
		"a correction of the number": {registry.CodeCorrection, func() registry.SealJob {
			return s.later(registry.Correct, issue, func(j *registry.SealJob) { j.Version.Facts.Number = "JY13607320000025" })
		}},
		"a correction of what examination decided": {registry.CodeCorrection, func() registry.SealJob {
			return s.later(registry.Correct, issue, func(j *registry.SealJob) {
				j.Version.Facts.Fields = map[string]string{"KZ_JYXM": "热食类食品制售；生食类食品制售", "KZ_DH": "0797-12345"}
			})
		}},
		"a reissue for somebody else": {registry.CodeAlteration, func() registry.SealJob {
			return s.later(registry.Reissue, issue, func(j *registry.SealJob) { j.Version.Facts.Holder.Code = another.Code })
		}},
		"a reissue with another name": {registry.CodeAlteration, func() registry.SealJob {
			return s.later(registry.Reissue, issue, func(j *registry.SealJob) { j.Version.Facts.Holder.Name = another.Name })
		}},
		"a reissue with another telephone number": {registry.CodeAlteration, func() registry.SealJob {
			return s.later(registry.Reissue, issue, func(j *registry.SealJob) {
				j.Version.Facts.Fields = map[string]string{"KZ_JYXM": "热食类食品制售", "KZ_DH": "0797-54321"}
			})
		}},
		"a reissue that begins earlier": {registry.CodeAlteration, func() registry.SealJob {
			return s.later(registry.Reissue, issue, func(j *registry.SealJob) { j.Intent.Effective -= 2000 })
		}},
		"a downgrade for somebody else": {registry.CodeAlteration, func() registry.SealJob {
			return s.later(registry.Downgrade, issue, func(j *registry.SealJob) { j.Version.Facts.Holder.Code = another.Code })
		}},
		"a downgrade with another telephone number": {registry.CodeAlteration, func() registry.SealJob {
			return s.later(registry.Downgrade, issue, func(j *registry.SealJob) {
				j.Version.Facts.Fields = map[string]string{"KZ_JYXM": "热食类食品制售", "KZ_DH": "0797-54321"}
			})
		}},
		"a holder without a kind of code": {registry.CodeHolderType, func() registry.SealJob {
			return s.tagged(func(j *registry.SealJob) { j.Version.Facts.Holder.CodeType = "" })
		}},
		"a holder's code in small letters": {registry.CodeUSCCForm, func() registry.SealJob {
			return s.tagged(func(j *registry.SealJob) { j.Version.Facts.Holder.Code = strings.ToLower(another.Code) })
		}},
		"no holder's code": {registry.CodeUSCCForm, func() registry.SealJob {
			return s.tagged(func(j *registry.SealJob) { j.Version.Facts.Holder.Code = "" })
		}},
		"a correction that shows another version before it": {registry.CodeContent, func() registry.SealJob {
			j := s.later(registry.Correct, issue, func(j *registry.SealJob) { j.Version.Facts.Holder.Code = another.Code })
			j.Present.Facts.Holder.Code = another.Code
			return j
		}},
		"the version before with another secret": {registry.CodeContent, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			j.Present.Secret = []byte("another secret of thirty-two byt")
			return j
		}},
		"the version before with another document": {registry.CodeContent, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			j.Present.Document = sm.Leaf([]byte("another"))
			return j
		}},
		"the version before of another license": {registry.CodeContent, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			j.Present.Facts.Identifier.Serial = "2026000055"
			s.ledger.license.Content = j.Present.Digest()
			return j
		}},
		"the version before under a catalog entry of its own": {registry.CodeContent, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			entry := testEntry()
			entry.Source = registry.Collected // would say that nobody can recompute it
			j.Present.Type = entry
			return j
		}},
		"no version before": {registry.CodeContent, func() registry.SealJob {
			j := s.later(registry.Renew, issue, nil)
			j.Present = nil
			return j
		}},
		"a head that the ledger left behind": {registry.CodePreviousHead, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			s.ledger.license.Head = sm.Sum([]byte("another head"))
			return j
		}},
		"an act that the ledger has already": {registry.CodeSequenceTaken, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			s.ledger.license.Sequence = 2
			return j
		}},
		"a ledger that has not come so far": {registry.CodeUnavailable, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			s.ledger.license.Sequence = 0
			return j
		}},
		"a license that the ledger does not have": {registry.CodeUnavailable, func() registry.SealJob {
			j := s.later(registry.Correct, issue, nil)
			s.ledger.license = nil
			return j
		}},
	} {
		job := c.job()
		if result, err := s.service.Seal(context.Background(), job); registry.CodeOf(err) != c.want || result != nil {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
	head, err := s.service.CheckLog()
	must(t, err)
	if head.Lines != 0 {
		t.Errorf("%d uses of keys for lies", head.Lines)
	}
	// What is so goes through: the issue, a correction of a telephone number, and
	// what a correction keeps, by a change.
	s.seal(issue)
	s.seal(s.later(registry.Correct, issue, func(j *registry.SealJob) {
		j.Version.Facts.Fields = map[string]string{"KZ_JYXM": "热食类食品制售", "KZ_DH": "0797-54321"}
	}))
	s.seal(s.later(registry.Downgrade, issue, func(j *registry.SealJob) {
		j.Version.Facts.Fields = map[string]string{"KZ_JYXM": "热食类食品制售（不含生食）", "KZ_DH": "0797-12345"}
	}))
	s.seal(s.later(registry.Change, issue, func(j *registry.SealJob) {
		j.Version.Facts.Holder.Code, j.Version.Facts.Number = another.Code, "JY13607320000025"
		j.Intent.Ground, j.Intent.Expires = registry.GroundSlip, j.Intent.Expires-1
	}))
	s.seal(s.tagged(func(j *registry.SealJob) {
		j.Intent.Identifier.Serial = "2026000002"
		s.numbered(j, "JY{region6}{seq:6}", registry.NumberBlock{Type: testType, From: 10, To: 19})
		j.Version.Facts.Number = "JY430000000012"
	}))
}

// TestNotRecomputed: what the ledger cannot tell is marked in the use log.
func TestNotRecomputed(t *testing.T) {
	s := newTagStage(t)
	issue := s.tagged(nil)
	job := s.later(registry.Correct, issue, nil)
	s.ledger.license.Content = sm.Digest{} // a version of the first rules
	s.ledger.license.Version = 3
	s.refuses(job, registry.CodeContent)
	s.ledger.license.Version = 1
	s.seal(job)
	var marked []sm.Digest
	_, err := s.service.ReadLog(func(l LogLine) error {
		if l.Use == UseNotRecomputed {
			marked = append(marked, l.Subject)
		}
		return nil
	})
	must(t, err)
	if !slices.Equal(marked, []sm.Digest{job.Intent.Digest()}) {
		t.Errorf("marked: %v", marked)
	}
}

// TestTag: the tag of a draft's holder, and nothing without its line.
func TestTag(t *testing.T) {
	s := newTagStage(t)
	s.cfg.TagsPerHour = 3
	s.fixture.now = s.now.Add(3 * time.Hour)
	s.reopen()
	ctx := context.Background()
	ask := registry.TagRequest{Organization: testOrg, Type: testType, TypeVersion: 1, Draft: "draft 1", Holder: registry.Holder{Code: testOrg, CodeType: "001", Name: "某"}}
	tag, err := s.service.Tag(ctx, ask)
	must(t, err)
	if tag != registry.HolderTag(testTagKey, testType, ask.Holder) {
		t.Errorf("%s", tag)
	}
	refuses := func(what string, code registry.Code, change func(*registry.TagRequest)) {
		t.Helper()
		changed := ask
		change(&changed)
		if got, err := s.service.Tag(ctx, changed); registry.CodeOf(err) != code || !got.IsZero() {
			t.Errorf("%s: %s %v, want %s", what, got, err, code)
		}
	}
	open := testEntry()
	open.Version, open.Acts = 2, map[string][]registry.Ground{"issue": {{Code: "x"}}}
	s.ledger.set(open.Record())
	refuses("no draft", registry.CodeMissing, func(r *registry.TagRequest) { r.Draft = "" })
	refuses("an organization of another signer", registry.CodeActKey, func(r *registry.TagRequest) { r.Organization = "11360700MB1234567A" })
	refuses("no such type", registry.CodeTypeUnknown, func(r *registry.TagRequest) { r.Type = "11360700MB1234567A001" })
	refuses("a type that bars nobody", registry.CodeMalformed, func(r *registry.TagRequest) { r.TypeVersion = 2 })
	refuses("a code that nobody has", registry.CodeUSCCCheck, func(r *registry.TagRequest) { r.Holder.Code = "11430000006122244X" })
	for _, draft := range []string{"draft 2", "draft 3"} {
		ask.Draft = draft
		_, err = s.service.Tag(ctx, ask)
		must(t, err)
	}
	refuses("one too many", registry.CodeRateLimited, func(*registry.TagRequest) {})
	s.reopen()
	refuses("one too many, after a restart", registry.CodeRateLimited, func(*registry.TagRequest) {})
	s.fixture.now = s.now.Add(-2 * time.Hour)
	refuses("one too many, with the clock put back", registry.CodeRateLimited, func(*registry.TagRequest) {})
	s.fixture.now = s.now.Add(4 * time.Hour)
	_, err = s.service.Tag(ctx, ask)
	must(t, err)

	var lines []LogLine
	_, err = s.service.ReadLog(func(l LogLine) error { lines = append(lines, l); return nil })
	must(t, err)
	if len(lines) != 4 {
		t.Fatalf("%d lines for 4 tags", len(lines))
	}
	ask.Draft = "draft 1"
	if l := lines[0]; l.Use != UseTag || l.Organization != testOrg || l.Subject != ask.Subject() {
		t.Errorf("%+v", l)
	}
	other := ask
	other.Holder.Code = "11360700MB1234567A"
	if ask.Subject() != other.Subject() {
		t.Error("the log tells holders apart")
	}
}

// TestTagKeyOfAnother: a signer whose key is not the one on the ledger tags
// nothing and seals no license of a type that bars, until it has the right one.
func TestTagKeyOfAnother(t *testing.T) {
	s := newTagStage(t)
	key, job := []byte(nil), s.tagged(nil)
	s.cfg.TagKey = func() ([]byte, error) { return key, nil }
	s.reopen()
	ask := registry.TagRequest{Organization: testOrg, Type: testType, TypeVersion: 1, Draft: "d", Holder: registry.Holder{Code: testOrg, CodeType: "001"}}
	for _, key = range [][]byte{nil, []byte("another key")} {
		if tag, err := s.service.Tag(context.Background(), ask); registry.CodeOf(err) != registry.CodeUnavailable || !tag.IsZero() {
			t.Errorf("with key %q: %s %v", key, tag, err)
		}
		s.refuses(job, registry.CodeUnavailable)
	}
	key = testTagKey
	s.seal(job)
	// A ledger that names no key: tags are made with the token key, as registries made
	// them, and the log says that nobody looked.
	s.ledger.set(&registry.Rules{Version: registry.RulesOfRelations, City: testOrg, MaxBackdate: 30 * 24 * 3600})
	if tag, err := s.service.Tag(context.Background(), ask); err != nil || tag != registry.HolderTag(testTokenKey, ask.Type, ask.Holder) {
		t.Errorf("a tag that the ledger does not know: %s %v", tag, err)
	}
	old := s.tagged(func(j *registry.SealJob) { j.Intent.Identifier.Serial = "2026000002" })
	old.Intent.Holder = sm.Sum([]byte("by the token key"))
	s.restate(&old)
	s.seal(old)
	uses := map[string]int{}
	_, err := s.service.ReadLog(func(l LogLine) error { uses[l.Use]++; return nil })
	must(t, err)
	if uses[UseNotRecomputed] != 1 {
		t.Errorf("%v", uses)
	}
}

// TestFirstRulesAreNotCompared: under the first rules a later act comes with the version
// that it follows, which the ledger does not tell: it is sealed, and marked. An issue
// follows nothing.
func TestFirstRulesAreNotCompared(t *testing.T) {
	s := newStage(t)
	issue := s.job()
	present := *issue.Version
	present.Document, present.Unsealed = sm.Leaf(present.Unsealed), nil
	later := s.job()
	later.Intent.Act, later.Intent.Identifier.Version, later.Intent.Sequence, later.Intent.Previous = registry.Change, 2, 2, sm.Sum([]byte("head"))
	later.Intent.Printings = []registry.Printing{{Number: 3, Copy: registry.Electronic, List: 1, Index: 12}}
	later.Present = &present
	s.restate(&later)
	s.seal(later)
	marked := 0
	_, err := s.service.ReadLog(func(l LogLine) error {
		if l.Use == UseNotRecomputed && l.Subject == later.Intent.Digest() {
			marked++
		}
		return nil
	})
	if must(t, err); marked != 1 {
		t.Errorf("marked %d times", marked)
	}
	issue.Present = &present
	s.refuses(issue, registry.CodeContent)
}
