package registry

import "slices"

// Codes of checks that could not be made and never will be with what is at
// hand: they make a verdict Unverifiable (不具备验证条件). Nothing was shown to
// be altered then, and nothing to be whole.
const (
	WhyNotSealed     = "not-sealed"             // no seal and no signature
	WhySignerUnknown = "signer-unknown"         // whose signature it is, the file does not say
	WhyCertificate   = "certificate-unreadable" // a certificate whose key, period or usage cannot be read
	WhyForm          = "unsupported-form"       // a form or algorithm that is not known here, named in the check
	WhyNotCovered    = "not-covered"            // signed, but not the whole file
	WhyPackage       = "package-form"           // a ZIP that two programs could read differently
)

// Reason is why a file cannot be verified, and what to do about it.
type Reason struct {
	Code             string
	Chinese, English string
	Advice, AdviceE  string
}

var reasons = []Reason{
	{WhyNotSealed, "文件没有电子签章", "The file carries no seal",
		"没有签章的文件无从验证，请向出具机关索取加盖电子签章的原文件。", "Nothing here can be verified: ask whoever issued it for the sealed file."},
	{WhySignerUnknown, "文件没有载明签名者", "The file does not say who signed",
		"文件中没有签名者的证书，无法判断由谁签署，请向出具机关核实。", "The signer's certificate is not in the file: ask whoever issued it."},
	{WhyCertificate, "签名者证书无法读取", "The signer's certificate cannot be read",
		"证书不合规范，请用出具机关指定的工具验证，或向其核实。", "The certificate follows no known form: use the tool that the issuer names, or ask the issuer."},
	{WhyForm, "签章格式或算法不受支持", "A form or an algorithm that is not supported here",
		"这不表示文件有问题，请用出具机关指定的工具验证。", "That is no fault of the file: use the tool that the issuer names."},
	{WhyNotCovered, "签章没有覆盖全部内容", "The seal does not cover the whole file",
		"未受保护的部分任何人都能更改，请以出具机关提供的完整签章文件为准。", "Anyone could change the rest: ask the issuer for a file that is sealed as a whole."},
	{WhyPackage, "文件包的结构不规范", "The package is not of a sound form",
		"不同软件可能显示不同内容，请取得出具机关提供的原文件，不要用重新打包或转存的文件。", "Two programs may show different things: get the file as it was issued, not one packed anew."},
}

// Reasons lists why a file can be unverifiable.
func Reasons() []Reason { return slices.Clone(reasons) }

// Unverifiable tells whether the check could not be made with what is at hand,
// for one of the Reasons. An outage is none of them.
func (c Check) Unverifiable() bool {
	return c.Result == Unknown && slices.ContainsFunc(reasons, func(r Reason) bool { return r.Code == c.Code })
}

// Reasons are those why the verdict is Unverifiable; none for other verdicts.
func (v *Verdict) Reasons() []Reason {
	var out []Reason
	for _, r := range reasons {
		if v.Word == Unverifiable && slices.ContainsFunc(v.Checks, func(c Check) bool { return c.Unverifiable() && c.Code == r.Code }) {
			out = append(out, r)
		}
	}
	return out
}
