package web

import (
	"encoding/json"

	"tongzheng/registry"
)

// Looks is how verdicts are shown, for the offline page: JSON with the shapes
// as SVG and, for each verdict, its tone and what it means; and whether the
// site's data is for demonstration.
func Looks(demo bool) []byte {
	type line struct {
		Chinese string `json:"zh"`
		English string `json:"en"`
	}
	type look struct {
		Tone  string `json:"tone"`
		Guide []line `json:"guide"`
	}
	words := map[registry.Word]look{}
	for _, info := range registry.Words() {
		l := look{Tone: tones[info.Word]}
		for _, g := range guidance[info.Word].Lines {
			l.Guide = append(l.Guide, line(g))
		}
		words[info.Word] = l
	}
	raw, err := json.Marshal(map[string]any{"words": words, "shapes": icons, "demo": demo})
	if err != nil {
		panic(err) // maps of strings
	}
	return raw
}
