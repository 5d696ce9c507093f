package check_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// answer is what must be said of a document.
type answer struct {
	word registry.Word
	code string // of a check that must be there; empty: any
}

var (
	good        = answer{whole, ""}
	unsupported = answer{registry.Unverifiable, registry.WhyForm}
)

func (a answer) check(t *testing.T, file []byte, roots *check.Roots) {
	t.Helper()
	a.held(t, &check.Checker{Roots: roots}, file)
}

func (a answer) held(t *testing.T, checker *check.Checker, file []byte) {
	t.Helper()
	v := judgedBy(t, checker, file)
	named := a.code == "" || slices.ContainsFunc(v.Checks, func(c registry.Check) bool { return c.Code == a.code && c.Result != registry.Passed })
	if v.Word != a.word || !named {
		t.Errorf("%s, want %s %s", v.Word, a.word, a.code)
		for _, c := range v.Checks {
			t.Logf("%-12s %-8s %s %s", c.Name, c.Result, c.Code, c.English)
		}
	}
}

func raw(signature []byte) []byte {
	out, err := sm.ASN1ToRaw(signature)
	if err != nil {
		panic(err)
	}
	return out
}

// loose writes the integers of a signature without the zeros that DER asks for.
func loose(signature []byte) []byte {
	r := raw(signature)
	return sequence(number(r[:32]...), number(r[32:]...))
}

func armored(value []byte) []byte {
	return []byte(base64.StdEncoding.EncodeToString(value))
}

func TestForeignSeals(t *testing.T) {
	w := newWorld(t)
	stranger := newWorld(t)
	old := func(s sealing) sealing { s.form = check.Form1; return s }
	cases := map[string]struct {
		s    sealing
		want answer
	}{
		"v4":                              {sealing{}, good},
		"v5":                              {sealing{form: check.Form5}, good},
		"v1":                              {old(sealing{}), good},
		"v1, time as text":                {old(sealing{timeInfo: bits([]byte("20260601000000Z"))}), answer{whole, "signing-time-document"}},
		"v1, time as other text":          {old(sealing{timeInfo: bits([]byte("2026年6月1日"))}), answer{whole, "signing-time-document"}},
		"v1, time as octets":              {old(sealing{timeInfo: octets(text(tagTime, "20260601000000Z"))}), good},
		"v4, a UTCTime":                   {sealing{timeInfo: text(tagUTCTime, "260601000000Z")}, good},
		"base64":                          {sealing{wrap: armored}, good},
		"PEM":                             {sealing{wrap: func(v []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "SEAL", Bytes: v}) }}, good},
		"SM2 by its curve's name":         {sealing{algorithm: sm2Curve, makerAlgorithm: sm2Curve + ".1"}, good},
		"SM3 by its name":                 {sealing{method: "SM3"}, good},
		"r and s without zeros":           {sealing{value: loose, makerValue: loose}, good},
		"listed by SM3":                   {sealing{listed: sm3OID}, good},
		"listed by SHA-256":               {sealing{listed: sha256OID}, good},
		"listed by a digest nobody knows": {sealing{listed: "1.2.3"}, unsupported},
		"raw r‖s":                         {sealing{value: raw}, unsupported},
		"raw r‖s of the maker":            {sealing{makerValue: raw}, unsupported},
		"an RSA signature":                {sealing{algorithm: sha256WithRSA, value: func([]byte) []byte { return make([]byte, 256) }, dataHash: make([]byte, 32)}, unsupported},
		"an RSA seal":                     {sealing{makerAlgorithm: sha256WithRSA, makerValue: func([]byte) []byte { return make([]byte, 256) }}, unsupported},
		"MD5, the default":                {sealing{method: "MD5"}, unsupported},
		"SHA-256 digests":                 {sealing{method: sha256OID}, unsupported},
		"a digest of another length":      {sealing{dataHash: make([]byte, 20)}, unsupported},
		"made for another place":          {sealing{path: "D/Signs/T/Signature.xml"}, unsupported},
		"bytes behind":                    {sealing{wrap: func(v []byte) []byte { return append(v, 0) }}, unsupported},
		"nothing at all":                  {sealing{wrap: func([]byte) []byte { return nil }}, unsupported},
		"a bare value":                    {sealing{wrap: func([]byte) []byte { return stranger.stamper.sign(t, []byte("x")) }}, answer{registry.Unverifiable, registry.WhySignerUnknown}},
		"a bare raw value":                {sealing{wrap: func([]byte) []byte { return raw(stranger.stamper.sign(t, []byte("x"))) }}, answer{registry.Unverifiable, registry.WhySignerUnknown}},
		"a certificate that is none":      {sealing{cert: []byte("not a certificate")}, answer{registry.Unverifiable, registry.WhyCertificate}},
		"another document":                {sealing{dataHash: digestBy(t, sm3OID, []byte("x"))}, answer{registry.Altered, "data-hash"}},
		"another's signature":             {sealing{value: func([]byte) []byte { return stranger.stamper.sign(t, []byte("x")) }}, answer{registry.Altered, "signature-wrong"}},
		"another's signature, loose":      {sealing{value: func([]byte) []byte { return loose(stranger.stamper.sign(t, []byte("x"))) }}, answer{registry.Altered, "signature-wrong"}},
		"another maker's signature":       {sealing{makerValue: func([]byte) []byte { return stranger.maker.sign(t, []byte("x")) }}, answer{registry.Altered, "seal-maker-signature"}},
		"another's certificate":           {sealing{cert: stranger.stamper.cert}, answer{registry.Altered, "signature-wrong"}},
		"stamped, ESSCertID":              {sealing{stamp: w.stamp(stamping{first: true, names: sha1OID})}, good},
		"stamped, ESSCertIDv2":            {sealing{stamp: w.stamp(stamping{})}, good},
		"stamped, SHA-256 spelled":        {sealing{stamp: w.stamp(stamping{spelled: true})}, good},
		"stamped, SHA-384":                {sealing{stamp: w.stamp(stamping{names: sha384OID})}, good},
		"stamped, SHA-512":                {sealing{stamp: w.stamp(stamping{names: sha512OID})}, good},
		"stamped, SM3":                    {sealing{stamp: w.stamp(stamping{names: sm3OID})}, good},
		"stamped, SHA-1 in v2":            {sealing{stamp: w.stamp(stamping{names: sha1OID})}, good},
		"stamped, a SHA-256 imprint":      {sealing{stamp: w.stamp(stamping{imprint: sha256OID})}, good},
		"stamped, a SHA-512 imprint":      {sealing{stamp: w.stamp(stamping{imprint: sha512OID})}, good},
		"stamped, SHA-256 attributes":     {sealing{stamp: w.stamp(stamping{message: message{digest: sha256OID}})}, good},
		"stamped, a whole response":       {sealing{stamp: w.stamp(stamping{whole: true})}, good},
		"stamped in v5":                   {sealing{form: check.Form5, stamp: w.stamp(stamping{})}, good},
		"stamped, a SHA-1 imprint":        {sealing{stamp: w.stamp(stamping{imprint: sha1OID})}, unsupported},
		"stamped, an unknown imprint":     {sealing{stamp: w.stamp(stamping{imprint: "1.2.3.4"})}, unsupported},
		"stamped, an unknown digest":      {sealing{stamp: w.stamp(stamping{names: "1.2.3.4"})}, unsupported},
		"stamped by RSA":                  {sealing{stamp: w.stamp(stamping{message: message{algorithm: sha256WithRSA}})}, unsupported},
		"stamped without a certificate":   {sealing{stamp: w.stamp(stamping{message: message{certs: [][]byte{}}})}, unsupported},
		"stamped, not a token":            {sealing{stamp: func(testing.TB, []byte) []byte { return []byte("no token") }}, unsupported},
		"stamped for something else":      {sealing{stamp: w.stamp(stamping{other: []byte("x")})}, answer{registry.Untrusted, "time-stamp-wrong"}},
		"stamped, another is named":       {sealing{stamp: w.stamp(stamping{named: w.stamper.cert})}, answer{registry.Untrusted, "time-stamp-wrong"}},
		"stamped, nobody is named":        {sealing{stamp: w.stamp(stamping{nameless: true})}, answer{registry.Untrusted, "time-stamp-wrong"}},
		"stamped by a stranger":           {sealing{stamp: stranger.stamp(stamping{})}, answer{whole, "time-stamp-untrusted"}},
		"stamped, the signature is wrong": {sealing{stamp: w.stamp(stamping{message: message{change: func(s []byte) []byte { return w.tsa.sign(t, s) }}})}, answer{registry.Untrusted, "time-stamp-wrong"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.s.form == 0 {
				c.s.form = check.Form4
			}
			c.want.check(t, w.sealed(t, c.s), w.roots)
		})
	}
	answer{registry.Untrusted, "maker-untrusted"}.check(t, stranger.sealed(t, sealing{form: check.Form4}), w.roots)
}

func TestForeignSignedData(t *testing.T) {
	w := newWorld(t)
	digest := func(xml []byte) []byte { return digestBy(t, sm3OID, xml) }
	some := [][]byte{}
	cases := map[string]struct {
		make func(xml []byte) message
		want answer
	}{
		"the file, carried":           {func(x []byte) message { return message{content: x, signed: x} }, good},
		"the file, by GB/T 35275":     {func(x []byte) message { return message{content: x, signed: x, gm: true} }, good},
		"the file, with attributes":   {func(x []byte) message { return message{content: x, signed: x, attributes: some} }, good},
		"the file, detached":          {func(x []byte) message { return message{signed: x} }, good},
		"detached, attributes":        {func(x []byte) message { return message{signed: x, attributes: some} }, good},
		"detached, SHA-256":           {func(x []byte) message { return message{signed: x, attributes: some, digest: sha256OID} }, good},
		"its SM3, carried":            {func(x []byte) message { return message{content: digest(x), signed: digest(x)} }, good},
		"its SM3, with attributes":    {func(x []byte) message { return message{content: digest(x), signed: digest(x), attributes: some} }, good},
		"its SM3, digest of the file": {func(x []byte) message { return message{content: digest(x), signed: x, attributes: some} }, good},
		"its SM3, detached":           {func(x []byte) message { return message{signed: digest(x)} }, good},
		"its SM3 in base64":           {func(x []byte) message { return message{content: armored(digest(x)), signed: armored(digest(x))} }, good},
		"the file in base64":          {func(x []byte) message { return message{content: armored(x), signed: armored(x)} }, good},
		"r and s without zeros":       {func(x []byte) message { return message{content: x, signed: x, change: loose} }, good},
		"two certificates":            {func(x []byte) message { return message{signed: x, certs: [][]byte{w.ca.cert, w.stamper.cert}} }, good},
		"a name written anew":         {func(x []byte) message { return message{signed: x, issuer: nameOf()} }, answer{registry.Unverifiable, registry.WhySignerUnknown}},
		"no certificate":              {func(x []byte) message { return message{signed: x, certs: some} }, answer{registry.Unverifiable, registry.WhySignerUnknown}},
		"another's certificate":       {func(x []byte) message { return message{signed: x, certs: [][]byte{w.maker.cert}} }, answer{registry.Unverifiable, registry.WhySignerUnknown}},
		"a broken certificate":        {func(x []byte) message { return message{signed: x, certs: [][]byte{sequence(number(1))}} }, answer{registry.Unverifiable, registry.WhyCertificate}},
		"an RSA signature":            {func(x []byte) message { return message{signed: x, algorithm: sha256WithRSA} }, unsupported},
		"an unknown digest":           {func(x []byte) message { return message{signed: x, digest: "1.2.3", attributes: some} }, unsupported},
		"raw r‖s":                     {func(x []byte) message { return message{content: x, signed: x, change: raw} }, unsupported},
		"raw r‖s, attributes":         {func(x []byte) message { return message{content: x, signed: x, change: raw, attributes: some} }, unsupported},
		"two signers":                 {func(x []byte) message { return message{signed: x, twice: true} }, unsupported},
		"another file":                {func(x []byte) message { return message{content: []byte("x"), signed: []byte("x")} }, answer{registry.Altered, "data-hash"}},
		"another file's SM3":          {func(x []byte) message { return message{content: digest([]byte("x")), signed: digest([]byte("x"))} }, answer{registry.Altered, "data-hash"}},
		"another digest":              {func(x []byte) message { return message{signed: []byte("x"), attributes: some} }, answer{registry.Altered, "data-hash"}},
		"another signature":           {func(x []byte) message { return message{content: x, signed: []byte("x")} }, answer{registry.Altered, "signature-wrong"}},
		"another detached signature":  {func(x []byte) message { return message{signed: []byte("x")} }, answer{registry.Altered, "signature-wrong"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, wrap := range []func([]byte) []byte{bytes.Clone, armored} {
				file := document(t, check.KindSign, sm3OID, nil, func(xml []byte) []byte { return wrap(c.make(xml).write(t, w.stamper)) })
				c.want.check(t, file, w.roots)
			}
		})
	}
}

// Certificates of real authorities break string types, serial numbers and
// extensions. What decides is read, and said to be read as it stands; what
// cannot be read of their usage makes nobody a signer.
func TestForeignCertificates(t *testing.T) {
	w := newWorld(t)
	name := func(tag byte, value string) []byte { return nameOf(sequence(oids("2.5.4.3"), text(tag, value))) }
	with := func(e ...[]byte) [][]byte { return append([][]byte{keyUsageSigning}, e...) }
	odd := answer{whole, "certificate-odd"}
	limited := answer{registry.Untrusted, "certificate-extension"}
	sm2Key := sequence(sequence(oids(sm2Curve)), spkiPoint(t, w.stamper))
	cases := map[string]struct {
		parts certParts
		want  answer
	}{
		"sound":                              {certParts{}, good},
		"UTF-8 in an IA5String":              {certParts{subject: name(tagIA5, "电子邮件")}, odd},
		"UTF-8 in a PrintableString":         {certParts{subject: name(tagPrintable, "某县行政审批局")}, odd},
		"GBK in a UTF8String":                {certParts{subject: name(tagUTF8, "\xc4\xb3\xcf\xd8")}, odd},
		"GBK in a T61String":                 {certParts{subject: name(tagT61, "\xc4\xb3\xcf\xd8")}, answer{whole, ""}},
		"half a BMPString":                   {certParts{subject: name(tagBMP, "abc")}, odd},
		"a name that is none":                {certParts{subject: sequence(number(1))}, odd},
		"a negative serial number":           {certParts{serial: number(0x80, 1)}, answer{whole, ""}},
		"serial number zero":                 {certParts{serial: number(0)}, answer{whole, ""}},
		"a serial number of 30 bytes":        {certParts{serial: number(bytes.Repeat([]byte{0x51}, 30)...)}, answer{whole, ""}},
		"a serial number with zeros":         {certParts{serial: number(0, 0, 1)}, odd},
		"an extension twice":                 {certParts{extensions: with(extension("2.5.29.17", nil, sequence()), extension("2.5.29.17", nil, sequence()))}, answer{whole, ""}},
		"a broken alternative name":          {certParts{extensions: with(extension("2.5.29.17", nil, []byte("x")))}, odd},
		"broken distribution points":         {certParts{extensions: with(extension("2.5.29.31", nil, text(tagUTF8, "http")))}, odd},
		"a broken key identifier":            {certParts{extensions: with(extension("2.5.29.35", nil, []byte{1}))}, odd},
		"an own extension":                   {certParts{extensions: with(extension("1.2.156.10260.4.1.1", nil, []byte("91360732")))}, answer{whole, ""}},
		"critical: false, written":           {certParts{extensions: with(extension("2.5.29.14", []byte{tagBoolean, 1, 0}, octets([]byte{1, 2})))}, answer{whole, ""}},
		"a TRUE that is not 255":             {certParts{extensions: [][]byte{extension("2.5.29.15", []byte{tagBoolean, 1, 1}, []byte{3, 2, 6, 0xc0})}}, odd},
		"version 1 with extensions":          {certParts{version: []byte{}}, answer{whole, ""}},
		"a day without seconds":              {certParts{from: text(tagUTCTime, "2501010000Z")}, answer{whole, ""}},
		"a day of another zone":              {certParts{from: text(tagUTCTime, "250101000000+0800")}, answer{whole, ""}},
		"GeneralizedTime before 2050":        {certParts{until: text(tagTime, "20300101000000Z")}, answer{whole, ""}},
		"a key by the name of SM2":           {certParts{spki: sm2Key}, odd},
		"an own critical extension":          {certParts{extensions: with(extension("1.2.156.10260.4.1.1", critical, []byte("x")))}, limited},
		"the same in a broken one":           {certParts{subject: name(tagIA5, "电子"), extensions: with(extension("1.2.156.10260.4.1.1", critical, []byte("x")))}, limited},
		"a broken usage":                     {certParts{extensions: [][]byte{extension("2.5.29.15", critical, []byte{3, 1})}}, limited},
		"two usages":                         {certParts{subject: name(tagIA5, "电子"), extensions: with(keyUsageSigning)}, limited},
		"extensions that cannot be read":     {certParts{tail: tlv(0xa3, []byte("xx"))}, limited},
		"names narrowed, in a broken one":    {certParts{subject: name(tagIA5, "电子"), extensions: with(extension("2.5.29.30", critical, sequence()))}, limited},
		"not for signing":                    {certParts{extensions: [][]byte{extension("2.5.29.15", critical, []byte{3, 2, 4, 0x30})}}, answer{registry.Untrusted, "certificate-usage"}},
		"not for signing, in a broken one":   {certParts{subject: name(tagIA5, "电子"), extensions: [][]byte{extension("2.5.29.15", critical, []byte{3, 2, 4, 0x30})}}, answer{registry.Untrusted, "certificate-usage"}},
		"expired, in a broken one":           {certParts{subject: name(tagIA5, "电子"), until: text(tagUTCTime, "260101000000Z")}, answer{registry.Untrusted, "certificate-period"}},
		"signed by an algorithm nobody uses": {certParts{algorithm: sequence(oids(sha256WithRSA))}, answer{registry.Untrusted, "signer-untrusted"}},
		"an RSA key":                         {certParts{spki: sequence(sequence(oids(rsaOID), []byte{tagNull, 0}), bits(sequence(number(bytes.Repeat([]byte{0x41}, 256)...), number(1, 0, 1))))}, unsupported},
		"a key of another curve":             {certParts{spki: sequence(sequence(oids(ecKeyOID), oids("1.2.840.10045.3.1.7")), bits(append([]byte{4}, make([]byte, 64)...)))}, unsupported},
		"a point that is none":               {certParts{spki: sequence(sequence(oids(ecKeyOID), oids(sm2Curve)), bits([]byte{4, 1}))}, answer{registry.Unverifiable, registry.WhyCertificate}},
		"no period":                          {certParts{from: number(1)}, answer{registry.Unverifiable, registry.WhyCertificate}},
	}
	for label, c := range cases {
		t.Run(label, func(t *testing.T) {
			cert := c.parts.certificate(t, w.ca, w.stamper)
			c.want.check(t, w.sealed(t, sealing{form: check.Form4, cert: cert}), w.roots)
			if c.want.word == whole { // the maker's and the authority's may be so, too
				maker := *w
				maker.maker = &person{w.stamper.key, cert}
				c.want.check(t, maker.sealed(t, sealing{form: check.Form4}), w.roots)
			}
		})
	}
	broken := certParts{subject: name(tagIA5, "电子邮件")}.certificate(t, w.ca, w.stamper)
	anew := document(t, check.KindSign, sm3OID, nil, func(x []byte) []byte {
		return message{signed: x, certs: [][]byte{broken}, issuer: name(tagUTF8, "written anew"), serial: number(0x51)}.write(t, w.stamper)
	})
	odd.check(t, anew, w.roots)
}

func spkiPoint(t testing.TB, p *person) []byte {
	t.Helper()
	der := spki(t, &p.key.PublicKey)
	return der[bytes.LastIndex(der, []byte{3, 66, 0}):]
}

// A license of ours is altered when its seal cannot be verified, whatever the
// reason; one that was packed anew in another structure is not the file that
// was issued.
func TestOwnLicensesArePackedAsIssued(t *testing.T) {
	p, err := check.ReadPackage(sample(t, "reports/rezip.ofd"), check.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	pack := func(change func(i int, part *zipPart)) []byte {
		var parts []zipPart
		for i, f := range p.Files {
			part := zipPart{name: f.Name, data: string(f.Data), deflate: true}
			change(i, &part)
			parts = append(parts, part)
		}
		return zipBytes(zipTail{}, parts...)
	}
	without := func(name string) []byte {
		var parts []zipPart
		for _, f := range p.Files {
			if !strings.HasSuffix(f.Name, name) {
				parts = append(parts, zipPart{name: f.Name, data: string(f.Data)})
			}
		}
		return zipBytes(zipTail{}, parts...)
	}
	order := slices.Clone(p.Files)
	order[0], order[1] = order[1], order[0]
	var moved []zipPart
	for _, f := range order {
		moved = append(moved, zipPart{name: f.Name, data: string(f.Data)})
	}
	repacked := answer{registry.Unverifiable, registry.WhyPackage}
	lost := answer{registry.Altered, "identifier-without-seal"}
	for name, c := range map[string]struct {
		pkg  []byte
		want answer
	}{
		"deflated anew":          {pack(func(int, *zipPart) {}), answer{registry.Untrusted, "maker-untrusted"}},
		"in another order":       {zipBytes(zipTail{}, moved...), repacked},
		"with times":             {pack(func(_ int, p *zipPart) { p.local, p.dir = field(0x5455, "\x01aaaa"), field(0x5455, "\x01aaaa") }), repacked},
		"with descriptors":       {pack(func(_ int, p *zipPart) { p.descriptor = 1 }), repacked},
		"aligned":                {pack(func(_ int, p *zipPart) { p.local = make([]byte, 2) }), repacked},
		"zip64":                  {pack(func(i int, p *zipPart) { p.wide = i == 3 }), repacked},
		"with a folder":          {zipBytes(zipTail{}, append(moved, zipPart{name: "Doc_0/"})...), repacked},
		"without the value":      {without("SignedValue.dat"), lost},
		"without the signature":  {without("Signature.xml"), lost},
		"without the list":       {without("Signatures.xml"), lost},
		"without a page":         {without("Page_0/Content.xml"), lost},
		"something behind":       {append(bytes.Clone(sample(t, "reports/rezip.ofd")), "PDF"...), lost},
		"something in a header":  {pack(func(i int, p *zipPart) { p.local = field(0x4444, "PDF") }), lost},
		"something in a stream":  {pack(func(i int, p *zipPart) { p.behind = "PDF" }), lost},
		"a file that says so to": {zipBytes(zipTail{}, zipPart{name: "OFD.xml", data: string(p.Files[0].Data)}, zipPart{name: "Doc_0/Document.xml"}), lost},
	} {
		t.Run(name, func(t *testing.T) { c.want.check(t, c.pkg, nil) })
	}
}
