package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tongzheng/registry"
)

const reviewColumns = `number, organization, kind, basis, licenses, opened, opened_by, closed, closed_by`

// AddReview keeps a new review file. CodeReviewNumber when its organization has
// one of this number.
func (s *Reviews) AddReview(ctx context.Context, f *registry.ReviewFile) error {
	for name, text := range map[string]string{"number": f.Number, "organization": f.Organization, "basis": f.Basis, "account": f.OpenedBy} {
		if err := checkText(name, text); err != nil {
			return err
		}
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO review_file (number, organization, kind, basis, licenses, opened, opened_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		f.Number, f.Organization, string(f.Kind), f.Basis, f.Licenses, f.Opened, f.OpenedBy)
	var taken *pgconn.PgError
	if errors.As(err, &taken) && taken.ConstraintName == "review_file_pkey" {
		return registry.Errorf(registry.CodeReviewNumber, "number", "this organization has a file of this number")
	}
	return coded("opening a review file", err)
}

// Review returns an organization's file by its number. CodeNotFound.
func (s *Reviews) Review(ctx context.Context, organization, number string) (*registry.ReviewFile, error) {
	missing := registry.Errorf(registry.CodeNotFound, "number", "this organization has no such review file")
	if checkText("number", number) != nil {
		return nil, missing
	}
	rows, err := s.pool.Query(ctx, `SELECT `+reviewColumns+` FROM review_file WHERE organization = $1 AND number = $2`, organization, number)
	list, err := collectReviews(rows, err)
	if err == nil && len(list) == 0 {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// Reviews lists an organization's files, open ones first, the newest first of
// each, at most limit.
func (s *Reviews) Reviews(ctx context.Context, organization string, limit int) ([]registry.ReviewFile, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+reviewColumns+` FROM review_file WHERE organization = $1
		ORDER BY closed IS NULL DESC, opened DESC, number LIMIT $2`, organization, limit)
	return collectReviews(rows, err)
}

// OpenReviews lists an organization's open files that name a license, the oldest
// first.
func (s *Reviews) OpenReviews(ctx context.Context, organization, base string) ([]registry.ReviewFile, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+reviewColumns+` FROM review_file
		WHERE closed IS NULL AND organization = $1 AND licenses @> ARRAY[$2] ORDER BY opened, number`, organization, base)
	return collectReviews(rows, err)
}

// CloseReview ends the sight that a file gives. CodeNotFound; CodeActState when
// it is closed already.
func (s *Reviews) CloseReview(ctx context.Context, organization, number string, at time.Time, account string) error {
	f, err := s.Review(ctx, organization, number)
	if err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE review_file SET closed = $3, closed_by = $4 WHERE organization = $1 AND number = $2 AND closed IS NULL`,
		organization, f.Number, at, account)
	if err == nil && tag.RowsAffected() == 0 {
		return registry.Errorf(registry.CodeActState, "number", "the file is closed")
	}
	return coded("closing a review file", err)
}

func collectReviews(rows pgx.Rows, err error) ([]registry.ReviewFile, error) {
	if err != nil {
		return nil, coded("reading review files", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f registry.ReviewFile, err error) {
		var closed *time.Time
		err = row.Scan(&f.Number, &f.Organization, &f.Kind, &f.Basis, &f.Licenses, &f.Opened, &f.OpenedBy, &closed, &f.ClosedBy)
		f.Opened = f.Opened.In(registry.China)
		if closed != nil {
			f.Closed = closed.In(registry.China)
		}
		return f, err
	})
	return list, coded("reading review files", err)
}
