package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"tongzheng/registry"
)

var loaded = sync.OnceValues(func() (*FontSet, error) { return LoadFonts(DefaultFonts()) })

// renderer is the one over the system's fonts; tests that draw need them.
func renderer(t testing.TB) *Renderer {
	t.Helper()
	fonts, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return New(fonts)
}

// tool skips a test whose outside reader is not installed.
func tool(t testing.TB, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (apt-get install %s)", name, pkg)
	}
	return path
}

func field(name, label, value string, long bool) registry.LabeledField {
	return registry.LabeledField{Name: name, Label: label, Value: value, Long: long}
}

// foodLicense is a synthetic 食品经营许可证 whose holder's name has a character
// beyond the basic plane.
func foodLicense(t testing.TB) registry.Content {
	t.Helper()
	id, err := registry.ParseIdentifier("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U")
	if err != nil {
		t.Fatal(err)
	}
	return registry.Content{Identifier: id, Title: "食品经营许可证", Fields: []registry.LabeledField{
		{Name: "ZZMC", Label: "证照名称", Value: "食品经营许可证", Hidden: true},
		{Name: "ZZBS", Label: "电子证照标识", Value: id.String(), Hidden: true},
		field("ZZBH", "许可证编号", "JY23607320000018", false),
		field("CZZT", "经营者名称", "兴国县𠮷祥饭店（演示）", false),
		field("CZZTDM", "统一社会信用代码", "92360732MA0000000X", false),
		field("KZ_FDDBR", "法定代表人（负责人）", "张某某", false),
		field("KZ_ZS", "住所", "江西省赣州市兴国县潋江镇文昌路示范街区１号楼一层１０２室", true),
		field("KZ_JYCS", "经营场所", "江西省赣州市兴国县潋江镇文昌路示范街区１号楼一层１０２室", true),
		field("KZ_ZTYT", "主体业态", "餐饮服务经营者", false),
		field("KZ_JYXM", "经营项目", "热食类食品制售；冷食类食品制售（含凉菜，不含生食）；糕点类食品制售（不含裱花蛋糕）；自制饮品制售（不含自酿白酒）；预包装食品（含冷藏冷冻食品）销售；散装食品（不含散装熟食）销售", true),
		field("KZ_JGJG", "日常监督管理机构", "兴国县市场监督管理局", false),
		field("KZ_TSDH", "投诉举报电话", "12315", false),
		field("ZZYXQQSRQ", "有效期起始日期", "2026-03-01", false),
		field("ZZYXQJZRQ", "有效期截止日期", "2031-02-28", false),
		field("ZZBFJG", "证照颁发机构", "兴国县行政审批局", false),
		field("ZZBFRQ", "证照颁发日期", "2026-03-01", false),
	}}
}

const (
	tokenURL = "https://zz.example.gov.cn/v/4QK7M2X3A5TB6YCD7WEF3GHJ2K"
	paperURL = tokenURL + "#AFQ6HXN3VKJ2YB4WZ7ME5RTC6DLGOPSUI3A2QX4NBVKJ7HYWZEM5TRC6DLGOPSUI3A2QX4NBVKJ7HYWZEM5TRC6DLGOPSUI3A2QX4NBVKJ7HYWZEM5TRC6DLGOPSUI3A2QX4NBVKJ7HYWZEM5TRC6DLGOPSUI3A2QX4NBVKJ7HYWZEM5TRC6DLGOPSUI3A2QX4NBVKJ7"
)

func foodSheet(t testing.TB, page Page, kind registry.CopyKind) PrintedSheet {
	t.Helper()
	picture, _, err := renderer(t).SealPicture(SealDrawing{Ring: "兴国县行政审批局", Bottom: "审批专用章", DPI: 300})
	if err != nil {
		t.Fatal(err)
	}
	return PrintedSheet{
		Content: foodLicense(t), QRText: paperURL, Copy: kind, Page: page, Blank: "00012345", Printing: "P000017",
		Seal: &Impression{PNG: picture, Width: 42, Height: 42}, Demonstration: true,
	}
}

// keep writes a file for a person to look at when RENDER_KEEP names a folder.
func keep(t testing.TB, name string, data []byte) string {
	t.Helper()
	dir := os.Getenv("RENDER_KEEP")
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
