package registry

// SharingResult is the answer of a verification as the sharing interface of
// e-licenses gives it (GB/T 36906 as implemented): what a window that checks a
// license, instead of taking a copy of it, writes into its file.
type SharingResult struct {
	Operation string `json:"operation"` // verifyCertInfo or verifyFile
	Code      string `json:"code"`
	Chinese   string `json:"zh"`
	English   string `json:"en"`
}

const (
	verifyCertInfo = "verifyCertInfo"
	verifyFile     = "verifyFile"
)

// Results of the two operations. verifyCertInfo's 4 (information incomplete)
// is the problem CodeMissing here; a verdict of unknown has no result at all:
// an outage is none of them.
var (
	infoValid     = SharingResult{verifyCertInfo, "0", "证照信息正确，证照有效", "correct and valid"}
	infoNotYet    = SharingResult{verifyCertInfo, "1", "证照信息正确，证照尚未生效", "correct, not yet active"}
	infoSuspended = SharingResult{verifyCertInfo, "2", "证照信息正确，证照暂时失效", "correct, temporarily without effect"}
	infoEnded     = SharingResult{verifyCertInfo, "3", "证照信息正确，证照已失效", "correct, no longer valid"}
	infoNone      = SharingResult{verifyCertInfo, "5", "证照不存在", "not found"}
	infoDiffers   = SharingResult{verifyCertInfo, "6", "证照信息不一致", "mismatch"}
	fileGood      = SharingResult{verifyFile, "0", "验证通过", "passed"}
	fileSeal      = SharingResult{verifyFile, "1", "印章验证失败", "seal check failed"}
	fileContent   = SharingResult{verifyFile, "2", "文件验证失败", "file check failed"}
)

var infoResults = map[Word]*SharingResult{
	Valid: &infoValid, Pending: &infoNotYet, NotYetEffective: &infoNotYet, IsSuspended: &infoSuspended,
	Superseded: &infoEnded, Void: &infoEnded, IsWithdrawn: &infoEnded, IsRevoked: &infoEnded, IsPenalized: &infoEnded,
	IsCancelled: &infoEnded, Expired: &infoEnded, Altered: &infoDiffers, Untrusted: &infoDiffers,
	Unverifiable: &infoDiffers, NotFound: &infoNone,
}

// Sharing says a verdict in the codes of the sharing interface: of a file, or
// of the information given. Nil for unknown.
func (v *Verdict) Sharing(file bool) *SharingResult {
	if v.Word == UnknownNow {
		return nil
	}
	if !file {
		return infoResults[v.Word]
	}
	switch v.Word {
	case Untrusted:
		return &fileSeal
	case NotFound:
		return &fileContent
	case Altered, Unverifiable:
		for _, c := range v.Checks {
			if (c.Result == Failed || c.Unverifiable()) && c.Name.Seal() {
				return &fileSeal
			}
		}
		return &fileContent
	}
	return &fileGood // whatever became of the license since: the file is what was sealed
}

// SharingMismatch is the result when the license exists and one thing said of
// it is not so. Whoever is told so has named its holder.
func SharingMismatch() *SharingResult { return &infoDiffers }

// Seal tells whether the check is about the seal put to a document, rather
// than about the document under it.
func (n CheckName) Seal() bool {
	switch n {
	case CheckSignature, CheckSealMaker:
		return true
	}
	return n.Trust()
}
