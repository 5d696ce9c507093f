package api

import (
	"net/http"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
)

// catalog says what there is and what is to be done.
type catalog struct {
	desk     desk.Catalog
	licenses desk.Licenses
}

// tasks lists what the caller's organization has to attend to.
func (c *catalog) tasks(w http.ResponseWriter, r *http.Request) {
	list, err := c.licenses.Tasks(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	out := resource.TaskList{Items: []resource.Task{}}
	for _, t := range list {
		grant := t.Grant
		if t.Awaits == "" { // an act's own page names it
			grant = ""
		}
		out.Items = append(out.Items, resource.Task{Kind: t.Kind, Organization: t.Organization, Intent: t.Intent, Identifier: t.Identifier,
			TypeName: t.TypeName, Number: t.Number, HolderName: t.HolderName, Case: t.Case, Decision: t.Decision, By: t.By, Act: t.Act, Awaits: t.Awaits, Due: t.Due, Grant: grant, Code: t.Code,
			Detail: t.Detail, Other: t.Other, Created: t.Created.In(registry.China)})
	}
	httpx.JSON(w, r, http.StatusOK, out)
}

// types lists the catalog.
func (c *catalog) types(w http.ResponseWriter, r *http.Request) {
	list, err := c.desk.All(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	if list == nil {
		list = []*registry.LicenseType{}
	}
	out := resource.TypeList{Items: list}
	httpx.Tagged(w, r, out, out)
}

// licenseType shows the newest version of one catalog entry.
func (c *catalog) licenseType(w http.ResponseWriter, r *http.Request) {
	t, err := c.desk.Named(r)
	if registry.CodeOf(err) == registry.CodeTypeUnknown {
		err = registry.Errorf(registry.CodeNotFound, "code", "not in the catalog")
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.Tagged(w, r, t, t)
}
