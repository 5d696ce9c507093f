package draw_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/render"
)

var loaded = sync.OnceValues(func() (*render.FontSet, error) { return render.LoadFonts(render.DefaultFonts()) })

// renderer draws with the system's fonts, as a registry does.
func renderer(t testing.TB) *render.Renderer {
	t.Helper()
	fonts, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return render.New(fonts)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const address = "https://zz.example.gov.cn/v/4QK7M2X3A5TB6YCD7WEF3GHJ2K"

// license is a synthetic food license whose holder's name has a character beyond
// the basic plane.
func license(t testing.TB) registry.Content {
	t.Helper()
	id, err := registry.ParseIdentifier("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U")
	must(t, err)
	field := func(name, label, value string, long bool) registry.LabeledField {
		return registry.LabeledField{Name: name, Label: label, Value: value, Long: long}
	}
	return registry.Content{Identifier: id, Title: "食品经营许可证", Fields: []registry.LabeledField{
		{Name: "ZZMC", Label: "证照名称", Value: "食品经营许可证", Hidden: true}, {Name: "ZZBS", Label: "电子证照标识", Value: id.String(), Hidden: true},
		field("ZZBH", "许可证编号", "JY23607320000018", false),
		field("CZZT", "经营者名称", "兴国县𠮷祥饭店（演示）", false),
		field("CZZTDM", "统一社会信用代码", "92360732MA0000000X", false),
		field("KZ_ZS", "住所", "江西省赣州市兴国县潋江镇文昌路示范街区1号楼一层102室", true),
		field("KZ_JYXM", "经营项目", "热食类食品制售；冷食类食品制售（含凉菜，不含生食）；糕点类食品制售（不含裱花蛋糕）；自制饮品制售（不含自酿白酒）；预包装食品（含冷藏冷冻食品）销售", true),
		field("ZZYXQQSRQ", "有效期起始日期", "2026-03-01", false), field("ZZYXQJZRQ", "有效期截止日期", "2031-02-28", false),
		field("ZZBFJG", "证照颁发机构", "兴国县行政审批局", false), field("ZZBFRQ", "证照颁发日期", "2026-03-01", false),
	}}
}

// shown are the values as the page has them.
var shown = []string{"JY23607320000018", "兴国县𠮷祥饭店（演示）", "92360732MA0000000X", "江西省赣州市兴国县潋江镇文昌路示范街区1号楼一层102室",
	"热食类食品制售；冷食类食品制售（含凉菜，不含生食）；糕点类食品制售（不含裱花蛋糕）；自制饮品制售（不含自酿白酒）；预包装食品（含冷藏冷冻食品）销售",
	"2026年3月1日至2031年2月28日", "兴国县行政审批局", "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"}

// impression is the drawn seal of the issuer.
func impression(t testing.TB) []byte {
	t.Helper()
	picture, _, err := renderer(t).SealPicture(render.SealDrawing{Ring: "兴国县行政审批局", Bottom: "审批专用章", DPI: 300})
	must(t, err)
	return picture
}

// unsealed is the license as the office renders it.
func unsealed(t testing.TB, page render.Page, kind registry.CopyKind) []byte {
	t.Helper()
	data, err := renderer(t).OFD(render.Document{Content: license(t), QRText: address, Page: page, Copy: kind, Demonstration: true})
	must(t, err)
	return data
}

// sealed seals a package on its first page with a picture of the given form.
func sealed(t testing.TB, pkg []byte, page render.Page, picture check.Picture) []byte {
	t.Helper()
	at := render.SealBoundary(page, 42, 42)
	now := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)
	keys, err := signer.OpenFileStore(t.TempDir(), nil)
	must(t, err)
	authority, err := signer.OpenAuthority(keys, func() time.Time { return now })
	must(t, err)
	roots, err := authority.Roots()
	must(t, err)
	key, err := authority.SealSigner("36073200000017", "兴国县行政审批局（演示）", "11360732MB1234567X")
	must(t, err)
	cert, err := keys.Certificate(key)
	must(t, err)
	maker, _ := keys.Current(signer.LabelSealMaker)
	picture.Width, picture.Height = 42, 42
	seal, err := signer.MakeSeal(keys, maker, signer.SealSpec{ID: "36073200000017", Vendor: "TZDEV", Name: "兴国县行政审批局审批专用章（开发测试）", Type: 1, Signers: [][]byte{cert},
		Created: now, From: now.Add(-time.Minute), Until: now.AddDate(3, 0, 0), Picture: picture})
	must(t, err)
	out, _, err := signer.SealOFD(keys, pkg, signer.OFDJob{Seal: seal, Signer: key, Time: now, Roots: roots,
		Boundary: signer.Box{X: at.X, Y: at.Y, Width: at.Width, Height: at.Height}})
	must(t, err)
	return out
}

// part is one file of a package.
type part struct{ name, data string }

// pack zips files in their order.
func pack(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range parts {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate})
		must(t, err)
		_, err = entry.Write([]byte(p.data))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// unpack lists a package's files.
func unpack(t testing.TB, pkg []byte) []part {
	t.Helper()
	p, err := check.ReadPackage(pkg, check.Limits{})
	must(t, err)
	var out []part
	for _, f := range p.Files {
		out = append(out, part{f.Name, string(f.Data)})
	}
	return out
}

// keep writes a file for a person to look at when DRAW_KEEP names a folder.
func keep(t testing.TB, name string, data []byte) string {
	t.Helper()
	dir := os.Getenv("DRAW_KEEP")
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, data, 0o644))
	return path
}

// sample reads a document made by others, from those of the verifier's tests.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "check", "testdata", "ofd", name))
	must(t, err)
	return data
}
