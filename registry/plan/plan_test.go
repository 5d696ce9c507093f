package plan

import (
	"testing"
)

func TestEveryPlanLoads(t *testing.T) {
	for _, name := range Names() {
		if _, err := Load(name); err != nil {
			t.Error(err)
		}
	}
}
