package registry

import "tongzheng/registry/sm"

// FactsDigest is the evidence of a collected version (Intent.Evidence): what
// the registry says of it, under the license's secret, because its fields
// cannot be read from every file as it came. fieldRoot is Content.FieldRoot.
func FactsDigest(fieldRoot sm.Digest) sm.Digest {
	return sm.Tagged("tongzheng collected facts v1", fieldRoot[:])
}

// checkCollected holds an application for a collected version, or one without,
// against the type's source.
func (app *Application) checkCollected(t *LicenseType) error {
	switch {
	case !app.Act.MakesVersion():
		if app.Collected != nil {
			return Errorf(CodeUnknownField, "collected", "%s makes no version", app.Act)
		}
	case t.Source == Collected && app.Collected == nil:
		return Errorf(CodeTypeSource, "type", "%s is made by another system: hand its file in to be collected", t.Name)
	case t.Source != Collected && app.Collected != nil:
		return Errorf(CodeTypeSource, "type", "%s is made here", t.Name)
	case app.Collected != nil && app.Seal != "":
		return Errorf(CodeUnknownField, "seal", "no seal of ours is put to a collected version")
	case app.Collected != nil && len(app.Copies) > 0:
		return Errorf(CodeUnknownField, "copies", "a collected version is printed by its maker")
	case app.Collected != nil && app.Remark != "":
		return Errorf(CodeUnknownField, "remark", "a collected version has none")
	case app.Collected != nil:
		return CheckText("collected.system", app.Collected.System, 100)
	}
	return nil
}

// collectedIdentifier is the identifier that the other system gave.
func (app *Application) collectedIdentifier(t *LicenseType, decider string) (Identifier, error) {
	id := app.Identifier
	if id.IsZero() {
		return id, Errorf(CodeMissing, "identifier", "a collected license keeps the identifier that its maker gave")
	}
	if id.Type != t.Code || id.Issuer != decider {
		return id, Errorf(CodeIdentifierForm, "identifier", "type or issuer are not those of the application")
	}
	return id, id.Validate()
}
