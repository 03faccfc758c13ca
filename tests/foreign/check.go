// SPDX-License-Identifier: Apache-2.0

// Checks a log's checkpoint and one inclusion proof with the Go checksum
// database's own libraries (golang.org/x/mod/sumdb), which know nothing of
// auditseal.
//
//	check VKEY CHECKPOINT           the note verifies under VKEY
//	check VKEY PROOF ENTRY          and the entry is in its tree
//
// PROOF is a c2sp.org/tlog-proof@v1, ENTRY the bytes of the leaf.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "foreign check: "+format+"\n", args...)
	os.Exit(1)
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	return data
}

func hash(line string) tlog.Hash {
	b, err := base64.StdEncoding.DecodeString(line)
	if err != nil || len(b) != tlog.HashSize {
		fail("not a hash: %q", line)
	}
	var h tlog.Hash
	copy(h[:], b)
	return h
}

// checkpoint verifies the note and returns tree size and root.
func checkpoint(vkey string, msg []byte) (int64, tlog.Hash) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		fail("vkey: %v", err)
	}
	n, err := note.Open(msg, note.VerifierList(verifier))
	if err != nil {
		fail("checkpoint: %v", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("origin line is not the key's name %q", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("size: %v", err)
	}
	return size, hash(lines[2])
}

func proof(vkey string, msg, entry []byte) {
	const magic = "c2sp.org/tlog-proof@v1\n"
	head, note, found := bytes.Cut(msg, []byte("\n\n"))
	if !found || !bytes.HasPrefix(msg, []byte(magic)) {
		fail("not a tlog-proof")
	}
	lines := strings.Split(string(head), "\n")[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		fail("index: %v", err)
	}
	var p tlog.RecordProof
	for _, l := range lines[1:] {
		p = append(p, hash(l))
	}
	size, root := checkpoint(vkey, note)
	if err := tlog.CheckRecord(p, size, root, index, tlog.RecordHash(entry)); err != nil {
		fail("proof: %v", err)
	}
	fmt.Printf("entry %d is in the tree of size %d\n", index, size)
}

func main() {
	switch len(os.Args) {
	case 3:
		size, root := checkpoint(os.Args[1], read(os.Args[2]))
		fmt.Printf("checkpoint of size %d, root %v\n", size, root)
	case 4:
		proof(os.Args[1], read(os.Args[2]), read(os.Args[3]))
	default:
		fail("usage: check VKEY CHECKPOINT | check VKEY PROOF ENTRY")
	}
}
