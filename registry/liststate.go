package registry

// Block names the newest block that a copy of the ledger holds.
type Block struct {
	Height uint64 `cbor:"1,keyasint" json:"height"`
	Time   int64  `cbor:"2,keyasint" json:"time"` // of its newest transaction, Unix seconds; 0 for an empty ledger
}

// ListState is a status list as a copy of the ledger keeps it, by change.
type ListState struct {
	List    uint32
	Codes   ListCodes
	Changed uint64        // height of the last change that is known
	Since   uint64        // Changes tell everything after this height
	Changes []ChangedCode // oldest first
}

// ChangedCode is one code that an entry changed.
type ChangedCode struct {
	Height uint64
	Index  uint32
	Code   ListCode
}

// After lists what changed after a height, each place once with its newest code;
// false when the state at that height is not known any more.
func (s *ListState) After(height uint64) ([]ListChange, bool) {
	if height < s.Since {
		return nil, false
	}
	var changes []ListChange
	at := map[uint32]int{}
	for _, c := range s.Changes {
		if c.Height <= height {
			continue
		}
		if i, seen := at[c.Index]; seen {
			changes[i].Code = c.Code
			continue
		}
		at[c.Index] = len(changes)
		changes = append(changes, ListChange{Index: c.Index, Code: c.Code})
	}
	return changes, true
}

// Placed is the printing that a place in a status list is given to.
type Placed struct {
	_          struct{} `cbor:",toarray"`
	Identifier Identifier
	Printing   uint32
}
