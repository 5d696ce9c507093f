// Package citytest lends the tests of packages outside cmd a whole instance, with
// or without the demonstration city: they cannot import cmd/internal. For tests
// only.
package citytest

import (
	"context"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
)

// What the tests name.
type (
	App         = app.App
	Config      = app.Config
	Demo        = demo.City
	DemoAccount = demo.Account
)

// DemoPlan is the plan of the demonstration city.
const DemoPlan = demo.Plan

var (
	ReadDemo  = demo.Read
	PersonKey = person.Key
	Approve   = person.Approve
)

// Open opens an instance, seeded when it is to be a demonstration.
func Open(ctx context.Context, config Config) (*App, error) {
	if config.DemoCity {
		return demo.Open(ctx, config)
	}
	return app.Open(ctx, config)
}
