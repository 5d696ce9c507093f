package demo

import (
	"fmt"

	"tongzheng/registry"
)

const (
	windowGrant      = "xg-window-041"
	educationSeal    = "gz-education-seal"
	approvalDocument = "11100000DEM900151A001" // 行政许可决定书（批文）
)

// window: under 服务窗口前移 the city decides and seals what the county's counter
// took in; the county's center prints and delivers it as its own organization,
// and sees it. Another county does not even find it.
func (s *Story) window() error {
	s.say("服务窗口前移：市教育局决定用印，县政务服务中心打印、送达", "a window matter: the city's bureau decides and seals, the county's center prints and delivers")
	_, bureau, err := s.as("gz-education-acceptor")
	if err != nil {
		return err
	}
	result, err := s.Act(registry.Application{Act: registry.Issue, Type: approvalDocument, Grant: windowGrant, Organization: bureau.Code, Ground: "applied",
		Decision: "赣教准〔2026〕901号", Case: "XGCK2026-0901", Seal: educationSeal,
		Holder:    registry.Holder{Name: "兴国县𠮷祥演示饭店有限公司", Code: company, CodeType: "001"},
		Fields:    map[string]string{"KZ_WJBT": "关于准予演示事项的行政许可决定书", "KZ_SXMC": "教育示例事项（合成）", "KZ_PZNR": "准予按申请材料实施演示事项。", "KZ_PZYJ": "行政许可法第三十八条第一款"},
		Effective: registry.DateOf(s.app.Config.Clock()), Expires: registry.LongTerm}, "gz-education-acceptor", "gz-education-approver")
	if err != nil {
		return err
	}
	center, clerk, err := s.as("xg-center-clerk")
	if err != nil {
		return err
	}
	act := registry.Application{Act: registry.Print, Identifier: result.Identifier, Grant: windowGrant, Organization: clerk.Code, Ground: "holder-asked",
		Copies: []registry.CopyRequest{{Copy: registry.Original}}}
	if _, err := s.Act(act, "xg-center-clerk"); err != nil {
		return err
	}
	if _, err := center.Licenses.Document(s.ctx, result.Identifier); err != nil {
		return fmt.Errorf("the center does not see the result: %w", err)
	}
	if err := s.sheetOf("xg-center-clerk", "window", result.Identifier, 2); err != nil {
		return err
	}
	if err := s.Verify("printed by the center", Ask(s.sheets["window"].qr), registry.Valid, ""); err != nil {
		return err
	}
	act.Act, act.Ground, act.Copies, act.Printing = registry.Deliver, "collected", nil, 2
	act.Delivery = &registry.Delivery{Receiver: "演示经办人", Relation: "持委托书的代理人"}
	if _, err := s.Act(act, "xg-center-clerk"); err != nil {
		return err
	}
	stranger, _, err := s.as("yd-acceptor")
	if err != nil {
		return err
	}
	if _, err := stranger.Licenses.Document(s.ctx, result.Identifier); registry.CodeOf(err) != registry.CodeNotFound {
		return fmt.Errorf("another county: %v, want it not to be there", err)
	}
	s.tell("于都县查无此件 another county does not find it")
	return nil
}
