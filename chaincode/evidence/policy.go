package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Policy is an endorsement policy in Fabric's notation: AND, OR and OutOf over
// principals such as 'CityMSP.peer'.
type Policy struct {
	principal string // a leaf, empty otherwise
	need      int
	of        []*Policy
}

// ParsePolicy reads Fabric's notation.
func ParsePolicy(text string) (*Policy, error) {
	p, rest, err := parsePolicy(strings.Join(strings.Fields(text), ""), 0)
	if err == nil && rest != "" {
		err = fmt.Errorf("%q follows the policy", rest)
	}
	return p, err
}

// maxPolicyDepth keeps a hostile text from exhausting the stack.
const maxPolicyDepth = 8

func parsePolicy(text string, depth int) (*Policy, string, error) {
	if depth > maxPolicyDepth {
		return nil, "", fmt.Errorf("a policy nested too deep")
	}
	if quoted, ok := strings.CutPrefix(text, "'"); ok {
		name, rest, closed := strings.Cut(quoted, "'")
		if !closed || name == "" {
			return nil, "", fmt.Errorf("a principal is not closed")
		}
		return &Policy{principal: name}, rest, nil
	}
	word, rest, ok := strings.Cut(text, "(")
	if !ok {
		return nil, "", fmt.Errorf("%q is no policy", text)
	}
	p := &Policy{}
	if strings.EqualFold(word, "outof") {
		number, after, _ := strings.Cut(rest, ",")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return nil, "", fmt.Errorf("OutOf without a number")
		}
		p.need, rest = n, after
	}
	for {
		next, after, err := parsePolicy(rest, depth+1)
		if err != nil {
			return nil, "", err
		}
		p.of = append(p.of, next)
		if after == "" {
			return nil, "", fmt.Errorf("a policy is not closed")
		}
		rest = after[1:]
		if after[0] == ')' {
			return p, rest, p.arity(word)
		}
		if after[0] != ',' {
			return nil, "", fmt.Errorf("%q in a policy", after)
		}
	}
}

func (p *Policy) arity(word string) error {
	switch strings.ToLower(word) {
	case "and":
		p.need = len(p.of)
	case "or":
		p.need = 1
	case "outof":
		if p.need > len(p.of) {
			return fmt.Errorf("OutOf asks for %d of %d", p.need, len(p.of))
		}
	default:
		return fmt.Errorf("%q is no rule", word)
	}
	return nil
}

// Satisfied tells whether the principals (MSP.role) that signed are enough.
func (p *Policy) Satisfied(signed func(principal string) bool) bool {
	if p.principal != "" {
		return signed(p.principal)
	}
	n := 0
	for _, part := range p.of {
		if part.Satisfied(signed) {
			n++
		}
	}
	return n >= p.need
}

// Members lists the smallest sets of memberships (MSP ids) that satisfy the
// policy, in the order in which the policy names them: whom to ask, and whom
// next when one of them does not answer.
func (p *Policy) Members() [][]string {
	if p.principal != "" {
		msp, _, _ := strings.Cut(p.principal, ".")
		return [][]string{{msp}}
	}
	return choose(p.of, p.need)
}

// choose lists the unions of sets for every way to take need of the parts.
func choose(parts []*Policy, need int) [][]string {
	if need == 0 {
		return [][]string{nil}
	}
	var sets [][]string
	for i := 0; i+need <= len(parts); i++ {
		for _, first := range parts[i].Members() {
			for _, rest := range choose(parts[i+1:], need-1) {
				set := slices.Clone(first)
				for _, m := range rest {
					if !slices.Contains(set, m) {
						set = append(set, m)
					}
				}
				sets = append(sets, set)
			}
		}
	}
	return sets
}
