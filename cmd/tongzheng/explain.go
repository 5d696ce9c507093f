package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"tongzheng/api/client"
	"tongzheng/registry"
	words "tongzheng/registry/explain"
)

// serverRecords are governance records as the server tells them: they give names to
// codes, which stand beside them, and what was before. What is signed is recomputed
// from the canonical bytes (checkSheet).
type serverRecords struct {
	ctx    context.Context
	orders client.Orders
	known  map[string]registry.GovernanceRecord

	missing error // why some could not be read
}

// Record implements registry.Records.
func (s *serverRecords) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	key := registry.RecordKey(kind, name)
	if record, ok := s.known[key]; ok {
		return record, nil
	}
	found, err := s.orders.Records(s.ctx, kind, name)
	var record registry.GovernanceRecord
	switch {
	case registry.CodeOf(err) == registry.CodeNotFound:
		err = nil
	case err == nil && len(found) == 1:
		if record = registry.NewRecord(kind); record != nil {
			err = json.Unmarshal(found[0].Record, record)
		}
	}
	if err != nil {
		s.missing, record = err, nil // said once; what is signed does not depend on it
	}
	s.known[key] = record
	return record, nil
}

// explainOrder says an order in words: each field, and what it changes.
func explainOrder(w io.Writer, records registry.Records, order *registry.Order) error {
	record, err := order.Decode()
	if err != nil {
		return err
	}
	before, err := records.Record(order.Kind, record.Name())
	if err != nil {
		return err
	}
	lines, err := words.New(records).Order(order, before)
	if err != nil {
		return err
	}
	for _, l := range lines {
		mark, value := " ", l.Value
		if l.Changed {
			mark = "*"
		}
		if value == "" && l.Was != "" {
			value = "删除 removed"
		}
		if l.Changed && l.Was != "" {
			value += "  （原 was：" + l.Was + "）"
		}
		fmt.Fprintf(w, "   %s %s%s %s  %s\n", mark, strings.Repeat("  ", l.Depth), l.Chinese, l.English, value)
	}
	return nil
}
