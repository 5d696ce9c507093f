package tables

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tongzheng/registry"
)

// WatchListFile is where a data folder keeps the lists of holders under watch.
const WatchListFile = "holders.csv"

// WatchListHeader names the columns of a list.
var WatchListHeader = []string{"代码类型", "代码", "名单", "列入日期", "机关"}

// WatchList is the lists of holders under watch, of a file that an operator
// replaces whole (tongzheng import holders). It is read again when it changed;
// without a file nobody is listed.
type WatchList struct {
	Path string

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
		if l.entries, err = readWatchList(table); err != nil {
			return nil, err
		}
		l.changed = info.ModTime()
	}
	return l.entries[string(h.CodeType)+h.Code], nil
}

func readWatchList(table [][]string) (map[string][]registry.Listed, error) {
	entries := map[string][]registry.Listed{}
	if len(table) == 0 || strings.TrimPrefix(strings.Join(table[0], " "), "\uFEFF") != strings.Join(WatchListHeader, " ") {
		return nil, registry.Errorf(registry.CodeMissing, "header", "the columns are %s", strings.Join(WatchListHeader, " "))
	}
	for i, row := range table[1:] {
		if strings.Join(row, "") == "" {
			continue
		}
		if len(row) != len(WatchListHeader) {
			return nil, registry.Errorf(registry.CodeMalformed, "row", "row %d has %d columns", i+2, len(row))
		}
		kind := registry.HolderCodeType(row[0])
		since, err := registry.ParseDate(row[3])
		if err == nil {
			err = registry.CheckHolderCode(kind, row[1], registry.DateOf(time.Now()))
		}
		if err != nil || since == 0 || row[2] == "" || row[4] == "" {
			return nil, registry.Errorf(registry.CodeMalformed, "row", "row %d: code type, code, list, day and authority are required", i+2)
		}
		entries[row[0]+row[1]] = append(entries[row[0]+row[1]], registry.Listed{List: row[2], Since: since, Authority: row[4]})
	}
	return entries, nil
}

// ReplaceWatchList puts another table in the place of a data folder's lists,
// once all of it can be read. It returns how many holders are listed now.
func ReplaceWatchList(data string, table [][]string) (int, error) {
	entries, err := readWatchList(table)
	if err != nil {
		return 0, err
	}
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(table); err != nil {
		return 0, err
	}
	path := filepath.Join(data, WatchListFile)
	if err := os.WriteFile(path+".new", out.Bytes(), 0o600); err != nil {
		return 0, err
	}
	return len(entries), os.Rename(path+".new", path)
}
