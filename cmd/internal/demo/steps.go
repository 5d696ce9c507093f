package demo

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tongzheng/api/codes"
	"tongzheng/api/resource"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// sheet is one printed page as the citizen holds it.
type sheet struct {
	number uint32
	pdf    []byte
	qr     string // as scanned from the rendered page
}

const (
	// Grant is the power that the story's license is granted under.
	Grant = "xg-direct-001"

	foodLicense = "11100000MB0143028R003" // 食品经营许可证
	bureauSeal  = "xg-approval-seal"
	printRun    = "2024-01"
)

func blank(form, number string) registry.Blank {
	return registry.Blank{Form: form, Run: printRun, Number: number}
}

// Issue: the clerk's system posts the approval result; two people sign.
func (s *Story) Issue() error {
	s.say("兴国县行政审批局核发食品经营许可证（直接承接的权力）", "Xingguo county's approval bureau grants a food operation license under a direct grant")
	_, clerk, err := s.as("xg-acceptor")
	if err != nil {
		return err
	}
	p, err := s.Act(s.application(clerk.Code), "xg-acceptor", "xg-approver")
	if err != nil {
		return err
	}
	s.base = p.Identifier
	ofd, err := s.document()
	if err != nil {
		return err
	}
	s.tell("电子证照 sealed OFD: %d bytes", len(ofd))
	return s.keepFile("license.ofd", ofd)
}

// application is for the story's license.
func (s *Story) application(bureau string) registry.Application {
	today := registry.DateOf(s.app.Config.Clock())
	return registry.Application{Act: registry.Issue, Type: foodLicense, Grant: Grant, Organization: bureau, Ground: "applied",
		Decision: "兴审食准〔2026〕901号", Case: storyCase, Seal: bureauSeal,
		Holder: registry.Holder{Name: "兴国县𠮷祥演示饭店有限公司", Code: company, CodeType: "001"},
		Fields: map[string]string{"KZ_FDDBR": "演示负责人一", "KZ_ZS": "江西省赣州市兴国县潋江镇演示路88号", "KZ_JYCS": "江西省赣州市兴国县潋江镇演示路88号一层",
			"KZ_ZTYT": "餐饮服务经营者", "KZ_JYXM": "热食类食品制售；冷食类食品制售", "KZ_TSJBDH": "12315"},
		Effective: today, Expires: today.AddYears(5) - 1,
		Copies: []registry.CopyRequest{{Copy: registry.Original, Blank: blank("SPJY-ZB", "JX00000901")}, {Copy: registry.Duplicate, Blank: blank("SPJY-FB", "JXF0000901")}}}
}

// company is a made credit code (organization part DEM…).
var company = func() string {
	const first = "91360732DEM200905"
	return first + string(registry.USCCCheck(first))
}()

// Print: original and duplicate, each with its own code and blank.
func (s *Story) Print() error {
	s.say("打印正本、副本，各有二维码与空白证照编号", "original and duplicate are printed, each with its own code and blank number")
	if err := s.sheet("original", s.base, 2); err != nil {
		return err
	}
	if err := s.sheet("duplicate", s.base, 3); err != nil {
		return err
	}
	if err := s.keepFile("paper.pdf", s.sheets["original"].pdf); err != nil {
		return err
	}
	return s.keepFile("qr.txt", []byte(s.sheets["original"].qr+"\n"))
}

// sheet fetches a printing, renders the page and scans the code from it.
func (s *Story) sheet(name string, id registry.Identifier, number uint32) error {
	return s.sheetOf("xg-printer", name, id, number)
}

// sheetOf is sheet with another organization's printer.
func (s *Story) sheetOf(login, name string, id registry.Identifier, number uint32) error {
	printer, _, err := s.as(login)
	if err != nil {
		return err
	}
	pdf, err := printer.Licenses.Paper(s.ctx, id, number, nil)
	if err != nil {
		return err
	}
	found, err := codes.NewReader(codes.Machine).Read(s.ctx, pdf)
	if err != nil {
		return err
	}
	qr := found[0].Text
	s.sheets[name] = sheet{number: number, pdf: pdf, qr: qr}
	s.tell("%s (%d): PDF %d bytes; 页面上的码 code read from the page: %d characters", name, number, len(pdf), len(qr))
	return nil
}

// document is the sealed file of version 001.
func (s *Story) document() ([]byte, error) {
	clerk, _, err := s.as("xg-acceptor")
	if err != nil {
		return nil, err
	}
	return clerk.Licenses.Document(s.ctx, s.base)
}

// Code is what is scanned from a sheet of the story: original, duplicate, …
func (s *Story) Code(sheet string) string { return s.sheets[sheet].qr }

// License is the identifier of the license that the story issues.
func (s *Story) License() registry.Identifier { return s.base }

// Ask is the body of a verification by code.
func Ask(qr string) resource.Question { return resource.Question{QR: qr} }

// scan: a citizen's phone opens the page, without account and without script.
func (s *Story) scan() error {
	s.say("市民扫描纸上的二维码", "a citizen scans the code on the paper")
	for _, name := range []string{"original", "duplicate"} {
		if err := s.Verify(name, Ask(s.sheets[name].qr), registry.Valid, ""); err != nil {
			return err
		}
	}
	address, _, _ := strings.Cut(s.sheets["original"].qr, "#")
	answer, err := http.Get(address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(page), registry.Valid.Info().Chinese) {
		return fmt.Errorf("the public page does not say 有效: %v", err)
	}
	s.tell("网页 page: %s", address)
	return nil
}

// spoil: one sheet is spoiled and printed again.
func (s *Story) spoil() error {
	s.say("副本打坏一张：作废后重打", "one sheet is spoiled and printed again")
	application := registry.Application{Act: registry.Spoil, Identifier: s.base, Grant: Grant, Organization: s.Organization(), Ground: "misprint", Printing: 3}
	if _, err := s.Act(application, "xg-printer"); err != nil {
		return err
	}
	application.Act, application.Copies = registry.Reprint, []registry.CopyRequest{{Copy: registry.Duplicate, Blank: blank("SPJY-FB", "JXF0000902")}}
	if _, err := s.Act(application, "xg-printer"); err != nil {
		return err
	}
	if err := s.sheet("reprint", s.base, 4); err != nil {
		return err
	}
	if err := s.Verify("spoiled duplicate", Ask(s.sheets["duplicate"].qr), registry.Void, registry.CheckStatus); err != nil {
		return err
	}
	return s.Verify("reprinted duplicate", Ask(s.sheets["reprint"].qr), registry.Valid, "")
}

// Organization is the credit code of the bureau that decides.
func (s *Story) Organization() string {
	account, _ := s.city.Account("xg-acceptor")
	return account.Code
}

// change: the legal representative changes; the number stays, the version rises.
func (s *Story) change() error {
	s.say("法定代表人变更：002 版，证号不变，旧纸件显示已被取代", "the legal representative changes: version 002, same number; the old paper says superseded")
	if err := s.keepOlder(); err != nil {
		return err
	}
	application := registry.Application{Act: registry.Change, Identifier: s.base, Grant: Grant, Organization: s.Organization(), Ground: "representative",
		Decision: "兴审食变〔2026〕901号", Case: "XG2026-0902", Seal: bureauSeal, Fields: map[string]string{"KZ_FDDBR": "演示负责人二"},
		Copies: []registry.CopyRequest{{Copy: registry.Original, Blank: blank("SPJY-ZB", "JX00000902")}}}
	p, err := s.Act(application, "xg-acceptor", "xg-approver")
	if err != nil {
		return err
	}
	s.changed = p.Identifier
	if err := s.sheet("second", s.changed, 6); err != nil {
		return err
	}
	if err := s.Verify("old original (001)", Ask(s.sheets["original"].qr), registry.Superseded, registry.CheckStatus); err != nil {
		return err
	}
	return s.Verify("new original (002)", Ask(s.sheets["second"].qr), registry.Valid, "")
}

// prove: everything about the license in one file, verified without the
// instance; one byte changed is found.
func (s *Story) prove() error {
	s.say("一份证据包：内容、经过、权力、回执，离线核验", "one bundle: document, acts, powers, receipts; verified offline")
	clerk, _, err := s.as("xg-acceptor")
	if err != nil {
		return err
	}
	raw, err := clerk.Licenses.Bundle(s.ctx, s.changed)
	if err != nil {
		return err
	}
	anchors, err := operator.ParseAnchors(s.app.RootsPEM())
	if err != nil {
		return err
	}
	v, err := check.Bundle(raw, anchors.Roots, time.Now(), check.BundleOptions{Networks: anchors.Networks})
	if err != nil {
		return err
	}
	if err := s.judge(fmt.Sprintf("license.bundle (%d bytes)", len(raw)), v, registry.Valid, ""); err != nil {
		return err
	}
	forged := bytes.Clone(raw)
	forged[len(forged)/2] ^= 1
	if v, err = check.Bundle(forged, anchors.Roots, time.Now(), check.BundleOptions{Networks: anchors.Networks}); err == nil {
		err = s.judge("改一个比特 one bit changed", v, registry.Altered, registry.CheckPackage)
	}
	if err != nil {
		return err
	}
	return s.keepFile("license.bundle", raw)
}

// cancel: on the holder's application; every paper says so, with the cause.
func (s *Story) cancel() error {
	s.say("持证人申请注销：新旧纸件都显示已注销及原因", "the holder applies for cancellation: both papers say so, with the cause")
	application := registry.Application{Act: registry.Cancel, Identifier: s.changed, Grant: Grant, Organization: s.Organization(), Ground: "applied",
		Decision: "兴审食注〔2026〕901号", Case: "XG2026-0903"}
	if _, err := s.Act(application, "xg-acceptor", "xg-approver"); err != nil {
		return err
	}
	for _, name := range []string{"original", "second"} {
		if err := s.Verify(name, Ask(s.sheets[name].qr), registry.IsCancelled, registry.CheckStatus); err != nil {
			return err
		}
	}
	return s.cause()
}
