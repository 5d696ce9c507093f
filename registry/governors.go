package registry

import "tongzheng/registry/sm"

// Digest is what governors approve: the order in canonical bytes. Two of them
// sign it; the signer asks for both (signer.Service.RegisterOrder).
func (o *Order) Digest() sm.Digest { return sm.Tagged("tongzheng order v1", mustEncode(o)) }
