// Package draw shows a document as it is: from the bytes of an OFD package
// (GB/T 33190-2016), sealed or not, to one SVG a page. Phones have no reader of
// OFD, and who signs must see the very file that will be sealed.
//
// It is a pure function: it reads no file, no clock, no font of the machine.
// Characters are drawn as the outlines in the fonts that the file itself
// carries, seals by the picture in their signed value. The SVG has no script,
// no link, no event handler and nothing that is loaded from elsewhere. The same
// bytes give the same picture.
//
// It judges nothing: whether a signature holds is for signer/check. What it
// cannot draw in full it refuses as a whole: CodeNotDrawn for what the standard
// knows and is not drawn here, CodeMalformed for what says nothing or two
// things, CodeTooLarge over a limit. A picture with something left out would
// show another document.
package draw
