package statusview_test

import (
	"tongzheng/registry/office"
	"tongzheng/registry/statusview"
)

var _ office.StatusView = (*statusview.View)(nil)
