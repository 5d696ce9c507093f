package plan

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"

	"tongzheng/registry"
)

//go:embed data
var data embed.FS

// The forms of the files that are more than a list.
type (
	planFile struct {
		Info        `yaml:",inline"`
		Types       []string      `yaml:"types"` // keys of data/types
		Service     *Service      `yaml:"service"`
		Supervision []Supervision `yaml:"supervision"`
		Handovers   []Handover    `yaml:"handovers"`
	}
	// matterFile is one matter, or a range of synthetic ones.
	matterFile struct {
		Matter `yaml:",inline"`
		Codes  string `yaml:"codes,omitempty"` // first..last; {n} in the names is the number within the range
	}
	// grantFile is a list of the basis document: one grant per matter.
	grantFile struct {
		Grant   `yaml:",inline"`
		Matters []string `yaml:"matters"`
		// SupervisedBy says who the regulators are where none are listed: the
		// department that decides, the territory's departments of its trade being
		// told; or, empty, those departments.
		SupervisedBy string `yaml:"supervised_by,omitempty"`
	}
)

// supervisedByDecider in a grant list: see grantFile.
const supervisedByDecider = "decider"

// Names lists the plans that Load knows, in alphabetical order.
func Names() []string {
	entries, err := fs.ReadDir(data, "data")
	if err != nil {
		panic(err) // the folder is embedded: it cannot be absent
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "types" {
			names = append(names, entry.Name())
		}
	}
	return names
}

// Load reads and checks one plan: an unknown field, a reference to nothing, a
// code with a wrong check character or a rule that does not accept its own
// sample is an error that names the place. All errors of a plan are joined.
func Load(name string) (*Plan, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("plan %q: want one of %v", name, Names())
	}
	p, err := read(name)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", name, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("plan %s: %w", name, err)
	}
	return p, nil
}

func read(name string) (*Plan, error) {
	folder := "data/" + name + "/"
	var head planFile
	var matters []matterFile
	var grants []grantFile
	p := &Plan{}
	for _, part := range []struct {
		file string
		into any
	}{
		{"plan", &head}, {"organizations", &p.Organizations}, {"matters", &matters}, {"grants", &grants},
		{"seals", &p.Seals}, {"stock", &p.Stock}, {"policies", &p.Policies}, {"accounts", &p.Accounts},
		{"licenses", &p.Licenses},
	} {
		if err := decode(folder+part.file+".yaml", part.into); err != nil {
			return nil, err
		}
	}
	if err := decode("data/calendars.yaml", &p.Calendars); err != nil {
		return nil, err
	}
	p.Info, p.Service, p.Supervision, p.Handovers = head.Info, head.Service, head.Supervision, head.Handovers
	if err := p.expand(matters, grants); err != nil {
		return nil, err
	}
	return p, p.readTypes(head.Types)
}

// readTypes reads the plan's license types and tells each which matters of the
// plan lead to it: that relation is written once, at the matter.
func (p *Plan) readTypes(keys []string) error {
	for _, key := range keys {
		t := Type{Key: key}
		if err := decode("data/types/"+key+".yaml", &t); err != nil {
			return err
		}
		if len(t.Type.Matters) > 0 {
			return fmt.Errorf("type %s: matters name their types, not the other way round", key)
		}
		for _, m := range p.Matters {
			if slices.Contains(m.Types, key) {
				t.Type.Matters = append(t.Type.Matters, m.Code)
			}
		}
		p.Types = append(p.Types, t)
	}
	return nil
}

// decode reads one document strictly.
func decode(file string, into any) error {
	raw, err := data.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: want one document", file)
	}
	return nil
}

// Organization returns the organization with this id.
func (p *Plan) Organization(id string) (Organization, bool) {
	return find(p.Organizations, func(o Organization) bool { return o.ID == id })
}

// Type returns the license type with this key.
func (p *Plan) Type(key string) (Type, bool) {
	return find(p.Types, func(t Type) bool { return t.Key == key })
}

// Matter returns the matter with this code.
func (p *Plan) Matter(code string) (Matter, bool) {
	return find(p.Matters, func(m Matter) bool { return m.Code == code })
}

// Grant returns the grant with this id.
func (p *Plan) Grant(id string) (Grant, bool) {
	return find(p.Grants, func(g Grant) bool { return g.ID == id })
}

// GrantsOf returns the grants of a list, in its order.
func (p *Plan) GrantsOf(list string) []Grant {
	var of []Grant
	for _, g := range p.Grants {
		if g.List == list {
			of = append(of, g)
		}
	}
	return of
}

// Seal returns the seal with this id.
func (p *Plan) Seal(id string) (Seal, bool) {
	return find(p.Seals, func(s Seal) bool { return s.ID == id })
}

// SealFor returns the first seal of the kind that the grant's decider may put
// to the grant's matter.
func (p *Plan) SealFor(g Grant, kind registry.SealKind) (Seal, bool) {
	return find(p.Seals, func(s Seal) bool {
		return s.Organization == g.Decider && s.Kind == kind && s.Covers(g.Matter)
	})
}

// Policy returns the control policy of a type: its own or the default.
func (p *Plan) Policy(typeKey string) (Policy, bool) {
	own, ok := find(p.Policies, func(c Policy) bool { return c.Type == typeKey })
	if ok {
		return own, true
	}
	return find(p.Policies, func(c Policy) bool { return c.Type == registry.DefaultPolicy })
}

// Roles returns the roles asked for an act under a mode, by the ledger's own
// rule.
func (c Policy) Roles(mode registry.Mode, act registry.Act) []registry.Role {
	return c.record(c.Type).Roles(act, mode)
}

func (c Policy) record(name string) *registry.Policy {
	return &registry.Policy{Type: name, Version: c.Version, State: c.State, Record: c.Record, Paper: c.Paper,
		Acts: c.Acts, Modes: c.Modes}
}

func find[T any](list []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}
