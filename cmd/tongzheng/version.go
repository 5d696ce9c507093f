package main

import (
	"fmt"
	"runtime/debug"

	"tongzheng/chaincode"
)

// version says which program this is: the commit that it was built from, with a
// plus when files had been changed since, and the newest rules that its contract
// applies. A program built outside a checkout has no commit.
func version() string {
	commit, changed := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = "+"
			}
		}
	}
	return fmt.Sprintf("tongzheng commit %s%s, rules version %d", commit, changed, chaincode.RulesVersion)
}
