package main

import (
	"context"
	"errors"

	"tongzheng/network"
)

func todo(context.Context, *network.Network, []string) error { return errors.New("todo") }

var addMember, removeMember, upgrade, issue, genesis, units, step, update = todo, todo, todo, todo, todo, todo, todo, todo
