package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"tongzheng/registry"
)

// constraintCodes maps the constraint that refused a row to what the caller is
// told. A constraint not named here is broken by our own fault: internal.
var constraintCodes = map[string]struct {
	code   registry.Code
	field  string
	detail string
}{
	"proceeding_one_unanchored": {registry.CodeActInProgress, "identifier", "wait until the other act is anchored, or drop it"},
	"proceeding_decision":       {registry.CodeDecisionUsed, "decision", "made this act before, in its case or on its license: give this one its own document number"},
	"idempotency_pkey":          {registry.CodeIdempotencyMismatch, "", "the key was taken meanwhile: ask for what it made"},
	"license_pkey":              {registry.CodeStale, "identifier", "this serial is already used"},
	"proceeding_license":        {registry.CodeNotFound, "identifier", "no such license"},
	"version_live":              {registry.CodeStale, "identifier", "this version exists already"},
	"printing_token":            {registry.CodeStale, "printings", "this printing exists already"},
	"printing_number":           {registry.CodeStale, "printings", "this printing number exists already"},
	"printing_blank":            {registry.CodeBlankUsed, "blank", "already bound to another printing"},
	"printing_list_index":       {registry.CodeListRange, "printings", "this status list index is taken"},
	"license_type_pkey":         {registry.CodeStale, "type", "this version of the catalog entry exists already"},
	"account_pkey":              {registry.CodeStale, "login", "this login exists already"},
	"account_login_form":        {registry.CodeMalformed, "login", "want 1 to 64 of a-z, 0-9 and ._@-"},
	"account_role_word":         {registry.CodeMalformed, "roles", "unknown role"},
	"api_key_role_word":         {registry.CodeMalformed, "roles", "unknown role"},
	"api_key_account":           {registry.CodeNotFound, "account", "no such account"},
	"session_account":           {registry.CodeNotFound, "account", "no such account"},
	"credential_account":        {registry.CodeNotFound, "account", "no such account"},
	"credential_pkey":           {registry.CodeStale, "credential", "this passkey is registered already"},
	"credential_key":            {registry.CodeStale, "credential", "this passkey is registered already"},
}

// coded turns a database error into the registry's: coded where the caller can
// act on it, otherwise internal, wrapped with what was being done. Nil stays
// nil. Coded errors pass through.
func coded(doing string, err error) error {
	if err == nil {
		return nil
	}
	var domain *registry.Error
	if errors.As(err, &domain) {
		return err
	}
	cause := fmt.Errorf("%s: %w", doing, err)
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return codedByServer(pg, cause)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return cause
	case errors.Is(err, context.DeadlineExceeded):
		return registry.Errorf(registry.CodeTimeout, "", "the database did not answer in time").WithCause(cause)
	}
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) || pgconn.Timeout(err) || isConnectionLoss(err) {
		return registry.Errorf(registry.CodeUnavailable, "", "the database is out of reach").WithCause(cause)
	}
	return cause
}

func codedByServer(pg *pgconn.PgError, cause error) error {
	if known, ok := constraintCodes[pg.ConstraintName]; ok {
		return registry.Errorf(known.code, known.field, "%s", known.detail).WithCause(cause)
	}
	class := ""
	if len(pg.Code) == 5 {
		class = pg.Code[:2]
	}
	switch {
	case class == "08", class == "53", class == "57", pg.Code == "40001", pg.Code == "40P01":
		// connection lost, out of resources, shutting down, serialization
		// failure, deadlock: nothing was written, try again.
		return registry.Errorf(registry.CodeUnavailable, "", "the database could not do it now").WithCause(cause)
	case pg.Code == "22021", pg.Code == "22P05":
		// text that the database cannot hold, such as a zero byte
		return registry.Errorf(registry.CodeMalformed, "", "text with a character that cannot be stored").WithCause(cause)
	}
	return cause
}

// isConnectionLoss: pgx reports a connection that broke under a statement as a
// plain error.
func isConnectionLoss(err error) bool {
	text := err.Error()
	for _, part := range []string{"conn closed", "unexpected EOF", "broken pipe", "connection reset", "connection refused", "closed pool"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// checkText refuses what PostgreSQL cannot hold, before it says so itself.
func checkText(field, text string) error {
	if strings.ContainsRune(text, 0) || strings.ToValidUTF8(text, "") != text {
		return registry.Errorf(registry.CodeMalformed, field, "text with a character that cannot be stored")
	}
	return nil
}
