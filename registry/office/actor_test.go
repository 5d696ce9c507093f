package office

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"tongzheng/registry"
)

// background are the methods that work for nobody in particular, or for another member's
// registry, which they judge by what the ledger says of it.
var background = []string{"Anchoring.Work", "Anchoring.Advance", "Anchoring.Expire", "Anchoring.Anchor", "Anchoring.Seal", "Publishing.Run", "Publishing.Publish",
	"Cases.Run", "Cases.Drive", "Cases.Give", "Cases.Take", "Cases.Receive", "Noticing.Work",
	"Traveling.Work", "Traveling.GiveSheet", "Traveling.TakeSheet", "Traveling.GiveSigned", "Traveling.TakeSigned"}

// TestEveryUseCaseTakesAnActor: whatever may wait or fail (it takes a context)
// is done for somebody, who is named right after the context; and nothing of the
// office is reached but through its use cases.
func TestEveryUseCaseTakesAnActor(t *testing.T) {
	ctx, actor := reflect.TypeFor[context.Context](), reflect.TypeFor[registry.Actor]()
	office := reflect.TypeFor[Office]()
	seen := 0
	for i := range office.NumField() {
		room := office.Field(i)
		for j := range room.Type.Elem().NumField() {
			if field := room.Type.Elem().Field(j); field.IsExported() {
				t.Errorf("%s.%s is exported: a port is nobody else's", room.Name, field.Name)
			}
		}
		for j := range room.Type.NumMethod() {
			m := room.Type.Method(j)
			in := m.Type
			if in.NumIn() < 2 || in.In(1) != ctx || slices.Contains(background, room.Name+"."+m.Name) {
				continue
			}
			seen++
			if in.NumIn() < 3 || in.In(2) != actor {
				t.Errorf("%s.%s takes no Actor", room.Name, m.Name)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d use cases were looked at", seen)
	}
}
