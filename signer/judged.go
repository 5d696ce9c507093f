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

// seal is what judge says of a seal, at a whole second.
func (j *judgements) seal(der []byte, at time.Time, judge func([]byte, time.Time) (*check.Seal, sm.KeyID, error)) (*check.Seal, sm.KeyID, error) {
	j.mu.Lock()
	last := j.last
	j.mu.Unlock()
	if last.at == at.Unix() && bytes.Equal(last.der, der) {
		return last.seal, last.key, nil
	}
	seal, key, err := judge(der, at)
	if err != nil {
		return nil, "", err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = judgement{bytes.Clone(der), at.Unix(), seal, key}
	return seal, key, nil
}

// readBackEvery is how often a document is read back as anyone else would read it,
// of one seal and certificate whose key is here. In between the signature and the time
// stamp are verified each time (check.ValueProblem), the seal with its chains each
// second. What is not read again is the package: the unsealed one was read strictly,
// against the content digest that was approved, its entries are copied as they stand,
// and the digests in Signature.xml are of what was read.
const readBackEvery = time.Minute

// readsBack tells whether this document is to be read back: none of its seal and
// certificate was, within readBackEvery, and held.
func (j *judgements) readsBack(seal, cert []byte, at time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.read {
		if last := &j.read[i]; bytes.Equal(last.seal, seal) && bytes.Equal(last.cert, cert) {
			return at.Sub(last.at) >= readBackEvery || at.Before(last.at)
		}
	}
	return true
}

// held notes that a document was read back and held.
func (j *judgements) held(seal, cert []byte, at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.read {
		if last := &j.read[i]; bytes.Equal(last.seal, seal) && bytes.Equal(last.cert, cert) {
			last.at = at
			return
		}
	}
	if len(j.read) >= mostRead {
		j.read = nil
	}
	j.read = append(j.read, lastRead{bytes.Clone(seal), cert, at})
}
