// Package desk is the desk that staff work at, whichever face it has: what a
// signed-in account may see of licenses, proceedings, case files and order
// sheets, and how its steps are handed to the office. JSON API and console
// share it. It reads addresses and the caller, and writes no answer.
package desk
