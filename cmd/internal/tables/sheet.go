// Package tables decodes the files that offices hand in — workbooks and CSV —
// into list.Table, keeps the lists of holders under watch, and writes tables
// that a spreadsheet opens. What a table means is decided elsewhere.
package tables

import (
	"archive/zip"
	"bytes"
	"os"
	"regexp"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/list"
)

// Bounds of a file, packed and unpacked, and of what is in it.
const (
	sheetLimit    = 16 << 20
	sheetUnpacked = 128 << 20
	cellsMost     = 400_000
)

// Read reads the table of a file; see Decode.
func Read(path string) (*list.Table, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > sheetLimit {
		return nil, registry.Errorf(registry.CodeTooLarge, "file", "over %d MB", sheetLimit>>20)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(raw)
}

// Decode reads the first visible sheet of an .xlsx workbook that has something
// in it, or CSV. What a file is it tells from its bytes; of every other kind it
// says what to do. CodeMalformed, CodeTooLarge.
func Decode(raw []byte) (*list.Table, error) {
	if err := Refuse(raw); err != nil {
		return nil, err
	}
	if IsWorkbook(raw) {
		return readWorkbook(raw)
	}
	return readCSV(raw)
}

// IsWorkbook tells whether a file that is not refused is a workbook, else CSV.
func IsWorkbook(raw []byte) bool { return bytes.HasPrefix(raw, []byte("PK\x03\x04")) }

// saveAs is what to do with a file of a kind that is not read.
const saveAs = "请在 Excel 或 WPS 中另存为 .xlsx 再导入 open it in Excel or WPS, save it as .xlsx, hand that in"

// symbolic is how SYLK and DIF begin, which would pass for CSV.
var symbolic = regexp.MustCompile(`^(?:ID;P[^\r\n]*\r?\n[A-Z]{1,2};|TABLE\r?\n0,1\r?\n)`)

// Refuse says of a file that is neither a workbook nor CSV what it is and what
// to do; nil for all others.
func Refuse(raw []byte) error {
	is := func(what string) error {
		return registry.Errorf(registry.CodeMalformed, "file", "%s: %s", what, saveAs)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\uFEFF")), " \t\r\n")
	switch {
	case bytes.HasPrefix(raw, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		if bytes.Contains(raw, utf16LE("EncryptedPackage")) {
			return registry.Errorf(registry.CodeMalformed, "file", "工作簿有打开密码：请取消密码后保存 the workbook has a password: take it off and save")
		}
		return is("旧格式 .xls（或 .et、.doc） the old format .xls (or .et, .doc)")
	case bytes.HasPrefix(raw, []byte("%PDF-")):
		return is("PDF 文件：请把其中的表格复制到工作簿 a PDF: copy its table into a workbook")
	case symbolic.Match(text), bytes.HasPrefix(text, []byte("{\\rtf")):
		return is("交换格式 .slk、.dif 或 .rtf，不是工作簿 an exchange format (.slk, .dif, .rtf), not a workbook")
	case bytes.HasPrefix(text, []byte("<")):
		return is("网页或 XML 表格，不是真正的工作簿 a web page or XML that is only named like a workbook")
	case IsWorkbook(raw):
		return refusePackage(raw, is)
	}
	return nil
}

// refusePackage is Refuse for a ZIP file.
func refusePackage(raw []byte, is func(string) error) error {
	packed, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return registry.Errorf(registry.CodeMalformed, "file", "文件已损坏 the file is damaged").WithCause(err)
	}
	has := func(name string) bool {
		for _, f := range packed.File {
			if strings.EqualFold(strings.ReplaceAll(f.Name, `\`, "/"), name) {
				return true
			}
		}
		return false
	}
	switch {
	case has("xl/workbook.xml"):
		return nil
	case has("xl/workbook.bin"):
		return is("二进制工作簿 .xlsb a binary workbook")
	case has("word/document.xml"):
		return is("Word 文档：请把其中的表格复制到工作簿 a Word document: copy its table into a workbook")
	case has("content.xml"):
		return is("OpenDocument .ods")
	case has("OFD.xml"):
		return is("OFD 文件：请把其中的表格复制到工作簿 an OFD file: copy its table into a workbook")
	}
	return is("不是工作簿 not a workbook")
}

func utf16LE(ascii string) []byte {
	out := make([]byte, 0, 2*len(ascii))
	for i := range len(ascii) {
		out = append(out, ascii[i], 0)
	}
	return out
}
