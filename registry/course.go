package registry

// Turn is a day from which a license has another word.
type Turn struct {
	From Date
	Word Word
}

// Course is the words that a license has from day to day, as the ledger stands now:
// what Judge says of its present version, with no more known than the ledger says.
// The first turn is from the beginning of days (0) on, each holds until the next.
// Empty for a license that was never anchored.
func (s *Standing) Course() []Turn {
	l := s.License
	if l == nil {
		return nil
	}
	q := Question{Standing: s}
	q.Identifier.Version = l.Version
	v := &Verdict{}
	switch word := v.status(q); word {
	case Valid, NotYetEffective, Expired:
	default:
		return []Turn{{0, word}} // whatever the day
	}
	var turns []Turn
	add := func(from Date, word Word) {
		from = max(from, 0)
		for len(turns) > 0 && turns[len(turns)-1].From >= from {
			turns = turns[:len(turns)-1]
		}
		if len(turns) == 0 {
			from = 0
		}
		turns = append(turns, Turn{from, word})
	}
	add(0, NotYetEffective)
	add(l.Effective, Valid)
	if l.Renewal == 0 && l.Expires < LongTerm {
		add(max(l.Expires+1, l.Effective), Expired)
	}
	return turns
}

// Tally is how many licenses of a type an issuer has under a word.
type Tally struct {
	Issuer, Type string
	Word         Word
	Licenses     int
}
