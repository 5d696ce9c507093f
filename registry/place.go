package registry

// AsksPlace tells whether who issues under the grant states the license's place
// (属地): the territory is wider than a county, and a later handover of one county
// would not reach what belongs to the whole.
func (g *Grant) AsksPlace() bool { return len(g.Territory) == 6 && g.Territory[4:] == "00" }

// checkPlace holds an application's place against its act and the grant's
// territory. A license keeps its place for good: a later act has none to state.
// CodeMissing, CodeUnknownField, CodeMalformed, CodeGrantTerritory.
func (p *Powers) checkPlace(app Application) error {
	g := p.Grant
	switch {
	case app.Act != Issue && app.Place == "":
		return nil
	case app.Act != Issue:
		return Errorf(CodeUnknownField, "place", "a license keeps the place it was issued for: for another one it is cancelled and issued anew")
	case !p.Rules.Since(RulesOfRelations) && app.Place != "":
		return Errorf(CodeUnknownField, "place", "licenses have a place since rules %d", RulesOfRelations)
	case app.Place == "" && p.Rules.Since(RulesOfRelations) && g.AsksPlace():
		return Errorf(CodeMissing, "place", "the county, town or street within %s that the license belongs to; %s itself when it is for the whole", g.Territory, g.Territory)
	case app.Place == "":
		return nil
	case !regionForm(app.Place):
		return Errorf(CodeMalformed, "place", "a region code: 6 digits, 9 for a town or street")
	case !Within(app.Place, g.Territory):
		return Errorf(CodeGrantTerritory, "place", "%s does not lie in %s", app.Place, g.Territory)
	}
	return nil
}
