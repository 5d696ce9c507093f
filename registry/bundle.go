package registry

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"tongzheng/registry/sm"
)

// A bundle is one file that proves a license to a court: a ZIP archive in one
// canonical form, so that every byte of it follows from the files inside, a
// manifest with the digest of each file, and a seal over the manifest.
const (
	bundleFormat   = 1
	BundleManifest = "manifest.cbor"
	BundleSealFile = "seal.cbor"
	BundleCover    = "cover.html"
	BundleOrders   = "governance.json"
	BundleActs     = "acts.json"
	BundleKeys     = "keys.json"
	BundleChains   = "certificates.pem"

	maxBundle      = 64 << 20
	maxBundleFiles = 1000
)

// Manifest says what a bundle is of, how far its knowledge reaches, and what
// stands in it. The status key that seals it vouches that the license's chains
// of entries end at these heads at that height.
type Manifest struct {
	Format            int          `cbor:"1,keyasint" json:"format"`
	Ledger            string       `cbor:"2,keyasint" json:"ledger"`
	Identifier        Identifier   `cbor:"3,keyasint" json:"identifier"` // newest version
	Made              int64        `cbor:"4,keyasint" json:"made"`
	AsOf              int64        `cbor:"5,keyasint" json:"as_of"` // the ledger was known up to then
	Height            uint64       `cbor:"6,keyasint" json:"height"`
	Sequence          uint64       `cbor:"7,keyasint" json:"sequence"` // entries of the license
	Head              sm.Digest    `cbor:"8,keyasint" json:"head"`
	OversightSequence uint64       `cbor:"9,keyasint,omitempty" json:"oversight_sequence,omitempty"`
	OversightHead     sm.Digest    `cbor:"10,keyasint,omitzero" json:"oversight_head,omitzero"`
	Files             []BundleFile `cbor:"11,keyasint" json:"files"` // by name; all but manifest and seal
}

// BundleFile is one file of a bundle.
type BundleFile struct {
	_      struct{} `cbor:",toarray"`
	Name   string
	Size   int64
	Digest sm.Digest
}

// BundleSeal holds what vouches for a manifest. Stamps are RFC 3161 tokens:
// the first over the manifest, each later one (renewal for the archive) over
// the manifest and all stamps before it. The signature covers manifest and all
// stamps.
type BundleSeal struct {
	Stamps    [][]byte `cbor:"1,keyasint" json:"stamps"`
	Key       sm.KeyID `cbor:"2,keyasint" json:"key"`
	Signature []byte   `cbor:"3,keyasint" json:"signature"` // r ‖ s
}

// BundleAct is one entry of the license with its receipt and the approvals
// that it names by digest.
type BundleAct struct {
	Receipt   Receipt    `json:"receipt"`
	Approvals []Approval `json:"approvals,omitempty"`
	Issue     *Receipt   `json:"issue,omitempty"` // a closing (Replace): of the issue that it follows from, which the approvals are for
}

// NewManifest fills in format and files.
func NewManifest(m Manifest, files map[string][]byte) *Manifest {
	m.Format = bundleFormat
	m.Files = nil
	for name, content := range files {
		m.Files = append(m.Files, BundleFile{Name: name, Size: int64(len(content)), Digest: sm.Sum(content)})
	}
	slices.SortFunc(m.Files, func(a, b BundleFile) int { return strings.Compare(a.Name, b.Name) })
	return &m
}

// Bytes are the manifest's canonical bytes.
func (m *Manifest) Bytes() []byte { return mustEncode(m) }

// StampDigest is what the n-th stamp is made over, given those before it.
func (m *Manifest) StampDigest(before [][]byte) sm.Digest {
	if len(before) == 0 {
		before = nil // one form
	}
	return sm.Tagged("tongzheng bundle stamp v1", slices.Concat(m.Bytes(), mustEncode(before)))
}

// SealMessage is what the status key signs.
func (m *Manifest) SealMessage(stamps [][]byte) []byte {
	return slices.Concat([]byte("tongzheng bundle v1\x00"), m.Bytes(), mustEncode(stamps))
}

// EncodeBundle writes the one file.
func EncodeBundle(m *Manifest, seal *BundleSeal, files map[string][]byte) ([]byte, error) {
	all := map[string][]byte{BundleManifest: m.Bytes(), BundleSealFile: mustEncode(seal)}
	for name, content := range files {
		all[name] = content
	}
	return encodeArchive(all)
}

// encodeArchive writes files stored, by name, without times: one byte sequence
// for one set of files.
func encodeArchive(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		content := files[name]
		w, err := archive.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(content),
			CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			return nil, Errorf(CodeInternal, "bundle", "%s cannot be written", name).WithCause(err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, Errorf(CodeInternal, "bundle", "cannot be written").WithCause(err)
	}
	return out.Bytes(), nil
}

// IsBundle tells whether the bytes begin as a bundle does: with the first file
// that every bundle has.
func IsBundle(raw []byte) bool {
	return bytes.HasPrefix(raw, []byte("PK\x03\x04")) && len(raw) > 30+len(BundleActs) && string(raw[30:30+len(BundleActs)]) == BundleActs
}

// DecodeBundle reads a bundle: CodeTooLarge or CodeMalformed when it cannot be
// read at all, CodeReceipt when it is not, to the byte, what its own files make
// or what its manifest says.
func DecodeBundle(raw []byte) (*Manifest, *BundleSeal, map[string][]byte, error) {
	files, err := decodeArchive(raw)
	if err != nil {
		return nil, nil, nil, err
	}
	again, err := encodeArchive(files)
	if err != nil || !bytes.Equal(again, raw) {
		return nil, nil, nil, Errorf(CodeReceipt, "bundle", "bytes stand in it that belong to none of its files")
	}
	m, seal := new(Manifest), new(BundleSeal)
	if err := Decode(files[BundleManifest], m); err != nil || m.Format != bundleFormat {
		return nil, nil, nil, Errorf(CodeReceipt, "manifest", "the manifest is damaged, or of another format").WithCause(err)
	}
	if err := Decode(files[BundleSealFile], seal); err != nil {
		return nil, nil, nil, Errorf(CodeReceipt, "seal", "the seal is damaged").WithCause(err)
	}
	delete(files, BundleManifest)
	delete(files, BundleSealFile)
	if err := m.matches(files); err != nil {
		return nil, nil, nil, err
	}
	return m, seal, files, nil
}

func (m *Manifest) matches(files map[string][]byte) error {
	if len(m.Files) != len(files) {
		return Errorf(CodeReceipt, "manifest", "%d files are listed, %d are there", len(m.Files), len(files))
	}
	for _, f := range m.Files {
		content, ok := files[f.Name]
		if !ok || int64(len(content)) != f.Size || sm.Sum(content) != f.Digest {
			return Errorf(CodeReceipt, f.Name, "not the file that the manifest lists")
		}
	}
	return nil
}

func decodeArchive(raw []byte) (map[string][]byte, error) {
	if len(raw) > maxBundle {
		return nil, Errorf(CodeTooLarge, "bundle", "over %d MiB", maxBundle>>20)
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, Errorf(CodeMalformed, "bundle", "not a ZIP archive").WithCause(err)
	}
	if len(archive.File) > maxBundleFiles {
		return nil, Errorf(CodeTooLarge, "bundle", "over %d files", maxBundleFiles)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		if _, twice := files[f.Name]; twice || f.Method != zip.Store || f.UncompressedSize64 > uint64(len(raw)) {
			return nil, Errorf(CodeReceipt, "bundle", "%q stands twice, or is packed", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			return nil, Errorf(CodeReceipt, "bundle", "%q cannot be read", f.Name).WithCause(err)
		}
		content, err := io.ReadAll(io.LimitReader(r, int64(len(raw))))
		if err != nil {
			return nil, Errorf(CodeReceipt, "bundle", "%q is damaged", f.Name).WithCause(err)
		}
		files[f.Name] = content
	}
	return files, nil
}
