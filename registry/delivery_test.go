package registry_test

import (
	"strings"
	"testing"

	"tongzheng/registry"
)

func TestDelivery(t *testing.T) {
	for _, d := range []registry.Delivery{{Receiver: "张某"}, {Receiver: "李某", Relation: "代理人", Courier: "EMS", Number: "1234567890"},
		{Receiver: "张某", Relation: "本人", IDChecked: "居民身份证"}} {
		remark, err := d.Remark("")
		if back, ok := registry.ParseDelivery(remark); err != nil || !ok || back != d {
			t.Errorf("%+v: %q %v", d, remark, err)
		}
		app := registry.Application{Act: registry.Deliver, Delivery: &d}
		if err := app.Delivered(); err != nil || app.Remark != remark {
			t.Errorf("%+v: %q %v", d, app.Remark, err)
		}
	}
	for _, d := range []registry.Delivery{{}, {Receiver: "张|某"}, {Receiver: "张某", Courier: "EMS"}, {Receiver: " 张某"}, {Receiver: "张某", Number: "1"}, {Receiver: "张某", IDChecked: "身份证362132"}} {
		if remark, err := d.Remark(""); err == nil {
			t.Errorf("%+v gave %q", d, remark)
		}
	}
	var fields []string
	for _, fault := range (registry.Delivery{Relation: "代|理人", Courier: "EMS", IDChecked: "36213219900101"}).Faults("") {
		fields = append(fields, fault.Field)
	}
	if got := strings.Join(fields, " "); got != "delivery.receiver delivery.number delivery.relation delivery.id_checked" {
		t.Errorf("faults of %s: all at once, by field", got)
	}
	// A delivery is judged against its ground.
	courier := registry.Delivery{Receiver: "李某", Courier: "EMS", Number: "1234567890"}
	for _, x := range []struct {
		d            registry.Delivery
		ground, want string
	}{
		{courier, registry.GroundByCourier, ""}, {registry.Delivery{Receiver: "李某"}, registry.GroundByCourier, "delivery.courier delivery.number"},
		{courier, registry.GroundAtCounter, "delivery.courier"}, {courier, registry.GroundElectronic, "delivery.courier"},
		{registry.Delivery{Receiver: "李某"}, registry.GroundAtCounter, ""}, {registry.Delivery{Receiver: "李某"}, registry.GroundElectronic, ""}, {courier, "other", ""},
	} {
		var fields []string
		for _, fault := range x.d.Faults(x.ground) {
			fields = append(fields, fault.Field)
		}
		if got := strings.Join(fields, " "); got != x.want {
			t.Errorf("%+v on ground %s: faults of %q, want %q", x.d, x.ground, got, x.want)
		}
		app := registry.Application{Act: registry.Deliver, Ground: x.ground, Delivery: &x.d}
		if err := app.Delivered(); (err == nil) != (x.want == "") {
			t.Errorf("%+v on ground %s: %v", x.d, x.ground, err)
		}
	}
	if _, ok := registry.ParseDelivery("普通备注"); ok {
		t.Error("a remark was taken for a delivery")
	}
	for want, app := range map[registry.Code]registry.Application{
		registry.CodeMissing:      {Act: registry.Deliver},
		registry.CodeUnknownField: {Act: registry.Spoil, Delivery: &registry.Delivery{Receiver: "张某"}},
		"":                        {Act: registry.Deliver, Remark: "窗口领取"},
	} {
		if err := app.Delivered(); registry.CodeOf(err) != want {
			t.Errorf("%+v: %v, want %q", app, err, want)
		}
	}
}

// Two witnesses watch a destruction, whatever a policy says or leaves out.
func TestDestructionIsWitnessed(t *testing.T) {
	one, two := []registry.Role{registry.RolePrinter}, []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	p := registry.Policy{Type: "*", Version: two, State: one, Record: one, Paper: one}
	if roles := p.Roles(registry.Destroy, ""); len(roles) != 3 || roles[1] != registry.RoleWitness || roles[2] != registry.RoleWitness {
		t.Errorf("%v", roles)
	}
	for n, roles := range [][]registry.Role{{registry.RolePrinter, registry.RoleWitness}, {registry.RoleWitness, registry.RoleWitness}} {
		p.Acts = map[registry.Act][]registry.Role{registry.Destroy: roles}
		if err := p.Check(); (err == nil) != (n == 1) {
			t.Errorf("%v: %v", roles, err)
		}
	}
}
