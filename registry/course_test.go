package registry_test

import (
	"testing"

	"pgregory.net/rapid"

	"tongzheng/registry"
)

// TestCourseIsWhatIsJudged: the word of a course on a day is the verdict's on that day,
// whatever the license's state, term and renewal.
func TestCourseIsWhatIsJudged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		date := rapid.OneOf(rapid.Just(registry.LongTerm), rapid.Custom(func(t *rapid.T) registry.Date { return registry.Date(rapid.IntRange(1, 40).Draw(t, "day")) }))
		l := &registry.License{State: registry.Effective, Version: 3, Effective: date.Draw(t, "effective"), Expires: date.Draw(t, "expires")}
		l.State = rapid.SampledFrom(registry.States()).Draw(t, "state")
		if rapid.Bool().Draw(t, "renewal") {
			l.Renewal = 1
		}
		s := &registry.Standing{License: l}
		course := s.Course()
		for i, turn := range course {
			if i == 0 && turn.From != 0 || i > 0 && (turn.From <= course[i-1].From || turn.Word == course[i-1].Word) {
				t.Fatalf("turns %v", course)
			}
		}
		for day := registry.Date(1); day < 45; day++ {
			q := registry.Question{Now: day.Start(), Standing: s}
			q.Identifier.Version = l.Version
			if want := registry.Judge(q).Word; on(course, day) != want {
				t.Fatalf("%s: %s, judged %s (%+v, course %v)", day, on(course, day), want, l, course)
			}
		}
	})
	if course := (&registry.Standing{}).Course(); course != nil {
		t.Errorf("a license that was never anchored has a course: %v", course)
	}
}

func on(course []registry.Turn, day registry.Date) (word registry.Word) {
	for _, t := range course {
		if t.From <= day {
			word = t.Word
		}
	}
	return word
}
