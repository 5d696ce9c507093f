package signer

import (
	"archive/zip"
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// fixture is a development authority with one seal, at a moment in the past.
type fixture struct {
	keys   *FileStore
	auth   *Authority
	roots  *check.Roots
	now    time.Time
	signer sm.KeyID
	cert   []byte
	seal   []byte
}

var testMoment = time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)

const testSealID = "36073200000017"

func newFixture(t testing.TB) *fixture {
	t.Helper()
	keys, err := OpenFileStore(t.TempDir(), nil)
	must(t, err)
	f := &fixture{keys: keys, now: testMoment}
	f.auth, err = OpenAuthority(keys, func() time.Time { return f.now })
	must(t, err)
	f.roots, err = f.auth.Roots()
	must(t, err)
	f.signer, err = f.auth.SealSigner(testSealID, "兴国县行政审批局（演示）", "11360732MB1234567X")
	must(t, err)
	f.cert, err = keys.Certificate(f.signer)
	must(t, err)
	f.seal, err = MakeSeal(keys, f.maker(t), f.spec())
	must(t, err)
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) maker(t testing.TB) sm.KeyID {
	t.Helper()
	id, ok := f.keys.Current(LabelSealMaker)
	if !ok {
		t.Fatal("no seal maker")
	}
	return id
}

func (f *fixture) spec() SealSpec {
	return SealSpec{
		ID: testSealID, Vendor: "TZDEV", Name: "兴国县行政审批局审批专用章（开发测试）", Type: 1, Signers: [][]byte{f.cert},
		Created: f.now, From: f.now.Add(-time.Minute), Until: f.now.AddDate(3, 0, 0),
		Picture: check.Picture{Type: "PNG", Data: testPicture(), Width: 42, Height: 42},
	}
}

func testPicture() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	img.Set(3, 3, color.NRGBA{R: 200, A: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (f *fixture) job() OFDJob {
	tsa, _ := f.keys.Current(LabelTimeStamp)
	return OFDJob{
		Seal: f.seal, Signer: f.signer, Time: f.now, Boundary: Box{140, 230, 42, 42}, Roots: f.roots,
		Stamper: &TimeStampAuthority{Keys: f.keys, Key: tsa, Clock: func() time.Time { return f.now }},
	}
}

func (f *fixture) sealed(t testing.TB) []byte {
	t.Helper()
	sealed, _, err := SealOFD(f.keys, unsealedOFD(), f.job())
	must(t, err)
	return sealed
}

// forge composes a sealed package without the signer's own checks.
func (f *fixture) forge(t testing.TB, job OFDJob) []byte {
	t.Helper()
	opened, err := openUnsealed(unsealedOFD(), check.Limits{})
	must(t, err)
	must(t, opened.page(&job))
	cert, err := f.keys.Certificate(job.Signer)
	must(t, err)
	made, err := compose(f.keys, opened, cert, job)
	must(t, err)
	return made.bytes
}

func (f *fixture) certificate(t testing.TB, id sm.KeyID) *smx509.Certificate {
	t.Helper()
	der, err := f.keys.Certificate(id)
	must(t, err)
	cert, err := smx509.ParseCertificate(der)
	must(t, err)
	return cert
}

func unsealedOFD() []byte {
	const ns = `xmlns:ofd="http://www.ofdspec.org/2016"`
	const head = `<?xml version="1.0" encoding="UTF-8"?>`
	return zipOf(
		file{"OFD.xml", head + `<ofd:OFD ` + ns + ` Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>0123456789abcdef0123456789abcdef</ofd:DocID><ofd:CreationDate>2026-03-02</ofd:CreationDate><ofd:CustomDatas><ofd:CustomData Name="ZZMC">食品经营许可证</ofd:CustomData><ofd:CustomData Name="CZZT">𠮷祥饭店</ofd:CustomData></ofd:CustomDatas></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`},
		file{"Doc_0/Document.xml", head + `<ofd:Document ` + ns + `><ofd:CommonData><ofd:MaxUnitID>4</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>`},
		file{"Doc_0/PublicRes.xml", head + `<ofd:Res ` + ns + ` BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" FontName="宋体" FamilyName="宋体"/></ofd:Fonts></ofd:Res>`},
		file{"Doc_0/Pages/Page_0/Content.xml", head + `<ofd:Page ` + ns + `><ofd:Content><ofd:Layer ID="2"><ofd:TextObject ID="4" Boundary="20 20 100 10" Font="3" Size="6"><ofd:TextCode X="0" Y="6">食品经营许可证</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>`},
	)
}

type file struct{ name, data string }

func zipOf(files ...file) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		entry, err := w.Create(f.name)
		if err == nil {
			_, err = entry.Write([]byte(f.data))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// unzip lists a package's files in order.
func unzip(t testing.TB, pkg []byte) []file {
	t.Helper()
	p, err := check.ReadPackage(pkg, check.Limits{})
	must(t, err)
	var out []file
	for _, f := range p.Files {
		out = append(out, file{f.Name, string(f.Data)})
	}
	return out
}
