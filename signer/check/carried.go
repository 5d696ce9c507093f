package check

import "encoding/pem"

// listBlock is the PEM type of a status list in a roots file: who goes where no network
// is carries one file.
const listBlock = "TONGZHENG STATUS LIST"

// CarriedList is a published status list, in full, as a roots file carries it.
func CarriedList(raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: listBlock, Bytes: raw})
}

// Carried are the status lists that the roots were read with, as they were published;
// nothing of them is verified yet.
func (r *Roots) Carried() [][]byte {
	if r == nil {
		return nil
	}
	return r.carried
}
