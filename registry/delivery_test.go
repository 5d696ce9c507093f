package office

import "testing"

func TestDelivery(t *testing.T) {
	for _, d := range []Delivery{{Receiver: "张某"}, {"李某", "代理人", "EMS", "1234567890"}} {
		remark, err := d.Remark()
		if back, ok := ParseDelivery(remark); err != nil || !ok || back != d {
			t.Errorf("%+v: %q %v", d, remark, err)
		}
	}
	for _, d := range []Delivery{{}, {Receiver: "张|某"}, {Receiver: "张某", Courier: "EMS"}} {
		if remark, err := d.Remark(); err == nil {
			t.Errorf("%+v gave %q", d, remark)
		}
	}
	if _, ok := ParseDelivery("普通备注"); ok {
		t.Error("a remark was taken for a delivery")
	}
}
