package client

import (
	"context"
	"net/url"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

// Catalog says what there is and what is to be done.
type Catalog struct{ caller *caller }

// Types lists the license types, newest versions.
func (c Catalog) Types(ctx context.Context) ([]*registry.LicenseType, error) {
	list, err := call[resource.TypeList](ctx, c.caller, get("/types", nil))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Type is one license type by its code of 21 characters.
func (c Catalog) Type(ctx context.Context, code string) (*registry.LicenseType, error) {
	return call[registry.LicenseType](ctx, c.caller, get("/types/"+url.PathEscape(code), nil))
}

// Tasks lists what the caller's organization has to attend to.
func (c Catalog) Tasks(ctx context.Context) ([]resource.Task, error) {
	list, err := call[resource.TaskList](ctx, c.caller, get("/tasks", nil))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}
