package registry

import (
	"slices"
	"strings"
)

// What comes in with an application, and what is missing from it.

// CaseChannel is how an application came in.
type CaseChannel string

const (
	ChannelCounter CaseChannel = "counter" // 窗口
	ChannelOnline  CaseChannel = "online"  // 网上
	ChannelPost    CaseChannel = "post"    // 邮寄
)

// CaseChannels lists the channels; the API enum is compared with it.
func CaseChannels() []CaseChannel { return []CaseChannel{ChannelCounter, ChannelOnline, ChannelPost} }

// CaseItem is one material, by its name: what it says stays out of the file.
type CaseItem struct {
	Name string `cbor:"1,keyasint" json:"name"`                    // at most 100 characters
	Due  Date   `cbor:"2,keyasint,omitempty" json:"due,omitempty"` // of an acceptance: last day to bring it
}

const (
	mostItems    = 50
	mostItemName = 100
	mostDeferral = 180 // calendar days within which what is missing comes
)

// CaseReceipt is what a receipt (收件回执) tells the applicant.
type CaseReceipt struct {
	Received     int64       `json:"received"` // Unix seconds
	Recorded     int64       `json:"recorded"`
	Organization string      `json:"organization"`
	Channel      CaseChannel `json:"channel"`
	Items        []string    `json:"items"`
	RespondBy    Date        `json:"respond_by,omitempty"` // last day to tell what is missing
}

// CaseNotice is the one written notice of all that is missing (补正告知).
type CaseNotice struct {
	At       int64    `json:"at"`
	Document string   `json:"document"`
	Items    []string `json:"items"`
}

// MissingItem is a material that was told to be missing or that may come later.
type MissingItem struct {
	Name     string `json:"name"`
	Due      Date   `json:"due,omitempty"`      // last day to bring it, of 容缺受理; zero: before the acceptance
	Supplied int64  `json:"supplied,omitempty"` // zero: it is open
}

// Open tells whether the item has not come in.
func (m *MissingItem) Open() bool { return m.Supplied == 0 }

// Overdue tells whether the item is open after its last day.
func (m *MissingItem) Overdue(day Date) bool { return m.Open() && m.Due != 0 && day > m.Due }

// OpenItems lists the items that have not come in, by name.
func (f *CaseFile) OpenItems() (names []string) {
	for i := range f.Items {
		if f.Items[i].Open() {
			names = append(names, f.Items[i].Name)
		}
	}
	return names
}

func itemNames(items []CaseItem) (names []string) {
	for _, item := range items {
		names = append(names, item.Name)
	}
	return names
}

func (f *CaseFile) receive(s *CaseStatement) {
	f.Receipt = &CaseReceipt{Received: s.Received, Recorded: s.At, Organization: s.Organization, Channel: s.Channel, Items: itemNames(s.Items)}
}

// miss notes items as missing; one that is open already gets its last day.
func (f *CaseFile) miss(items []CaseItem) {
	for _, item := range items {
		if known := f.item(item.Name); known != nil {
			known.Due = item.Due
		} else {
			f.Items = append(f.Items, MissingItem{Name: item.Name, Due: item.Due})
		}
	}
}

func (f *CaseFile) supply(s *CaseStatement) {
	for _, item := range s.Items {
		if known := f.item(item.Name); known != nil && known.Open() {
			known.Supplied = s.At
		}
	}
}

func (f *CaseFile) item(name string) *MissingItem {
	for i := range f.Items {
		if f.Items[i].Name == name {
			return &f.Items[i]
		}
	}
	return nil
}

// checkItems judges a receipt, what an acceptance leaves for later, and what is
// brought. What is missing is told once, all of it: after a notice an acceptance
// names what of it is still open, no more and no less.
func (j *CaseJudge) checkItems(f *CaseFile, s *CaseStatement) error {
	switch s.Kind {
	case CaseReceive:
		if s.Received > s.At || s.At-s.Received > mostReceiptBack {
			return Errorf(CodeDateOrder, "received", "an application is recorded when it comes in, at most %d days later", mostReceiptBack/86400)
		}
	case CaseAccept:
		return j.checkDeferral(f, s)
	case CaseSupply:
		for _, item := range s.Items {
			if known := f.item(item.Name); known == nil || !known.Open() {
				return Errorf(CodeActState, "items", "%s is not missing", item.Name)
			}
		}
	}
	return nil
}

// checkDeferral judges 容缺受理: only where the matter allows it, with a last day
// for each item.
func (j *CaseJudge) checkDeferral(f *CaseFile, s *CaseStatement) error {
	day := DateOfUnix(s.At)
	if len(s.Items) > 0 && (j.Matter == nil || !j.Matter.Defers) {
		return Errorf(CodeActNotAllowed, "items", "matter %s is not accepted with items missing (容缺受理)", j.Grant.Matter)
	}
	for _, item := range s.Items {
		if item.Due < day || item.Due > day+mostDeferral {
			return Errorf(CodeDateOrder, "items", "%s: from today to %d days from now", item.Name, mostDeferral)
		}
	}
	if f.Notice == nil {
		return nil
	}
	open, named := f.OpenItems(), itemNames(s.Items)
	slices.Sort(open)
	slices.Sort(named)
	if !slices.Equal(open, named) {
		return Errorf(CodeActState, "items", "what the notice of %s told to be missing and is still open: %s", f.Notice.Document, strings.Join(open, "、"))
	}
	return nil
}

// Decidable tells whether a license can be granted, or an act on it decided, on the
// case: accepted, nothing of it missing, its clock running, and not what the
// examination refused or sent back. CodeActState with the field case.
func (f *CaseFile) Decidable() error {
	switch f.Stage {
	case "":
		return nil // kept elsewhere, or on paper
	case CaseDecline:
		return Errorf(CodeActState, "case", "the application was not accepted (不予受理)")
	case CaseReceive, CaseNotify:
		return Errorf(CodeActState, "case", "the application is not accepted yet")
	}
	stop, open := f.Clock.Stopped(), f.OpenItems()
	switch {
	case len(open) > 0:
		return Errorf(CodeActState, "case", "items are still missing: %s", strings.Join(open, "、"))
	case f.Result == Refuse:
		return Errorf(CodeActState, "case", "the examination refused it (不予通过)")
	case f.Result == SendBack:
		return Errorf(CodeActState, "case", "the examination sent it back (退回补正): it is examined again first")
	case stop != nil:
		return Errorf(CodeActState, "case", "the clock stands still for %s: set it going first", stop.Procedure)
	}
	return nil
}
