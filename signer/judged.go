package signer

import (
	"bytes"
	"sync"
	"time"

	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// judgements remembers what was found of a seal in this second: of a flood of
// licenses under one seal, its maker, chains and periods are judged once a second,
// not three hundred times. Another seal, or another second, is judged anew.
type judgements struct {
	mu   sync.Mutex
	last judgement
	read []lastRead
}

// lastRead is when a document of a seal and certificate was read back.
type lastRead struct {
	seal, cert []byte
	at         time.Time
}

// mostRead bounds what is remembered of documents read back.
const mostRead = 64

type judgement struct {
	der  []byte
	at   int64 // Unix seconds
	seal *check.Seal
	key  sm.KeyID
}

// judgedSeal is usableSeal at a whole second.
func (s *Service) judgedSeal(der []byte, at time.Time) (*check.Seal, sm.KeyID, error) {
	s.judged.mu.Lock()
	last := s.judged.last
	s.judged.mu.Unlock()
	if last.at == at.Unix() && bytes.Equal(last.der, der) {
		return last.seal, last.key, nil
	}
	seal, key, err := s.usableSeal(der, at)
	if err != nil {
		return nil, "", err
	}
	s.judged.mu.Lock()
	defer s.judged.mu.Unlock()
	s.judged.last = judgement{bytes.Clone(der), at.Unix(), seal, key}
	return seal, key, nil
}

// readBackEvery is how often a document is read back as anyone else would read it,
// of one seal and certificate whose key is here. In between nothing is verified
// twice: the key store returns no signature that does not verify, the unsealed
// package was read strictly, and its entries are copied.
const readBackEvery = time.Minute

// readsBack tells whether this document is to be read back.
func (s *Service) readsBack(seal, cert []byte, at time.Time) bool {
	s.judged.mu.Lock()
	defer s.judged.mu.Unlock()
	for i := range s.judged.read {
		last := &s.judged.read[i]
		if !bytes.Equal(last.seal, seal) || !bytes.Equal(last.cert, cert) {
			continue
		}
		if at.Sub(last.at) < readBackEvery && !at.Before(last.at) {
			return false
		}
		last.at = at
		return true
	}
	if len(s.judged.read) >= mostRead {
		s.judged.read = nil
	}
	s.judged.read = append(s.judged.read, lastRead{bytes.Clone(seal), cert, at})
	return true
}
