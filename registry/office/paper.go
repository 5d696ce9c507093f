package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Papers hands out what a license is on: the sealed file, sheets for the
// printer, single fields with their proofs.
type Papers struct {
	*common
	access *access
	acts   interface {
		Proceeding(ctx context.Context, intent sm.Digest) (*Proceeding, error)
	}
	licenses interface {
		Version(ctx context.Context, base string, version int) (*Version, error)
		ByToken(ctx context.Context, token registry.Token) (*PrintingRef, error)
		Printings(ctx context.Context, base string) ([]PrintingRef, error)
		KeepQR(ctx context.Context, token registry.Token, text string) (string, error)
	}
	catalog interface {
		Type(ctx context.Context, code string, version int) (*registry.LicenseType, error)
	}
	renderer interface {
		Paper(sheet registry.PaperSheet) ([]byte, error)
	}
	drawer Drawer
	sealer interface {
		SignQR(ctx context.Context, ask registry.QRRequest) (string, error)
	}
}

// Document returns the sealed electronic license of a version, once released.
func (o *Papers) Document(ctx context.Context, by registry.Actor, id registry.Identifier) (*Version, error) {
	file, err := o.access.admit(ctx, by, id, registry.MaySeeDocument)
	if err != nil {
		return nil, err
	}
	v, err := o.licenses.Version(ctx, id.Base(), id.Version)
	if err != nil {
		return nil, err
	}
	if err := v.Copied.Whole(); err != nil {
		return nil, err
	}
	if v.Released && v.Damaged {
		return nil, registry.Errorf(registry.CodeInternal, "", "what is stored of version %03d is not the document that was sealed", id.Version)
	}
	if !v.Released || len(v.Sealed) == 0 {
		return nil, o.proposed(ctx, by, v, "version", "version %03d is not released: not anchored yet, or refused")
	}
	if err := o.access.read(ctx, by, "document", v.Identifier.String(), file); err != nil {
		return nil, err
	}
	return v, nil
}

// proposed refuses what a version that is no license yet does not give. Who does not
// see the act that makes it is told that there is none.
func (o *Papers) proposed(ctx context.Context, by registry.Actor, v *Version, field, why string) error {
	p, err := o.acts.Proceeding(ctx, v.Intent)
	if err != nil {
		return err
	}
	if err := o.seesProceeding(by, p); registry.CodeOf(err) == registry.CodeNotFound {
		return hidden()
	} else if err != nil {
		return err
	}
	return registry.Errorf(registry.CodeActState, field, why, v.Identifier.Version)
}

// Sheet renders the printing of a number for the printer, once released.
func (o *Papers) Sheet(ctx context.Context, by registry.Actor, id registry.Identifier, number uint32, overprint *registry.Overprint) ([]byte, error) {
	if err := o.access.license(ctx, by, id, registry.MaySeeSheets); err != nil {
		return nil, err
	}
	printings, err := o.licenses.Printings(ctx, id.Base())
	if err != nil {
		return nil, err
	}
	for _, p := range printings {
		if p.Printing.Number == number && !p.Lost {
			return o.Paper(ctx, by, p.Token, overprint)
		}
	}
	return nil, registry.Errorf(registry.CodeNotFound, "number", "no printing %d of this license", number)
}

// Paper renders one printing for the printer, once released.
func (o *Papers) Paper(ctx context.Context, by registry.Actor, token registry.Token, overprint *registry.Overprint) ([]byte, error) {
	// 1. Only released printings: of an anchored act, or released as pending.
	ref, err := o.licenses.ByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	file, err := o.access.admit(ctx, by, ref.Identifier, registry.MaySeeSheets)
	if err != nil {
		return nil, err
	}
	version, err := o.licenses.Version(ctx, ref.Identifier.Base(), ref.Identifier.Version)
	if err != nil {
		return nil, err
	}
	if ref.Printing.Copy == registry.Electronic {
		return nil, registry.Errorf(registry.CodePrinting, "token", "the electronic file is handed out as OFD, not as paper")
	}
	if err := o.printable(ctx, ref, version); err != nil {
		return nil, err
	}
	t, err := o.catalog.Type(ctx, version.Identifier.Type, version.TypeVersion)
	if err != nil {
		return nil, err
	}
	// 2. The code is signed when the sheet is first printed, and kept.
	qr, err := o.qr(ctx, ref, version)
	if err != nil {
		return nil, err
	}
	// 3. Draw it.
	rule, _ := t.Copy(ref.Printing.Copy)
	made, err := o.acts.Proceeding(ctx, version.Intent)
	if err != nil {
		return nil, err
	}
	if err := o.access.read(ctx, by, "sheet", ref.Identifier.String(), file); err != nil {
		return nil, err
	}
	return o.renderer.Paper(registry.PaperSheet{
		Document: registry.ElectronicDocument{Content: registry.Compose(t, version.Facts), Type: t, IssuerName: version.Facts.IssuerName,
			Issued: version.Facts.Issued, QRText: qr, Demo: o.config.Demo},
		Copy: ref.Printing.Copy, Page: rule.Page, Blank: ref.Printing.Blank, Printing: ref.Printing.Number,
		QRText: qr, Seal: made.Intent.Seal, Overprint: overprint,
	})
}

// printable: the sheet is on the ledger and good, or an approver released it
// as pending.
func (o *Papers) printable(ctx context.Context, ref *PrintingRef, version *Version) error {
	if !version.Released {
		return registry.Errorf(registry.CodeActState, "token", "not released: the act is not anchored yet, or was refused")
	}
	standing, err := o.view.Standing(ref.Identifier.Base())
	if err != nil {
		return err
	}
	var sheet *registry.Sheet
	ok := false
	if standing.License != nil {
		sheet, ok = standing.License.Sheet(ref.Printing.Number)
	}
	if !ok && version.Pending {
		return nil // a change released as pending
	}
	if !ok {
		return registry.Errorf(registry.CodeActState, "token", "printing %d is not anchored yet", ref.Printing.Number)
	}
	if !sheet.State.Good() {
		return registry.Errorf(registry.CodePrintingState, "token", "printing %d is %s", ref.Printing.Number, sheet.State)
	}
	return nil
}

// Code is the text of a printing's QR code, signed when it is first asked for.
func (o *Papers) Code(ctx context.Context, by registry.Actor, token registry.Token) (string, error) {
	ref, err := o.licenses.ByToken(ctx, token)
	if err != nil {
		return "", err
	}
	file, err := o.access.admit(ctx, by, ref.Identifier, registry.MaySeeSheets)
	if err != nil {
		return "", err
	}
	version, err := o.licenses.Version(ctx, ref.Identifier.Base(), ref.Identifier.Version)
	if err != nil {
		return "", err
	}
	if err := o.access.read(ctx, by, "code", ref.Identifier.String(), file); err != nil {
		return "", err
	}
	return o.qr(ctx, ref, version)
}

// qr returns the signed text of a printing's code, made once.
func (o *Papers) qr(ctx context.Context, ref *PrintingRef, version *Version) (string, error) {
	if ref.QR != "" {
		return ref.QR, nil
	}
	text, err := o.sealer.SignQR(ctx, registry.QRRequest{Public: o.config.PublicURL, Identifier: ref.Identifier,
		Printing: ref.Printing, HolderName: version.Facts.Holder.Name, Effective: version.Facts.Effective, Expires: version.Facts.Expires})
	if err != nil {
		return "", err
	}
	return o.licenses.KeepQR(ctx, ref.Token, text)
}
