package office

import (
	"strings"
	"testing"

	"tongzheng/registry"
)

// TestCheckFileSize: a file has a bound of steps and one of bytes, each named.
func TestCheckFileSize(t *testing.T) {
	t.Parallel()
	long := registry.CaseStep{Content: strings.Repeat("x", fileBytesMost/2)}
	for _, test := range []struct {
		steps []registry.CaseStep
		field string
	}{
		{make([]registry.CaseStep, fileStepsMost), ""},
		{make([]registry.CaseStep, fileStepsMost+1), "case"},
		{[]registry.CaseStep{long}, ""},
		{[]registry.CaseStep{long, long}, "content"},
	} {
		err := checkFileSize(test.steps)
		if test.field == "" && err != nil {
			t.Errorf("%d steps: %v", len(test.steps), err)
		}
		if refused, ok := err.(*registry.Error); test.field != "" && (!ok || refused.Code != registry.CodeTooLarge || refused.Field != test.field) {
			t.Errorf("%d steps: %v, want too-large of %s", len(test.steps), err, test.field)
		}
	}
}
