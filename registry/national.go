package registry

// NationalRow is what exports to national interfaces carry of one act
// (certState and operateType as the construction ministry's interface has
// them; the GB/T 36906 interfaces use the same words).
type NationalRow struct {
	State       string     `json:"certState"`
	Description string     `json:"certStateDesc,omitempty"` // asked for with 99, useful with others
	Operation   string     `json:"operateType"`
	Replaces    Identifier `json:"associatedCert,omitzero"` // the version that a change or renewal replaces
}

// nationalStates maps what has a code of its own; 撤回 has none.
var nationalStates = map[State]string{Effective: "01", Suspended: "02", Revoked: "03", Cancelled: "04", Penalized: "07"}

// National says, in the national codes, where the license stands on a day and
// which operation its last act was. It is empty for a license that was never
// anchored.
func (s *Standing) National(today Date) NationalRow {
	if s.License == nil || len(s.Entries) == 0 {
		return NationalRow{}
	}
	state, cause := s.State()
	row := NationalRow{State: nationalStates[state], Description: cause.Act.Chinese()}
	if before := s.before(); before != nil {
		row.Description = before.Act.Chinese() + "后" + cause.Act.Chinese()
	}
	switch {
	case row.State == "":
		row.State = "99"
	case state == Effective && s.License.dated(today) == Expired:
		row.State, row.Description = "05", "有效期届满"
	}
	last := s.Entries[len(s.Entries)-1].Entry.Intent
	row.Operation = last.operation()
	if last.Act.MakesVersion() && last.Identifier.Version > 1 {
		row.Replaces = last.Identifier.WithVersion(last.Identifier.Version - 1)
	}
	if last.Replaces() {
		row.Replaces = last.Closes.Identifier
	}
	return row
}

// operation is the act's operateType; a cancellation for expiry has its own, and
// so has a license that a successor makes in place of another one (转入).
func (in *Intent) operation() string {
	if in.Replaces() {
		return "08"
	}
	if in.Act == Cancel && in.Ground == GroundExpired {
		return "04"
	}
	rule, _ := in.Act.Rule()
	return rule.Operation
}
