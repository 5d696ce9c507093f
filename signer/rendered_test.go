package signer

import (
	"os"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/signer/check"
	"tongzheng/signer/render"
)

// TestRenderedLicenseIsSealed seals a license as the office renders it, with
// the drawn impression. With TONGZHENG_KEEP_SEALED the file is kept, for other
// people's verifiers.
func TestRenderedLicenseIsSealed(t *testing.T) {
	fonts, err := render.LoadFonts(render.DefaultFonts())
	if err != nil {
		t.Skipf("fonts are not installed (make deps): %v", err)
	}
	drawing := render.New(fonts)
	f := newFixture(t)
	id := registry.Identifier{Type: testType, Issuer: testOrg, Serial: "2026000001", Version: 1}
	fields := []registry.LabeledField{
		{Name: "ZZMC", Label: "证照名称", Value: "食品经营许可证", Hidden: true}, {Name: "ZZBS", Label: "电子证照标识", Value: id.String(), Hidden: true},
		{Name: "ZZBH", Label: "证照编号", Value: "JY13607320000017"}, {Name: "CZZT", Label: "持证主体", Value: "𠮷祥饭店"},
	}
	unsealed, err := drawing.OFD(render.Document{Content: registry.Content{Identifier: id, Title: "食品经营许可证", Fields: fields}, IssuerName: "兴国县行政审批局",
		IssuedDate: registry.DateOf(f.now), QRText: "https://lic.example.gov.cn/v/AAAAAAAAAAAAAAAAAAAAAAAAAA", Copy: registry.Electronic, Page: render.A4Landscape, Demonstration: true})
	must(t, err)
	picture, _, err := drawing.SealPicture(render.SealDrawing{Ring: "兴国县行政审批局", Bottom: "审批专用章", DPI: 300})
	must(t, err)
	spec := f.spec()
	spec.Picture.Data = picture
	job := f.job()
	job.Seal, err = MakeSeal(f.keys, f.maker(t), spec)
	must(t, err)
	box := render.SealBoundary(render.A4Landscape, 42, 42)
	job.Boundary = Box{box.X, box.Y, box.Width, box.Height}
	start := time.Now()
	sealed, _, err := SealOFD(f.keys, unsealed, job)
	must(t, err)
	t.Logf("%d bytes unsealed, %d sealed, in %v", len(unsealed), len(sealed), time.Since(start))
	report, err := check.OFD(sealed, f.roots, f.now, check.Options{})
	must(t, err)
	if !report.Integrity() || !report.Trusted() {
		t.Errorf("%+v", report.Checks)
	}
	for _, want := range fields {
		found := false
		for _, got := range report.Metadata {
			found = found || got.Name == want.Name && got.Value == want.Value
		}
		if !found {
			t.Errorf("metadata lacks %s", want.Name)
		}
	}
	if path := os.Getenv("TONGZHENG_KEEP_SEALED"); path != "" {
		must(t, os.WriteFile(path, sealed, 0o644))
	}
}
