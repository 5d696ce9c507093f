package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticks are what /proc counts in a second, on every Linux that we run on.
const ticks = 100

// spent is the processor time in seconds that processes have used so far, user
// and system; those that have ended count nothing.
func spent(pids ...int) float64 {
	total := 0.0
	for _, pid := range pids {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// After the name in parentheses: state is the first, user and system time
		// the twelfth and thirteenth.
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		for _, f := range fields[11:13] {
			if n, err := strconv.ParseFloat(f, 64); err == nil {
				total += n / ticks
			}
		}
	}
	return total
}
