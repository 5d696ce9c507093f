package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/signer"
)

// childrenOf lists the processes that a process started.
func childrenOf(t *testing.T, pid int) (list []int) {
	t.Helper()
	files, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(raw)) {
			if child, err := strconv.Atoi(word); err == nil {
				list = append(list, child)
			}
		}
	}
	return list
}

func signerOf(t *testing.T, pid int) int {
	t.Helper()
	for began := time.Now(); time.Since(began) < citytest.Patience; time.Sleep(100 * time.Millisecond) {
		for _, child := range childrenOf(t, pid) {
			if raw, err := os.ReadFile("/proc/" + strconv.Itoa(child) + "/cmdline"); err == nil && strings.Contains(string(raw), "tongzheng-signer") {
				return child
			}
		}
	}
	t.Fatal("no signer process")
	return 0
}

// TestSignerProcessOfItsOwn: serve --signer-process keeps the keys in another
// process, which asks for a keeper's signature itself, comes back when it is
// killed, and ends with the server.
func TestSignerProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	bin, err := os.MkdirTemp("", "tzb") // socket paths are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(bin) })
	citytest.Program(t, "tongzheng-signer") // beside the other one, which starts it
	tongzheng := citytest.Program(t, "tongzheng")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{t: t, dir: bin, data: filepath.Join(bin, "data"), server: "http://" + free.Addr().String()}
	free.Close()
	const city = "11360700DEM2000168"
	d.file("city.key", d.must("keys", "create", "--data", d.data, "--json", city, "赣州市人民政府"))
	for _, person := range []string{"keeper", "governor-1", "governor-2"} {
		d.must("person", "create", d.path(person+".pem"))
		d.file(person+".json", d.must("person", "record", d.path(person+".pub.pem"), "--organization", city, "--role", "governor", "--person", "p"+person))
	}
	server := exec.Command(tongzheng, "serve", "--data", d.data, "--listen", strings.TrimPrefix(d.server, "http://"), "--signer-process", "--sign-listen", "127.0.0.1:0", "--keeper", d.path("keeper.pub.pem"))
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	d.ready()
	first := signerOf(t, server.Process.Pid)
	d.must("account", "create", "--data", d.data, "--operator", "operator", "--organization", city, "--name", "运维")
	d.operatorKey = strings.TrimSpace(d.must("account", "api-key", "--data", d.data, "operator"))
	for _, governor := range []string{"governor-1", "governor-2"} {
		d.account(governor, city, "governor")
	}
	tagKey := strings.TrimSpace(d.must("keys", "tag", "make", "--data", d.data))
	said := d.must("govern", "genesis", "--server", d.server, "--api-key", d.operatorKey, "--city", city, "--name", "赣州市人民政府", "--region", "360700",
		"--member", "city", "--members", "city", "--act-key", d.path("city.key"), "--tag-key", tagKey, "--governor", d.path("governor-1.json"), "--governor", d.path("governor-2.json"), "--url", d.server)
	if code, said := d.run("govern", "sign", "--server", d.server, "--api-key", d.operatorKey, sheetDigest.FindString(said), "--sign", d.path("governor-1.pem")); code == 0 {
		t.Fatalf("the signer process asked for no keeper:\n%s", said)
	}
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for signerOf(t, server.Process.Pid) == first {
		time.Sleep(50 * time.Millisecond)
	}
	for range 100 { // it is starting
		if code, said := d.run("govern", "sign", "--server", d.server, "--api-key", d.operatorKey, sheetDigest.FindString(said), "--sign", d.path("keeper.pem")); code == 0 {
			d.wants(said, " set ")
			break
		} else if code != exitUnknown {
			t.Fatalf("exit %d\n%s", code, said)
		}
	}
	d.wants(d.must("govern", "list", "--server", d.server, "--api-key", d.operatorKey), " set ")
	second := d.newActKey(server.Process.Pid, city)
	if err := server.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(second, 0); err == nil {
		t.Error("the signer process is still there")
	}
}

// newActKey gives the city a new act key: made in the signer's folder, put on
// the ledger beside the old one by two governors; the next order is signed with
// it. It returns the signer process, which was started again.
func (d *deployment) newActKey(server int, city string) int {
	t := d.t
	t.Helper()
	var fresh registry.ActKey
	if err := json.Unmarshal([]byte(d.must("keys", "rotate", "--data", d.data, "--local", "act/"+city)), &fresh); err != nil {
		t.Fatal(err)
	}
	before := signerOf(t, server)
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil { // it knows the new key after its next start
		t.Fatal(err)
	}
	for signerOf(t, server) == before {
		time.Sleep(50 * time.Millisecond)
	}
	var list struct {
		Orders []struct{ Record registry.Organization }
	}
	if err := json.Unmarshal([]byte(d.must("govern", "record", "--server", d.server, "--api-key", d.operatorKey, "organization", city)), &list); err != nil {
		t.Fatal(err)
	}
	record := list.Orders[0].Record
	record.ActKeys[0].Until = time.Now().Add(time.Minute).Unix()
	record.ActKeys = append(record.ActKeys, fresh)
	patient := func(args ...string) string {
		t.Helper()
		for range 100 { // the signer is starting
			code, said := d.run(args...)
			if code == 0 {
				return said
			}
			if code != exitUnknown {
				t.Fatalf("exit %d\n%s", code, said)
			}
		}
		t.Fatal("the signer does not come back")
		return ""
	}
	draft := func(name string, value registry.GovernanceRecord) {
		t.Helper()
		file := d.json(name, map[string]any{"kind": value.Kind(), "record": value})
		said := patient("govern", "draft", "--server", d.server, "--api-key", d.operatorKey, "--organization", city, "--basis", "换钥", file)
		sheet := sheetDigest.FindString(said)
		for _, governor := range []string{"governor-1", "governor-2"} {
			said = patient("govern", "sign", "--server", d.server, "--api-key", d.apiKeys[governor], sheet, "--sign", d.path(governor+".pem"))
		}
		d.wants(said, " set ")
	}
	draft("organization.json", &record)
	draft("matter.json", &registry.Matter{Code: "DEM360700998", FullName: "新密钥签署的事项"})
	now := signerOf(t, server)
	used := map[string]int{}
	d.stopped(server)
	_, err := operator.ReadUseLog(d.data, func(line signer.LogLine) error {
		if line.Use == signer.UseAuthorship {
			used[string(line.Key)]++
		}
		return nil
	})
	if err != nil || used[string(fresh.ID)] == 0 || used[string(record.ActKeys[0].ID)] == 0 {
		t.Fatalf("authorship by %v, want some by %s and by %s: %v", used, record.ActKeys[0].ID, fresh.ID, err)
	}
	return now
}

// stopped ends the server and waits until its folder is free.
func (d *deployment) stopped(server int) {
	d.t.Helper()
	if err := syscall.Kill(server, syscall.SIGINT); err != nil {
		d.t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < citytest.Patience; time.Sleep(100 * time.Millisecond) {
		if len(childrenOf(d.t, server)) == 0 {
			return
		}
	}
	d.t.Fatal("the server does not stop")
}
