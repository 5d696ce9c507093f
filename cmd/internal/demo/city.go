package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Plan is the plan that the demonstration city is seeded from.
const Plan = "ganzhou"

// City is demo.json: what somebody who tries the program out needs to know.
type City struct {
	Note     string    `json:"note"`
	Console  string    `json:"console"`
	Sign     string    `json:"sign,omitempty"` // origin of the page where people sign
	Accounts []Account `json:"accounts"`
	Licenses []License `json:"licenses"`
}

// Account is one demonstration account. KeyFile holds the SM2 key that the
// person signs approvals with.
type Account struct {
	Login        string          `json:"login"`
	Name         string          `json:"name"`
	Organization string          `json:"organization"`
	Code         string          `json:"organization_code"`
	Roles        []registry.Role `json:"roles"`
	Password     string          `json:"password"`
	APIKey       string          `json:"api_key"`
	KeyFile      string          `json:"key_file,omitempty"`
	KeyID        sm.KeyID        `json:"key_id,omitempty"`
}

// License is one seeded license.
type License struct {
	Identifier string   `json:"identifier"`
	Type       string   `json:"type"`
	Number     string   `json:"number"`
	Holder     string   `json:"holder"`
	URL        string   `json:"url"`
	QR         string   `json:"qr"`
	OFD        string   `json:"ofd"`
	PDF        []string `json:"pdf"`
}

// Read reads the demo.json of a data folder.
func Read(data string) (*City, error) {
	raw, err := os.ReadFile(filepath.Join(data, app.DemoFile))
	if err != nil {
		return nil, err
	}
	d := new(City)
	return d, json.Unmarshal(raw, d)
}

// Account returns the account with this login.
func (d *City) Account(login string) (Account, error) {
	for _, acc := range d.Accounts {
		if acc.Login == login {
			return acc, nil
		}
	}
	return Account{}, fmt.Errorf("no demonstration account %s", login)
}
