// Package httpx is what HTTP needs and no business knows: requests are read
// strictly and within limits, answers are JSON or an RFC 9457 problem, every
// request is observed, callers are told apart by their addresses. It knows
// errors by code and kind, and nothing of licenses, accounts or the office.
package httpx
