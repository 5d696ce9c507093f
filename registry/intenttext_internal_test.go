package registry

import (
	"reflect"
	"testing"
)

// TestIntentTextsAreWhole: no text of an intent is left out of the rule for
// text, whatever field it stands in.
func TestIntentTextsAreWhole(t *testing.T) {
	whole := func() *Intent {
		return &Intent{Collected: &Foreign{}, Origin: &Origin{}, Ruling: &Ruling{}, Printings: []Printing{{}}}
	}
	var visit func(v reflect.Value, path []int, name string)
	at := func(root reflect.Value, path []int) reflect.Value {
		for _, i := range path {
			for root.Kind() == reflect.Pointer || root.Kind() == reflect.Slice {
				if root.Kind() == reflect.Slice {
					root = root.Index(0)
				} else {
					root = root.Elem()
				}
			}
			root = root.Field(i)
		}
		return root
	}
	texts := 0
	visit = func(v reflect.Value, path []int, name string) {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct {
			if v.Kind() == reflect.Slice {
				v = v.Index(0)
			} else {
				v = v.Elem()
			}
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					visit(v.Field(i), append(append([]int{}, path...), i), name+"."+v.Type().Field(i).Name)
				}
			}
		case reflect.String:
			texts++
			in := whole()
			at(reflect.ValueOf(in), path).SetString("a\u200bb")
			if in.checkCharacters() == nil {
				t.Errorf("a character that nobody sees passes in %s", name)
			}
		}
	}
	visit(reflect.ValueOf(whole()), nil, "Intent")
	if texts < 20 || whole().checkCharacters() != nil {
		t.Errorf("%d texts", texts)
	}
}
