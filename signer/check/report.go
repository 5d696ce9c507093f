package check

import (
	"fmt"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Options are what a verifier may know beside the package.
type Options struct {
	Limits Limits
	// CRLs are revocation lists; only those signed by the certificate's own
	// issuer count. Without one, revocation is noted as not checked.
	CRLs []*smx509.RevocationList
	// Seen is an instant at which somebody other than the signer saw the
	// package, as a ledger did; zero when nobody did. A stolen key's seals
	// count only when they were seen before the theft.
	Seen time.Time
}

// Report is everything found out about a sealed package.
type Report struct {
	DocumentID string     // DocID of the first document
	Metadata   []sm.Field // DocInfo/CustomDatas in their order
	Seals      []SealFacts
	Checks     []registry.Check
}

// SealFacts are what one signature says of itself; the checks tell whether to
// believe it. Times are UTC, zero when absent.
type SealFacts struct {
	Path          string // of Signature.xml in the package
	Kind          string // KindSeal or KindSign
	Form          Form   // 0 for a signature without a seal
	SealID        string // esID
	SealName      string
	SealFrom      time.Time
	SealUntil     time.Time
	MakerSubject  string
	MakerKey      sm.KeyID
	SignerSubject string
	SignerSerial  string // upper-case hexadecimal
	SignerKey     sm.KeyID
	SignedAt      time.Time
	StampedAt     time.Time // of a time stamp that holds
	StampedBy     string    // subject of its authority
	Digest        sm.Digest // the seal digest: SM3 of Signature.xml
}

var integrityChecks = map[registry.CheckName]bool{
	registry.CheckPackage: true, registry.CheckCoverage: true, registry.CheckReferences: true,
	registry.CheckSignature: true, registry.CheckDataHash: true, registry.CheckSealMaker: true,
}

// Integrity tells whether the bytes are those that were signed, by whomever:
// there is a signature and no check of the bytes failed.
func (r Report) Integrity() bool {
	return len(r.Seals) > 0 && !r.failed(func(n registry.CheckName) bool { return integrityChecks[n] })
}

// Trusted tells whether signer and seal maker are among the pinned roots and
// were entitled when they signed. It says nothing about integrity.
func (r Report) Trusted() bool {
	known := false
	for _, c := range r.Checks {
		known = known || c.Name == registry.CheckTrust && c.Result == registry.Passed
	}
	return known && !r.failed(registry.CheckName.Trust)
}

func (r Report) failed(among func(registry.CheckName) bool) bool {
	for _, c := range r.Checks {
		if among(c.Name) && c.Result == registry.Failed {
			return true
		}
	}
	return false
}

// First returns the first check of a name with the result, for sentences that
// name the cause.
func (r Report) First(name registry.CheckName, result registry.Result) (registry.Check, bool) {
	for _, c := range r.Checks {
		if c.Name == name && c.Result == result {
			return c, true
		}
	}
	return registry.Check{}, false
}

// sentence is a finding in plain words; detail (a file name, a date) follows it.
type sentence struct{ zh, en string }

var sentences = map[string]sentence{
	"package-structure":              {"文件结构有误", "the OFD structure is damaged"},
	"package-entry-damaged":          {"包内文件已损坏", "a file in the package is damaged"},
	"package-entry-doubled":          {"包内有同名文件", "two files of the package have one name"},
	"package-hidden-entry":           {"压缩包目录与内容不一致，含有隐藏内容", "the package's directory and its content differ: something is hidden"},
	"not-signed":                     {"文件未签章", "the document carries no seal"},
	"signature-malformed":            {"签名文件格式错误", "Signature.xml cannot be read"},
	"signature-value-missing":        {"缺少签名值文件", "the signature value is missing"},
	"signature-value-form":           {"签名值格式不符合标准", "the signature value is not of the standard's form"},
	"signature-wrong":                {"签章者签名验证不通过", "the stamper's signature does not hold"},
	"signature-algorithm":            {"签名算法不是 SM2/SM3", "the signature algorithm is not SM2 with SM3"},
	"file-not-covered":               {"有文件未受签名保护", "a file is not covered by the signature"},
	"signature-list-not-covered":     {"签名列表未受签名保护（标准允许，便于再次签名，不影响内容）", "the list of signatures is not covered (allowed, so that others can sign later)"},
	"reference-missing":              {"签名保护的文件缺失", "a file covered by the signature is missing"},
	"reference-digest":               {"文件内容在签章后被改动", "a file was altered after sealing"},
	"reference-doubled":              {"签名引用重复", "the signature refers to one file twice"},
	"reference-method":               {"摘要算法不是 SM3", "the digest method is not SM3"},
	"reference-none":                 {"签名未保护任何文件", "the signature covers no file"},
	"data-hash":                      {"签名文件在签章后被改动", "Signature.xml was altered after sealing"},
	"property-path":                  {"签名值属于另一位置的签名文件", "the signature value was made for another place in the package"},
	"seal-maker-signature":           {"制章者签名验证不通过，印章不可信", "the seal maker's signature does not hold"},
	"seal-differs":                   {"显示的印章与签章数据中的印章不一致", "the seal shown is not the seal that was signed"},
	"signer-not-listed":              {"签章者证书不在印章的证书列表中", "the signer is not on the seal's list"},
	"seal-expired":                   {"签章时印章已过有效期", "the seal had expired when it was used"},
	"seal-not-yet-valid":             {"签章时印章尚未生效", "the seal was not yet valid when it was used"},
	"signing-time-unknown":           {"签章时间无法确定", "the time of signing cannot be told"},
	"signing-time-future":            {"签章时间晚于当前时间", "the time of signing lies in the future"},
	"certificate-period":             {"签章时间不在签章者证书有效期内", "signed outside the period of the signer's certificate"},
	"certificate-usage":              {"签章者证书不能用于签名", "the signer's certificate is not for signing"},
	"certificate-extension":          {"签章者证书含有未知的关键扩展", "the signer's certificate has a critical extension that is not known here"},
	"certificate-form":               {"签章者证书无法读取", "the signer's certificate cannot be read"},
	"certificate-revoked-before":     {"签章前签章者证书已被吊销", "the signer's certificate was revoked before signing"},
	"certificate-revoked-after":      {"签章者证书在签章之后被吊销，不影响此签章", "the signer's certificate was revoked after signing: the seal still holds"},
	"time-stamp-stolen":              {"时间戳密钥已失窃，其时间不作为依据", "the time stamp's key was stolen: its time proves nothing"},
	"key-not-listed":                 {"密钥列表中没有此密钥", "the key list does not name the key"},
	"key-stolen":                     {"签章密钥已失窃，不能证明此签章作于失窃之前", "the key was stolen, and nothing shows that this seal is older than the theft"},
	"key-stolen-later":               {"签章密钥后来失窃，此签章作于失窃之前，仍然有效", "the key was stolen later: the seal is older and still holds"},
	"key-not-in-use":                 {"签章时此密钥不在使用期内", "the key was not in use when it signed"},
	"revocation-not-checked":         {"未取得证书吊销列表，未检查吊销状态", "no revocation list at hand: revocation not checked"},
	"revocation-list-old":            {"证书吊销列表已过期", "the revocation list is out of date"},
	"signer-untrusted":               {"签章者证书不在受信任的根之下", "the signer's certificate does not lead to a pinned root"},
	"maker-untrusted":                {"制章者证书不在受信任的根之下", "the seal maker's certificate does not lead to a pinned root"},
	"maker-period":                   {"制章时间不在制章者证书有效期内", "the seal was made outside the period of its maker's certificate"},
	"maker-usage":                    {"制章者证书不能用于签名", "the seal maker's certificate is not for signing"},
	"maker-revoked":                  {"制章前制章者证书已被吊销", "the seal maker's certificate was revoked before the seal was made"},
	"authority-revoked":              {"签发机构证书已被吊销", "the certificate of an issuing authority was revoked"},
	"time-stamp-wrong":               {"时间戳验证不通过", "the time stamp does not hold"},
	"time-stamp-early":               {"时间戳早于签章时间", "the time stamp is earlier than the time of signing"},
	"time-stamp-untrusted":           {"时间戳服务机构不在受信任的根之下", "the time-stamp authority does not lead to a pinned root"},
	"time-stamp-none":                {"没有时间戳，签章时间为签章者所述", "no time stamp: the time of signing is the signer's word"},
	"signature-without-seal":         {"这是数字签名，没有印章", "a signature without a seal"},
	"seal-time-stamp-not-understood": {"印章自带时间戳，未作检查", "the seal carries a time stamp of its own, which is not checked"},
}

// recorder collects the checks of one signature.
type recorder struct {
	checks *[]registry.Check
	label  sentence // which signature, when there are several
}

func (r recorder) words(code, detail string) (zh, en string) {
	s := sentences[code]
	zh, en = r.label.zh+s.zh, r.label.en+s.en
	if detail != "" {
		zh, en = zh+"："+detail, en+": "+detail
	}
	return zh, en
}

func (r recorder) fail(name registry.CheckName, code, detail string) {
	zh, en := r.words(code, detail)
	*r.checks = append(*r.checks, registry.Fail(name, code, zh, en))
}

func (r recorder) note(name registry.CheckName, code, detail string) {
	zh, en := r.words(code, detail)
	*r.checks = append(*r.checks, registry.Note(name, code, zh, en))
}

func (r recorder) pass(name registry.CheckName, zh, en string) {
	*r.checks = append(*r.checks, registry.Pass(name, r.label.zh+zh, r.label.en+en))
}

func serialText(n *big.Int) string { return fmt.Sprintf("%X", n) }
