package api

// What the tests outside the package need of its inside.
var (
	ProblemOf  = problemOf
	DecodeJSON = decodeJSON
)
