package app

// RootsPEM are the trust anchors of this instance: certificates, and the
// members of the network that it anchors in.
func (a *App) RootsPEM() []byte { return append(a.Keys.RootsPEM(), a.network...) }

// publicKeys are the keyring's public keys with the anchors of the network.
type publicKeys struct {
	Keyring
	app *App
}

// RootsPEM implements public.Keys.
func (p publicKeys) RootsPEM() []byte { return p.app.RootsPEM() }
