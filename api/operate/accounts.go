package operate

import (
	"net/http"
	"slices"
	"strconv"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
)

// accounts answers for staff accounts and API keys.
type accounts struct{ store Accounts }

// list lists accounts, of one organization or all.
func (a *accounts) list(r *http.Request) (*resource.AccountList, error) {
	if err := httpx.KnownParameters(r, "organization"); err != nil {
		return nil, err
	}
	items, err := a.store.List(r.Context(), r.URL.Query().Get("organization"))
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []resource.Account{}
	}
	return &resource.AccountList{Items: items}, nil
}

// create makes an account.
func (a *accounts) create(r *http.Request) (reply, error) {
	var draft resource.AccountDraft
	if err := httpx.DecodeBody(r, &draft); err != nil {
		return reply{}, err
	}
	for name, value := range map[string]string{"login": draft.Login, "organization": draft.Organization, "name": draft.Name} {
		if value == "" {
			return reply{}, registry.Errorf(registry.CodeMissing, name, "every account has one")
		}
	}
	for i, role := range draft.Roles {
		if !slices.Contains(registry.Roles(), role) {
			return reply{}, registry.Errorf(registry.CodeMalformed, "roles."+strconv.Itoa(i), "want some of %v", registry.Roles())
		}
	}
	made, err := a.store.Create(r.Context(), draft)
	if err != nil {
		return reply{}, err
	}
	return reply{made.Login, http.StatusCreated, made}, nil
}

// password replaces an account's password.
func (a *accounts) password(r *http.Request) (reply, error) {
	account, err := named(r, "login")
	if err == nil {
		err = noBody(r)
	}
	if err != nil {
		return reply{}, err
	}
	password, err := a.store.NewPassword(r.Context(), account)
	return reply{account, http.StatusOK, &resource.NewPassword{Password: password}}, err
}

// key makes an API key.
func (a *accounts) key(r *http.Request) (reply, error) {
	account, err := named(r, "login")
	if err != nil {
		return reply{}, err
	}
	var draft resource.APIKeyDraft
	if err := httpx.DecodeBody(r, &draft); err != nil {
		return reply{}, err
	}
	key, err := a.store.NewKey(r.Context(), account, draft)
	return reply{account, http.StatusCreated, &resource.NewAPIKey{Key: key}}, err
}

// lock locks an account, or lets it in again.
func (a *accounts) lock(locked bool) func(*http.Request) (reply, error) {
	return func(r *http.Request) (reply, error) {
		account, err := named(r, "login")
		if err == nil {
			err = noBody(r)
		}
		if err != nil {
			return reply{}, err
		}
		return reply{subject: account, status: http.StatusNoContent}, a.store.Lock(r.Context(), account, locked)
	}
}
