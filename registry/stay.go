package registry

// StayedBy is the ruling by which an act is not carried out for the time being.
type StayedBy struct {
	Document string   `json:"document"`
	From     Date     `json:"from"`
	By       RulingBy `json:"by,omitempty"` // whose kind of ruling it is; empty where it was recorded before this was kept
}

// MemberStay stays an act of the member's chain, through governance.
type MemberStay struct {
	Act      uint64   `json:"act"` // its sequence
	Document string   `json:"document"`
	From     Date     `json:"from"`
	By       RulingBy `json:"by,omitempty"` // as of StayedBy
}

// after is the stay that a ruling leaves of one, nil for none. It begins once, and
// is ended by the kind of body that made it: a court's by a court, a review body's
// by a review body, the author's own by the author. No ruling ends it before its
// first day.
func (s *StayedBy) after(r *Ruling) (*StayedBy, error) {
	switch {
	case r.Ends == (s == nil):
		return s, Errorf(CodeActState, "ruling", "a stay begins once, and ends once it has begun")
	case s == nil:
		return &StayedBy{Document: r.Document, From: r.From, By: r.By}, nil
	case s.By != "" && r.By != s.By:
		return s, Errorf(CodeStale, "ruling", "the act is stayed by %s: a ruling of the like ends that", s.Document)
	case r.From < s.From:
		return s, Errorf(CodeDateOrder, "ruling", "the stay began on %s", s.From)
	}
	return nil, nil
}

// The kind of ruling was appended to arrays of a length that readers know: it is
// left out where it is empty.
type (
	stayedBefore struct {
		_        struct{} `cbor:",toarray"`
		Document string
		From     Date
	}
	stayedNow struct {
		_        struct{} `cbor:",toarray"`
		Document string
		From     Date
		By       RulingBy
	}
	memberStayBefore struct {
		_        struct{} `cbor:",toarray"`
		Act      uint64
		Document string
		From     Date
	}
	memberStayNow struct {
		_        struct{} `cbor:",toarray"`
		Act      uint64
		Document string
		From     Date
		By       RulingBy
	}
)

// MarshalCBOR writes the stay.
func (s StayedBy) MarshalCBOR() ([]byte, error) {
	if s.By == "" {
		return canonicalEncoder.Marshal(stayedBefore{Document: s.Document, From: s.From})
	}
	return canonicalEncoder.Marshal(stayedNow{Document: s.Document, From: s.From, By: s.By})
}

// UnmarshalCBOR reads the stay in either length.
func (s *StayedBy) UnmarshalCBOR(raw []byte) error {
	var before stayedBefore
	if strictDecoder.Unmarshal(raw, &before) == nil {
		*s = StayedBy{Document: before.Document, From: before.From}
		return nil
	}
	var now stayedNow
	err := strictDecoder.Unmarshal(raw, &now)
	*s = StayedBy{Document: now.Document, From: now.From, By: now.By}
	return err
}

// MarshalCBOR writes the stay.
func (s MemberStay) MarshalCBOR() ([]byte, error) {
	if s.By == "" {
		return canonicalEncoder.Marshal(memberStayBefore{Act: s.Act, Document: s.Document, From: s.From})
	}
	return canonicalEncoder.Marshal(memberStayNow{Act: s.Act, Document: s.Document, From: s.From, By: s.By})
}

// UnmarshalCBOR reads the stay in either length.
func (s *MemberStay) UnmarshalCBOR(raw []byte) error {
	var before memberStayBefore
	if strictDecoder.Unmarshal(raw, &before) == nil {
		*s = MemberStay{Act: before.Act, Document: before.Document, From: before.From}
		return nil
	}
	var now memberStayNow
	err := strictDecoder.Unmarshal(raw, &now)
	*s = MemberStay{Act: now.Act, Document: now.Document, From: now.From, By: now.By}
	return err
}
