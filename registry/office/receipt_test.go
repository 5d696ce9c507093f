package office

import (
	"testing"
	"time"

	"tongzheng/registry"
)

// A renewal's acceptance is dated by its application: by the receipt where the
// case has one, never before the license's last act, and late where the ledger
// no longer takes it as timely. What an application dates itself stays.
func TestRenewalCountsFromReceipt(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, registry.China)
	ago := func(days int) int64 { return now.AddDate(0, 0, -days).Unix() }
	situation := registry.Situation{Now: now, Powers: &registry.Powers{Rules: &registry.Rules{MaxBackdate: 10 * 24 * 3600}},
		Standing: &registry.Standing{License: &registry.License{Decided: ago(12)}}}
	file := &registry.CaseFile{Receipt: &registry.CaseReceipt{Received: ago(4)}}
	for name, test := range map[string]struct {
		act      registry.Act
		file     *registry.CaseFile
		decided  int64
		received int64
		want     int64
		late     bool
	}{
		"received four days ago":            {registry.AcceptRenewal, file, 0, ago(4), ago(4), false},
		"longer ago than is timely":         {registry.AcceptRenewal, file, 0, ago(11), ago(11), true},
		"before the license's last act":     {registry.AcceptRenewal, file, 0, ago(20), ago(12), true},
		"dated by the application":          {registry.AcceptRenewal, file, ago(1), ago(4), ago(1), false},
		"another act":                       {registry.Annotate, file, 0, ago(4), 0, false},
		"no case":                           {registry.AcceptRenewal, nil, 0, 0, 0, false},
		"accepted at once, without receipt": {registry.AcceptRenewal, &registry.CaseFile{}, 0, 0, 0, false},
	} {
		if test.file == file {
			file.Receipt.Received = test.received
		}
		app := registry.Application{Act: test.act}
		if test.decided != 0 {
			app.Decided = time.Unix(test.decided, 0)
		}
		sinceReceipt(&app, test.file, situation)
		got := int64(0)
		if !app.Decided.IsZero() {
			got = app.Decided.Unix()
		}
		if got != test.want || app.Register != test.late {
			t.Errorf("%s: decided %d, late %t; want %d, %t", name, got, app.Register, test.want, test.late)
		}
	}
}
