package registry

// Result is the outcome of one check.
type Result string

const (
	Passed  Result = "passed"
	Failed  Result = "failed"
	Unknown Result = "unknown" // could not be done now, and why
	Noted   Result = "noted"   // worth saying, changes nothing
)

// CheckName names one check; pages and JSON use the same words.
type CheckName string

// Checks of a sealed document (GB/T 38540 §7 and beyond, see docs).
const (
	CheckPackage     CheckName = "package"      // the ZIP and OFD structure: no doubled name, no missing file
	CheckCoverage    CheckName = "coverage"     // every file of the package is covered by the signature
	CheckReferences  CheckName = "references"   // digests of the covered files
	CheckSignature   CheckName = "signature"    // the stamper's SM2 signature over TBS_Sign
	CheckDataHash    CheckName = "data-hash"    // SM3 of Signature.xml
	CheckSealMaker   CheckName = "seal-maker"   // the seal maker's signature over SES_SealInfo
	CheckSigner      CheckName = "seal-signer"  // the signer certificate stands in the seal's certList
	CheckSealPeriod  CheckName = "seal-period"  // signing time inside the seal's own period
	CheckCertificate CheckName = "certificate"  // signer certificate: period, key usage, revocation
	CheckTrust       CheckName = "trust"        // chains of signer and seal maker reach a pinned root
	CheckTimeStamp   CheckName = "time-stamp"   // RFC 3161 time stamp
	CheckQRSignature CheckName = "qr-signature" // signature of the QR payload
	CheckQRToken     CheckName = "qr-token"     // the token belongs to this license, version and printing
	CheckContent     CheckName = "content"      // stored fields against the anchored content digest
	CheckDocument    CheckName = "document"     // stored document against the anchored seal digest
	CheckRecord      CheckName = "record"       // stored row against the ledger's state
	CheckAnchor      CheckName = "anchor"       // the entry stands on the ledger
	CheckStatus      CheckName = "status"       // state of the license and of this sheet
	CheckPower       CheckName = "power"        // granted with power that day
	CheckHolder      CheckName = "holder"       // the holder named by the asker
	CheckIdentifier  CheckName = "identifier"   // check character
	CheckFreshness   CheckName = "freshness"    // age of what is known
)

// Trust tells whether the check is about who signed and with what right, rather
// than about the bytes: failing it makes a document untrusted, not altered.
func (n CheckName) Trust() bool {
	switch n {
	case CheckTrust, CheckCertificate, CheckSigner, CheckSealPeriod, CheckTimeStamp:
		return true
	}
	return false
}

// Check is one check with its own result. Code is stable (empty when passed);
// Chinese and English say it in plain words, without personal data.
type Check struct {
	Name    CheckName `json:"name"`
	Result  Result    `json:"result"`
	Code    string    `json:"code,omitempty"`
	Chinese string    `json:"zh,omitempty"`
	English string    `json:"en,omitempty"`
}

// Pass, Fail and the like make a Check in one line.
func Pass(name CheckName, zh, en string) Check {
	return Check{Name: name, Result: Passed, Chinese: zh, English: en}
}

// Fail makes a failed check with its stable code.
func Fail(name CheckName, code, zh, en string) Check {
	return Check{Name: name, Result: Failed, Code: code, Chinese: zh, English: en}
}

// CannotTell makes a check that could not be done, with the reason.
func CannotTell(name CheckName, code, zh, en string) Check {
	return Check{Name: name, Result: Unknown, Code: code, Chinese: zh, English: en}
}

// Note makes a remark.
func Note(name CheckName, code, zh, en string) Check {
	return Check{Name: name, Result: Noted, Code: code, Chinese: zh, English: en}
}
