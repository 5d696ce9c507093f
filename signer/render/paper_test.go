package render

import (
	"testing"

	"tongzheng/registry"
)

func TestPaperPages(t *testing.T) {
	r := renderer(t)
	for _, c := range []struct {
		name string
		page Page
		kind registry.CopyKind
	}{{"a4.pdf", A4Landscape, registry.Original}, {"a3.pdf", A3Landscape, registry.Original}, {"duplicate.pdf", A4Portrait, registry.Duplicate}} {
		data, err := r.Paper(foodSheet(t, c.page, c.kind))
		if err != nil {
			t.Fatal(err)
		}
		keep(t, c.name, data)
		t.Log(c.name, len(data))
	}
	s := foodSheet(t, A4Landscape, registry.Original)
	p, _, err := r.SealPicture(SealSpec{Ring: "兴国县行政审批局", Bottom: "审批专用章"})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "seal.png", p)
	ofd, err := r.OFD(Document{Content: s.Content, QRText: tokenURL, Demonstration: true})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "x.ofd", ofd)
	t.Log(len(ofd))
	cal, err := r.Calibration(A4Landscape)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "cal.pdf", cal)
}

func TestSealLook(t *testing.T) {
	r := renderer(t)
	for i, s := range []SealSpec{{Ring: "兴国县行政审批局", Bottom: "审批专用章"}, {Ring: "内蒙古自治区阿拉善左旗市场监督管理局", Bottom: "行政许可专用章", Diameter: 45}, {Ring: "江西省赣州市兴国县示范镇人民政府便民服务中心委员会", Bottom: ""}} {
		s.DPI = 300
		p, svg, err := r.SealPicture(s)
		if err != nil {
			t.Fatal(err)
		}
		keep(t, "seal"+string(rune('a'+i))+".png", p)
		keep(t, "seal.svg", []byte(svg))
	}
}
