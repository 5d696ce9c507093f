package main

import (
	"testing"

	"tongzheng/cmd/citytest"
)

func TestMain(m *testing.M) { citytest.Main(m, func() {}) }
