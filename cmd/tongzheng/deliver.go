package main

import (
	"fmt"
	"slices"
	"strings"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type deliveriesCommand struct {
	remote
	Act  string `enum:",print,reprint,deliver,recover" default:"" help:"只列 Only what waits for one act: print, reprint, deliver or recover."`
	JSON bool   `name:"json" help:"Print as JSON."`
}

// Run lists the results that the account's organization hands over, all pages.
func (c *deliveriesCommand) Run(w *world) error {
	var act registry.Act
	if c.Act != "" {
		var err error
		if act, err = registry.ParseAct(c.Act); err != nil {
			return err
		}
	}
	all := resource.DeliveryPage{Items: []resource.DeliveryItem{}}
	for cursor := ""; ; {
		page, err := c.client().Licenses.Deliveries(w.ctx, act, cursor)
		if err != nil {
			return err
		}
		all.Items = append(all.Items, page.Items...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if c.JSON {
		return printJSON(w, all)
	}
	for _, item := range all.Items {
		fmt.Fprintf(w.stdout, "%s  %s  %s  %s\n", item.TypeName, item.Number, item.HolderName, item.IssuerName)
		for _, due := range item.Due {
			sheet := ""
			if due.Printing != 0 {
				sheet = fmt.Sprintf("  印件 sheet %d %s %s", due.Printing, due.Copy.Chinese(), due.Blank)
			}
			note := ""
			if !due.May {
				note = "  （办理中或者不由本账号办理 under way, or another role's）"
			}
			fmt.Fprintf(w.stdout, "  %s %s%s  %s%s\n", due.Act.Chinese(), due.Act, strings.TrimRight(sheet, " "), due.Identifier, note)
		}
	}
	if len(all.Items) == 0 {
		fmt.Fprintln(w.stdout, "没有待交付的结果 nothing to hand over")
	}
	return nil
}

type deliverCommand struct {
	Identifier   string `arg:"" help:"电子证照标识 Identifier of the version whose sheet is delivered, as tongzheng deliveries shows it."`
	Printing     uint32 `arg:"" help:"印件序号 Number of the sheet, or of the electronic copy."`
	Organization string `required:"" help:"统一社会信用代码 Credit code of the organization that hands it over."`
	Receiver     string `help:"领取人或者签收人 Who took it."`
	Relation     string `help:"与持证主体的关系 What the receiver is to the holder: 本人, 代理人（持委托书）, …"`
	IDChecked    string `name:"id-checked" help:"已核对的证件 Kind of identity document that was looked at, never its number."`
	Courier      string `help:"快递公司 Courier; none at the counter."`
	Number       string `help:"快递单号 Number of the courier's slip."`
	Ground       string `help:"办理依据 Ground; when absent collected, courier with a courier, electronic for the electronic copy."`
	Grant        string `help:"赋权编号 Grant; when absent, the one under which the account may deliver."`
	submitOptions
}

// Run delivers a sheet. Everything that is missing is said at once.
func (c *deliverCommand) Run(w *world) error {
	id, err := registry.ParseIdentifier(c.Identifier)
	if err != nil {
		return err
	}
	delivery := registry.Delivery{Receiver: c.Receiver, Relation: c.Relation, Courier: c.Courier, Number: c.Number, IDChecked: c.IDChecked}
	ground := c.Ground
	if ground == "" {
		ground = map[bool]string{false: registry.GroundAtCounter, true: registry.GroundByCourier}[c.Courier != ""]
	}
	if faults := delivery.Faults(ground); len(faults) > 0 {
		for _, fault := range faults {
			fmt.Fprintf(w.stderr, "tongzheng: %s: %s %s（%s）\n", strings.TrimPrefix(fault.Field, "delivery."), fault.Code.Chinese(), fault.Code.English(), fault.Detail)
		}
		return exit(exitUsage)
	}
	if c.Grant == "" || c.Ground == "" {
		offer, err := c.offered(w, id)
		if err != nil {
			return err
		}
		if c.Ground == "" && slices.Equal(offer.Grounds, []string{registry.GroundElectronic}) {
			ground = registry.GroundElectronic
		}
		if c.Grant == "" {
			c.Grant = offer.Grants[0]
		}
	}
	application := resource.Application{Application: registry.Application{Act: registry.Deliver, Identifier: id, Grant: c.Grant, Organization: c.Organization, Ground: ground,
		Printing: c.Printing, Delivery: &delivery}}
	key := sm.Sum([]byte(fmt.Sprintf("%s %d %+v", id, c.Printing, delivery))).String()
	p, err := c.client().Licenses.Act(w.ctx, id, client.Submission{Key: key, Application: application})
	if err != nil {
		return err
	}
	return c.complete(w, p)
}

// offered is the delivery of the copy as it is offered to the account, under the
// one grant that it may deliver under where none is named.
func (c *deliverCommand) offered(w *world, id registry.Identifier) (*registry.Offer, error) {
	l, err := c.client().Licenses.Show(w.ctx, id)
	if err != nil {
		return nil, err
	}
	for i := range l.Actions {
		if offer := &l.Actions[i]; offer.Act == registry.Deliver && offer.Printing == c.Printing {
			if len(offer.Grants) != 1 && c.Grant == "" {
				return nil, usage("--grant names one of %v", offer.Grants)
			}
			return offer, nil
		}
	}
	return nil, registry.Errorf(registry.CodeActNotAllowed, "printing", "this account may not deliver copy %d now: tongzheng deliveries", c.Printing)
}
