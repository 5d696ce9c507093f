package tables

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/list"
)

// WatchListFile is where a data folder keeps the lists of holders under watch.
const WatchListFile = "holders.csv"

// watchListColumns are the columns of a list.
var watchListColumns = []list.Column{{Name: "code_type", Title: "代码类型", Required: true}, {Name: "code", Title: "代码", Required: true, Private: true},
	{Name: "list", Title: "名单", Required: true}, {Name: "since", Title: "列入日期", Required: true}, {Name: "authority", Title: "机关", Required: true}}

// WatchListHeader are the titles of a list's columns, as a data folder keeps it.
var WatchListHeader = list.Titles(watchListColumns)

// WatchList is the lists of holders under watch, of a file that an operator
// replaces whole (tongzheng import holders). It is read again when it changed;
// without a file nobody is listed.
type WatchList struct {
	Path  string
	Clock func() time.Time

	mu      sync.Mutex
	changed time.Time
	entries map[string][]registry.Listed // by code type and code
}

// Listed implements office.WatchLists.
func (l *WatchList) Listed(_ context.Context, h registry.Holder) ([]registry.Listed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(l.Path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if l.entries == nil || !info.ModTime().Equal(l.changed) {
		table, err := Read(l.Path)
		if err != nil {
			return nil, err
		}
		listed, err := readWatchList(table, registry.DateOf(l.Clock()))
		if err != nil {
			return nil, err
		}
		l.entries = map[string][]registry.Listed{}
		for _, one := range listed {
			holder := string(one.codeType) + one.code
			l.entries[holder] = append(l.entries[holder], one.Listed)
		}
		l.changed = info.ModTime()
	}
	return l.entries[string(h.CodeType)+h.Code], nil
}

// listed is one line of a list.
type listed struct {
	codeType registry.HolderCodeType
	code     string
	registry.Listed
}

// readWatchList reads all lines or names all that is wrong with them.
func readWatchList(table *list.Table, today registry.Date) ([]listed, error) {
	records, err := table.Read(watchListColumns)
	if err != nil {
		return nil, err
	}
	var all []listed
	for _, r := range records {
		one := listed{codeType: registry.HolderCodeType(r.Code("code_type")), code: r.Code("code"),
			Listed: registry.Listed{List: r.Text("list"), Since: r.Day("since"), Authority: r.Text("authority")}}
		if one.codeType == "001" || one.codeType == "111" {
			one.code = strings.ToUpper(one.code)
		}
		if len(r.Problems) == 0 {
			if err := registry.CheckHolderCode(one.codeType, one.code, today); registry.CodeOf(err) == registry.CodeHolderType {
				r.Fault("code_type", "不是 GB/T 36903 的代码类型 not a code type: want three digits such as 001, the column formatted as text")
			} else if err != nil {
				r.Fault("code", "代码有误 wrong: "+err.(*registry.Error).Detail)
			}
		}
		all = append(all, one)
	}
	return all, list.Faults(records)
}

// ReplaceWatchList puts another table in the place of a data folder's lists,
// once all of it can be read. It returns how many holders are listed now.
func ReplaceWatchList(data string, table *list.Table, today registry.Date) (int, error) {
	all, err := readWatchList(table, today)
	if err != nil {
		return 0, err
	}
	rows, holders := [][]string{WatchListHeader}, map[string]bool{}
	for _, one := range all {
		rows = append(rows, []string{string(one.codeType), one.code, one.List, one.Since.String(), one.Authority})
		holders[string(one.codeType)+one.code] = true
	}
	out, err := WriteCSV(rows)
	if err != nil {
		return 0, err
	}
	path := filepath.Join(data, WatchListFile)
	if err := os.WriteFile(path+".new", out, 0o600); err != nil {
		return 0, err
	}
	return len(holders), os.Rename(path+".new", path)
}
