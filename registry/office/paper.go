package office

import (
	"context"

	"tongzheng/registry"
)

// Document returns the sealed electronic license of a version, once released.
func (o *Office) Document(ctx context.Context, base string, version int) (*Version, error) {
	v, err := o.Store.Version(ctx, base, version)
	if err != nil {
		return nil, err
	}
	if !v.Released || len(v.Sealed) == 0 {
		return nil, registry.Errorf(registry.CodeActState, "version", "version %03d is not released: not anchored yet, or refused", v.Identifier.Version)
	}
	return v, nil
}

// Paper renders one printing for the printer, once released.
func (o *Office) Paper(ctx context.Context, token registry.Token, overprint *registry.Overprint) ([]byte, error) {
	// 1. Only released printings: of an anchored act, or released as pending.
	ref, err := o.Store.ByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	version, err := o.Store.Version(ctx, ref.Identifier.Base(), ref.Identifier.Version)
	if err != nil {
		return nil, err
	}
	if ref.Printing.Copy == registry.Electronic {
		return nil, registry.Errorf(registry.CodePrinting, "token", "the electronic file is handed out as OFD, not as paper")
	}
	if err := o.printable(ctx, ref, version); err != nil {
		return nil, err
	}
	t, err := o.Store.Type(ctx, version.Identifier.Type, version.TypeVersion)
	if err != nil {
		return nil, err
	}
	// 2. The code is signed when the sheet is first printed, and kept.
	qr, err := o.QR(ctx, ref, version)
	if err != nil {
		return nil, err
	}
	// 3. Draw it.
	rule, _ := t.Copy(ref.Printing.Copy)
	made, err := o.Store.Proceeding(ctx, version.Intent)
	if err != nil {
		return nil, err
	}
	return o.Renderer.Paper(registry.PaperSheet{
		Document: registry.ElectronicDocument{Content: registry.Compose(t, version.Facts), Type: t, IssuerName: version.Facts.IssuerName,
			Issued: version.Facts.Issued, QRText: qr, Demo: o.Config.Demo},
		Copy: ref.Printing.Copy, Page: rule.Page, Blank: ref.Printing.Blank, Printing: ref.Printing.Number,
		QRText: qr, Seal: made.Intent.Seal, Overprint: overprint,
	})
}

// printable: the sheet is on the ledger and good, or an approver released it
// as pending.
func (o *Office) printable(ctx context.Context, ref *PrintingRef, version *Version) error {
	if !version.Released {
		return registry.Errorf(registry.CodeActState, "token", "not released: the act is not anchored yet, or was refused")
	}
	standing, err := o.View.Standing(ref.Identifier.Base())
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

// QR returns the signed text of a printing's code, made once.
func (o *Office) QR(ctx context.Context, ref *PrintingRef, version *Version) (string, error) {
	if ref.QR != "" {
		return ref.QR, nil
	}
	text, err := o.Sealer.SignQR(ctx, registry.QRRequest{Prefix: o.Config.PublicURL + "/v/", Token: ref.Token, Identifier: ref.Identifier,
		Printing: ref.Printing, HolderName: version.Facts.Holder.Name, Effective: version.Facts.Effective, Expires: version.Facts.Expires})
	if err != nil {
		return "", err
	}
	return o.Store.KeepQR(ctx, ref.Token, text)
}
