package main

import (
	"errors"

	"tongzheng/registry"
)

// codeOf maps a failure to an exit code: what the caller did wrong is 2, what
// cannot be done now 3, everything else 1.
func codeOf(err error) int {
	var coded *registry.Error
	if !errors.As(err, &coded) {
		return exitNegative
	}
	switch coded.Code.Kind() {
	case registry.KindInvalid, registry.KindTooLarge:
		return exitUsage
	case registry.KindUnavailable:
		return exitUnknown
	}
	return exitNegative
}

// usage is an error of the command line.
func usage(format string, args ...any) error {
	return registry.Errorf(registry.CodeMalformed, "", format, args...)
}
