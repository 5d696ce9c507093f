package web

import "tongzheng/registry"

// Guidance is what a verdict means for whoever holds the paper, and what to do.
type Guidance struct {
	First bool   // it goes before everything else: there is nothing to compare
	Lines []Pair // most important first
}

// guide is what a verdict means; why a file cannot be verified comes first.
func guide(v *registry.Verdict) Guidance {
	g := guidance[v.Word]
	lines := []Pair{}
	for _, r := range v.Reasons() {
		lines = append(lines, Pair{r.Chinese + "：" + r.Advice, r.English + ". " + r.AdviceE})
	}
	return Guidance{g.First, append(lines, g.Lines...)}
}

// guidance has a row for every verdict; a test compares it with registry.Words.
var guidance = map[registry.Word]Guidance{
	registry.Valid: {false, []Pair{
		{"逐项一致的，可以采信。", "When every line agrees, you can rely on it."},
		{"只要有一项不一致，二维码就可能是从别的证照上复制的：请勿采信，并向发证机关核实。", "When one line differs, the code may be copied from another license: do not rely on it, ask the issuer."}}},
	registry.Pending: {true, []Pair{
		{"决定已经作出并盖章，正等待登记；登记完成后，本页显示“有效”。", "The decision is made and sealed and waits to be recorded; then this page says “valid”."},
		{"登记仍可能被拒绝，因此现在还不能当作有效证照使用。", "It may still be refused: do not treat it as in force yet."},
		{"通常只需几分钟，最长七天。急需确认的，请致电发证机关。", "It usually takes minutes, seven days at most. If it is urgent, call the issuer."}}},
	registry.IsSuspended: {false, []Pair{
		{"暂扣期间，持证人不得从事证照许可的活动；发还后，本页恢复显示“有效”。", "Meanwhile its holder must not do what it permits. Once it is returned, this page says “valid” again."}}},
	registry.Superseded: {false, []Pair{
		{"证照变更、延续或补发后，旧版本的纸件不再使用。请让持证人出示现行版本。", "After a change, a renewal or a reissue the older paper is no longer used. Ask for the present one."},
		{"也可以用证照编号和持证主体全称，在核验首页查询现行版本。", "Or look the present version up on the check page, by number and holder."}}},
	registry.Void: {false, []Pair{
		{"作废的只是这一张纸，不等于许可无效。", "Only this sheet is void, which does not end the license."},
		{"请用证照编号和持证主体全称，在核验首页查询证照本身的状态。", "Look the license itself up on the check page, by number and holder."}}},
	registry.IsWithdrawn: {false, []Pair{
		{"撤回不追溯既往：撤回之前依许可从事的活动不受影响。", "It does not reach back: what was done under the license before stands."},
		{"因撤回受到财产损失的，可以依法要求补偿（行政许可法第八条）。", "Losses from a withdrawal can be claimed (Administrative Licensing Law, article 8)."}}},
	registry.IsRevoked: {false, []Pair{
		{"许可本不应准予，撤销后视为自始无效（行政许可法第六十九条）。", "It should not have been granted and counts as void from the start (Administrative Licensing Law, article 69)."}}},
	registry.IsPenalized: {false, []Pair{
		{"吊销是行政处罚，自决定生效起不得再从事许可的活动，不追溯既往。", "A penalty: from the decision on, what it permitted is no longer allowed. It does not reach back."}}},
	registry.IsCancelled: {false, []Pair{
		{"注销是许可终止后的手续，终止的原因见上。", "The formality after a license has ended; the cause is given above."}}},
	registry.Expired: {false, []Pair{
		{"没有在有效期内受理的延续申请。若持证人称已经延续，请让其出示新证照。", "No renewal was accepted before it expired. If the holder says it was renewed, ask for the new license."}}},
	registry.NotYetEffective: {false, []Pair{
		{"生效日之前，不得凭此证照从事许可的活动。", "Before that day nothing may be done under it."}}},
	registry.Altered: {true, []Pair{
		{"手中的证照、文件或二维码，与盖章或登记时的内容不一致。为免误信，本页不显示其内容。", "What is at hand is not what was sealed or recorded. Its content is not shown, so that nobody relies on it."},
		{"请勿据此办理任何事项；保留原件或照片，向发证机关或拨打 12345 举报。", "Do nothing on the strength of it; keep it or a picture of it, and report it to the issuer or call 12345."}}},
	registry.Untrusted: {true, []Pair{
		{"文件没有被改动，但盖章的人不是本库信任的发证机关：任何人都能自制这样的印章。", "The file is unaltered, but whoever sealed it is no issuer trusted here: anyone can make such a seal."},
		{"请向文件上写明的机关核实，核实之前不要采信。", "Ask the authority that the file names, and do not rely on it before."}}},
	registry.Unverifiable: {true, []Pair{
		{"这不是说文件被改动过，而是凭手中的文件无法证明它是真的。", "Nobody says that it was altered: the file at hand cannot prove that it is genuine."},
		{"请向出具机关索取原始的、加盖电子签章的文件，或直接向其核实；核实之前不要据此办理。", "Ask whoever issued it for the original sealed file, or ask them directly; do nothing on the strength of it before."}}},
	registry.NotFound: {true, []Pair{
		{"按编号查询的，请核对编号和持证主体全称：两项都对才会显示结果。", "By number: look at number and full name again; both must be right."},
		{"扫码到达本页的，二维码可能是伪造的：请勿采信，向证照上写明的发证机关或拨打 12345 核实、举报。", "By scanning: the code may be forged. Do not rely on it; ask the issuer named on the paper, or call 12345."}}},
	registry.UnknownNow: {true, []Pair{
		{"这不是证照的问题：既不说明有效，也不说明无效。", "This is no fault of the license: it says neither valid nor invalid."},
		{"请稍后再查，离线时请先联网更新；急需的，请致电发证机关。", "Try again later; offline, update with a network first. If it is urgent, call the issuer."}}},
}
