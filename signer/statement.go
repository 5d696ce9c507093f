package signer

import (
	"context"
	"crypto/subtle"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// State says what this signer's own copy of the ledger says of a file, a scanned
// code, a printing or a license, and signs it. It checks file and code itself; of
// what the registry keeps it says nothing. CodeMissing when nothing is named,
// CodePrinting for a token of another printing, CodeUnavailable while the copy is
// behind the ledger.
func (a *Attester) State(ctx context.Context, ask registry.StatementRequest) (*registry.SignedStatement, error) {
	c, err := a.copied()
	if err != nil {
		return nil, err
	}
	now := a.service.now()
	// 1. What is meant, and whether it is whole.
	q := registry.Question{Now: now}
	paper := &paper{ask: &ask}
	seal, err := a.meant(ctx, c, &q, paper)
	if err != nil {
		return nil, err
	}
	// 2. What the ledger says of it.
	q.Knowledge = a.knowledge(c, now)
	if q.Standing, err = c.Standing(q.Identifier.Base()); err != nil {
		return nil, err
	}
	if paper.of != nil {
		if err := paper.held(&q); err != nil {
			return nil, err
		}
	} else {
		anchoredSeal(&q, seal, ask.File != nil)
		anchoredSheet(&q, ask.Printing)
	}
	if q.Standing.License != nil && q.Standing.License.Replaces != nil {
		if q.Replaces, err = c.Standing(q.Standing.License.Replaces.License.Base()); err != nil {
			return nil, err
		}
	}
	// 3. One word, under the address that the ledger knows.
	by, err := a.speaksAt(ctx, c, q.Identifier.Issuer, ask.Public)
	if err != nil {
		return nil, err
	}
	signed := &registry.SignedStatement{Statement: registry.NewStatement(by, a.cfg.Ledger, registry.Judge(q), q.Printing)}
	if ask.File != nil {
		signed.Statement.File = sm.Sum(ask.File)
	}
	signed.Key, signed.Signature, err = a.signStatus(signed.Statement.Message())
	return signed, err
}

// meant finds license and printing, with the checks of how they were found, and the
// digest of a file's seal.
func (a *Attester) meant(ctx context.Context, c Copy, q *registry.Question, p *paper) (seal sm.Digest, err error) {
	ask := p.ask
	switch {
	case ask.File != nil:
		checker := check.Checker{Roots: a.cfg.Roots, Options: a.cfg.Options, Members: func(issuer string) *check.Member {
			p.of = a.elsewhere(ctx, c, issuer, ask.Keys)
			return p.of
		}}
		report, err := checker.Document(ask.File, q.Now)
		if err != nil {
			return seal, err
		}
		q.Identifier, q.Checks, seal, p.document = report.Identifier, report.Checks, report.SealDigest, report
	case ask.QR != "":
		return seal, a.meantByCode(ctx, c, q, p)
	case !ask.Token.IsZero():
		q.Identifier, q.Printing = ask.Identifier, ask.Printing.Number
		if p.of = a.elsewhere(ctx, c, ask.Identifier.Issuer, ask.Keys); p.of != nil {
			break // the ledger says whose the token is
		}
		if err := a.checkToken(q, ask.Token, *ask); err != nil {
			return seal, err
		}
	default:
		q.Identifier, q.Printing = ask.Identifier, ask.Printing.Number
	}
	if q.Identifier.IsZero() {
		return seal, registry.Errorf(registry.CodeMissing, "identifier", "a statement is about a license that is named")
	}
	return seal, nil
}

// meantByCode reads a scanned text: its payload names the printing, its token must
// be that printing's.
func (a *Attester) meantByCode(ctx context.Context, c Copy, q *registry.Question, shown *paper) error {
	ask := *shown.ask
	code, err := check.ParseQR(ask.QR)
	if err != nil {
		return err
	}
	issuer := ask.Identifier.Issuer
	if code.Payload != nil {
		issuer = code.Payload.Identifier.Issuer
	}
	if shown.of = a.elsewhere(ctx, c, issuer, ask.Keys); shown.of != nil {
		return shown.code(q, code)
	}
	if code.Payload == nil {
		q.Identifier, q.Printing = ask.Identifier, ask.Printing.Number
		return a.checkToken(q, code.Token, ask)
	}
	keys, err := a.cfg.QRKeys()
	if err != nil {
		return err
	}
	p := code.Payload
	q.Identifier, q.Printing = p.Identifier, p.Printing
	q.Checks = append(q.Checks, check.VerifyQR(code, keys))
	if ask.Identifier != p.Identifier || ask.Printing.Number != p.Printing {
		return registry.Errorf(registry.CodePrinting, "printing", "the code is another printing's")
	}
	return a.checkToken(q, code.Token, ask)
}

// checkToken makes the token again: the registry cannot show one license's code and
// name another.
func (a *Attester) checkToken(q *registry.Question, token registry.Token, ask registry.StatementRequest) error {
	key, err := a.cfg.tokenKey()
	if err != nil {
		return err
	}
	want := registry.NewToken(key, ask.Identifier, ask.Printing)
	if subtle.ConstantTimeCompare(want[:], token[:]) != 1 {
		return registry.Errorf(registry.CodePrinting, "token", "the code is another printing's")
	}
	q.Checks = append(q.Checks, registry.Pass(registry.CheckQRToken, "二维码属于此份印件", "the code belongs to this printing"))
	return nil
}

// anchoredSeal: a file is the one on the ledger when its seal is.
func anchoredSeal(q *registry.Question, seal sm.Digest, file bool) {
	made, ok := q.Standing.VersionEntry(q.Identifier.Version)
	if !file || !ok || made.Entry.Intent.Collected != nil {
		return
	}
	if made.Entry.Seal != seal {
		q.Checks = append(q.Checks, registry.Fail(registry.CheckDocument, "document-replaced", "电子证照不是账本登记的那一份", "the document is not the one on the ledger"))
		return
	}
	q.Checks = append(q.Checks, registry.Pass(registry.CheckDocument, "电子证照即账本登记的那一份", "the document is the one on the ledger"))
}

// anchoredSheet: a printing is the one that the ledger has under its number; the
// sheet of an attempt that was refused is none.
func anchoredSheet(q *registry.Question, sheet registry.Printing) {
	l := q.Standing.License
	if q.Printing == 0 || l == nil || l.Version < q.Identifier.Version {
		return
	}
	if anchored, ok := q.Standing.Printing(q.Printing); ok && anchored == sheet {
		return
	}
	q.Standing = &registry.Standing{}
	q.Checks = append(q.Checks, registry.Note(registry.CheckAnchor, "printing-not-anchored", "这一份印件没有登记在账本上", "this sheet was never recorded on the ledger"))
}
