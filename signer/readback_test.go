package signer

import (
	"testing"
	"time"

	"tongzheng/registry"
)

// TestReadBackIsNotSlippedBy: a document that did not read back does not leave the
// signer when it is asked for again.
func TestReadBackIsNotSlippedBy(t *testing.T) {
	s := newStage(t)
	job := s.job()
	s.service.cfg.Options.Limits.PackageBytes = len(job.Version.Unsealed) + 10 // the unsealed one is within it, the sealed one is not
	for i := range 3 {
		if _, err := s.service.Seal(t.Context(), job); registry.CodeOf(err) != registry.CodeTooLarge {
			t.Errorf("attempt %d: %v", i+1, err)
		}
		s.now = s.now.Add(2 * time.Second)
	}
}
