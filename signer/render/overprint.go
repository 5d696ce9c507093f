package render

import (
	"fmt"
	"time"

	"tongzheng/registry"
)

// composePlaces lays values out as the stock's own layout wants them.
func (r *Renderer) composePlaces(d draft, s PrintedSheet) (*plan, error) {
	if err := r.fonts.Check(d.content); err != nil {
		return nil, err
	}
	width, height := d.page.Size()
	p := &plan{width: width, height: height}
	values := map[string]string{"ZZBFJG": d.issuer, "ZZBFRQ": d.issued.Chinese(), "printing": d.printing, "blank": d.blank}
	order := []string{"ZZBFJG", "ZZBFRQ", "printing", "blank"}
	for _, c := range append(cells(d.content), cell{name: "ZZBS", value: d.content.Identifier.String()}) {
		values[c.name] = c.value
		order = append(order, c.name)
	}
	for _, name := range order {
		place, ok := s.Overprint.Places[name]
		if !ok || values[name] == "" {
			continue
		}
		if err := r.placeText(p, name, values[name], place); err != nil {
			return nil, err
		}
	}
	if place, ok := s.Overprint.Places["qr"]; ok && d.qrText != "" {
		if place.Width < QRLeast {
			return nil, registry.Errorf(registry.CodeFieldForm, "qr", "a code of %.1f mm does not scan reliably: %.0f mm at least", place.Width, QRLeast)
		}
		q, err := NewQR(d.qrText)
		if err != nil {
			return nil, err
		}
		p.qr = &qrItem{box: Box{place.X, place.Y, place.Width, place.Width}, qr: q}
	}
	if d.demonstration {
		r.demonstration(p, formOf(d.page))
	}
	if place, ok := s.Overprint.Places["seal"]; ok && s.Seal != nil {
		p.image = &imageItem{box: Box{place.X, place.Y, s.Seal.Width, s.Seal.Height}, png: s.Seal.PNG}
	}
	return p, nil
}

// placeText sets a value into its place, smaller where it must be.
func (r *Renderer) placeText(p *plan, name, value string, place Place) error {
	for size := place.Size; size >= min(minimumSize, place.Size) && size > 0; size *= 0.94 {
		lines := r.fonts.wrap(regular, value, place.Width/size)
		if len(lines) > max(place.Lines, 1) {
			continue
		}
		for i, line := range lines {
			p.text(textItem{x: place.X, y: place.Y + float64(i)*lineHeight*size, size: size, ink: black, text: line, field: name})
		}
		return nil
	}
	return registry.Errorf(registry.CodeFieldForm, fieldPath(name), "too long for its place on the stock")
}

// calibrationX and calibrationY are where Calibration's cross stands, in mm.
const (
	calibrationX = 60.0
	calibrationY = 60.0
)

// Calibration draws the page that finds a printer's offsets: rulers along the
// upper and left edges and a cross at (60, 60) mm. Print it in true size,
// measure the cross from the paper's left and upper edges, and enter 60 minus
// what was measured as DX and DY.
func (r *Renderer) Calibration(page Page) ([]byte, error) {
	width, height := page.Size()
	p := &plan{width: width, height: height}
	var ticks [][]point
	for i := 10; i < int(width); i++ {
		x := float64(i)
		ticks = append(ticks, []point{{x, 10}, {x, 10 + tick(i)}})
		if i%10 == 0 {
			p.centered(r.fonts, x, textItem{y: 9, size: 2.6, ink: black, text: fmt.Sprint(i)})
		}
	}
	for i := 10; i < int(height); i++ {
		y := float64(i)
		ticks = append(ticks, []point{{10, y}, {10 + tick(i), y}})
		if i%10 == 0 {
			p.rightAligned(r.fonts, 9.2, textItem{y: y + 0.9, size: 2.6, ink: black, text: fmt.Sprint(i)})
		}
	}
	cross := [][]point{
		{{calibrationX - 20, calibrationY}, {calibrationX + 20, calibrationY}},
		{{calibrationX, calibrationY - 20}, {calibrationX, calibrationY + 20}},
	}
	p.paths = append(p.paths,
		pathItem{lines: ticks, width: 0.1, ink: black},
		pathItem{lines: cross, width: 0.15, ink: red},
		pathItem{lines: [][]point{corners(Box{calibrationX - 5, calibrationY - 5, 10, 10})}, closed: true, width: 0.1, ink: red},
	)
	for i, line := range []string{
		"套打校准页（毫米）",
		"1. 按实际大小打印（不缩放、不居中）。",
		"2. 量红色十字中心到纸张左边缘、上边缘的距离。",
		"3. 横向偏移＝60－左边距离，纵向偏移＝60－上边距离。",
		"4. 录入该打印机的偏移后再印一张空白件核对。",
	} {
		st, size := regular, 5.0
		if i == 0 {
			st, size = bold, 7.0
		}
		p.text(textItem{x: 92, y: 48 + float64(i)*9, size: size, style: st, ink: black, text: line})
	}
	return r.pdf(p, "套打校准页", time.Unix(0, 0))
}

// tick is the length of a ruler's mark.
func tick(millimeter int) float64 {
	switch {
	case millimeter%10 == 0:
		return 5
	case millimeter%5 == 0:
		return 3.5
	}
	return 2
}
