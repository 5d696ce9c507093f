// Package child draws a stranger's document in a process of its own: no keys in
// reach, no environment, no file that it may open, bounded memory, time and
// answer. Both ends stand here: what the program does, and who starts it.
//
// The document goes in by standard input, the drawing or the refusal comes out
// by standard output as one CBOR item. Whoever starts the program trusts nothing
// of the answer: it is bounded, decoded strictly, and its pictures are held
// against draw.Inert.
package child
