package backup

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/sm3"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// manifestMost bounds what is read before anything is believed.
const manifestMost = 16 << 20

// source is where a file of an archive comes from.
type source struct {
	File
	path string
}

// measure fills in size and digest.
func (s *source) measure() error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sm3.New()
	s.Size, err = io.Copy(hash, f)
	copy(s.Digest[:], hash.Sum(nil))
	return err
}

// write makes an archive at path, which must not exist; readable by its owner
// alone. A broken one is not left behind.
func write(path string, m *Manifest, sources []source) (err error) {
	for i := range sources {
		if err := sources[i].measure(); err != nil {
			return err
		}
		m.Files = append(m.Files, sources[i].File)
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			os.Remove(path)
		}
	}()
	zipped := gzip.NewWriter(out)
	archive := tar.NewWriter(zipped)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(head)), ModTime: m.Made}); err != nil {
		return err
	}
	if _, err := archive.Write(head); err != nil {
		return err
	}
	for _, s := range sources {
		if err := add(archive, m, s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return errors.Join(archive.Close(), zipped.Close(), out.Sync())
}

func add(archive *tar.Writer, m *Manifest, s source) error {
	if err := archive.WriteHeader(&tar.Header{Name: s.Name, Mode: 0o600, Size: s.Size, ModTime: m.Made}); err != nil {
		return err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(archive, f) // more or less than measured is an error of the archive
	return err
}

// unpack reads the archive at path into a fresh folder below dir and believes
// nothing that its manifest does not name with this digest. The manifest
// itself is not signed: keep its digest elsewhere.
func unpack(path, kind, dir string) (m *Manifest, folder string, err error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer in.Close()
	zipped, err := gzip.NewReader(in)
	if err != nil {
		return nil, "", broken(path, "no archive of ours").WithCause(err)
	}
	archive := tar.NewReader(zipped)
	if m, err = readManifest(archive); err != nil || m.Format != 1 || m.Kind != kind {
		return nil, "", broken(path, "no archive of "+kind).WithCause(err)
	}
	if folder, err = os.MkdirTemp(dir, ".restoring-"); err != nil {
		return nil, "", err
	}
	for _, want := range m.Files {
		head, err := archive.Next()
		if err != nil || head.Name != want.Name || head.Size != want.Size || !filepath.IsLocal(want.Name) {
			return nil, folder, broken(path, want.Name+" is not where the manifest says").WithCause(err)
		}
		if err := extract(archive, filepath.Join(folder, want.Name), want); err != nil {
			return nil, folder, broken(path, want.Name).WithCause(err)
		}
	}
	if _, err := archive.Next(); err != io.EOF {
		return nil, folder, broken(path, "more than the manifest names").WithCause(err)
	}
	if _, err := io.Copy(io.Discard, zipped); err != nil { // reads gzip's own checksum, which covers the manifest
		return nil, folder, broken(path, "damaged").WithCause(err)
	}
	return m, folder, nil
}

func readManifest(archive *tar.Reader) (*Manifest, error) {
	head, err := archive.Next()
	if err != nil {
		return nil, err
	}
	if head.Name != manifestName || head.Size > manifestMost {
		return nil, errors.New("does not begin with a manifest")
	}
	m := &Manifest{}
	return m, json.NewDecoder(io.LimitReader(archive, manifestMost)).Decode(m)
}

func extract(from io.Reader, path string, want File) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	hash := sm3.New()
	if _, err := io.Copy(io.MultiWriter(out, hash), from); err != nil {
		return err
	}
	if sm.Digest(hash.Sum(nil)) != want.Digest {
		return errors.New("differs from the manifest")
	}
	return out.Sync()
}

func broken(path, detail string) *registry.Error {
	return registry.Errorf(registry.CodeMalformed, "archive", "%s: %s; nothing was restored", path, detail)
}
