package postgres_test

import (
	"testing"
	"time"

	"tongzheng/registry"
)

// TestReviewFiles: a number is an organization's own and used once; a closed
// file names no license any more, and is not closed twice.
func TestReviewFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const county, other = "113607320000000000", "113607310000000000"
	add := func(organization, number string, at time.Duration, licenses ...string) error {
		return w.Store.Reviews.AddReview(ctx(), &registry.ReviewFile{Number: number, Organization: organization, Kind: registry.ReviewComplaint, Basis: "文号",
			Licenses: licenses, Opened: w.now().Add(at), OpenedBy: "a"})
	}
	w.must(add(county, "1", 0, "x", "y"))
	w.must(add(county, "2", time.Second, "y"))
	w.must(add(other, "1", 0, "y"))
	if err := add(county, "1", time.Minute, "z"); registry.CodeOf(err) != registry.CodeReviewNumber {
		t.Errorf("a number used twice: %v", err)
	}
	naming := func(organization, base string) (numbers string) {
		list, err := w.Store.Reviews.OpenReviews(ctx(), organization, base)
		w.must(err)
		for _, f := range list {
			numbers += f.Number
		}
		return numbers
	}
	for base, want := range map[string]string{"x": "1", "y": "12", "z": ""} {
		if got := naming(county, base); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
	w.must(w.Store.Reviews.CloseReview(ctx(), county, "1", w.now().Add(time.Hour), "b"))
	if got := naming(county, "x") + naming(county, "y") + naming(other, "y"); got != "21" {
		t.Errorf("after the closing: %s", got)
	}
	for number, want := range map[string]registry.Code{"1": registry.CodeActState, "9": registry.CodeNotFound, "\x00": registry.CodeNotFound} {
		if err := w.Store.Reviews.CloseReview(ctx(), county, number, w.now(), "b"); registry.CodeOf(err) != want {
			t.Errorf("closing %q: %v", number, err)
		}
	}
	f, err := w.Store.Reviews.Review(ctx(), county, "1")
	w.must(err)
	if f.Open() || f.ClosedBy != "b" || f.Kind != registry.ReviewComplaint || len(f.Licenses) != 2 {
		t.Errorf("%+v", f)
	}
	list, err := w.Store.Reviews.Reviews(ctx(), county, 10)
	w.must(err)
	if len(list) != 2 || list[0].Number != "2" || list[1].Number != "1" {
		t.Errorf("open ones first: %+v", list)
	}
}
