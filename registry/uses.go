package registry

// Uses are how many blanks are used, by the present state of the sheets on them.
type Uses [PrintingDestroyed + 1]int

// All is how many there are.
func (u Uses) All() (n int) {
	for _, some := range u {
		n += some
	}
	return n
}

// Plus adds others, times by.
func (u Uses) Plus(others Uses, by int) Uses {
	for state, some := range others {
		u[state] += by * some
	}
	return u
}
