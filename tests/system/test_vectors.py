"""The second implementation agrees with every vector: it reads and writes what is good, and refuses what must be refused."""
import base64
import hashlib
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import field
import liaison_wire as wire

FOLDER = field.SOURCE / "tests/vectors"
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
CHECKS = {"header": wire.header_check, "parts": wire.parts_check, "receipt": wire.receipt_check}


def plain(value):
    """The vector's JSON as the value on the wire."""
    if isinstance(value, dict):
        if list(value) == ["$base64"]:
            return base64.b64decode(value["$base64"])
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def cases(group):
    return [pytest.param(name, case, id=f"{name}: {case['name']}") for name, vectors in FILES.items() for case in vectors.get(group, [])
            if "hex" in case]


def proofs():
    return [pytest.param(case, id=case["name"]) for case in FILES["proof"]["good"]]


def decode(name, data):
    if name == "frames":
        return wire.frame_decode(data)
    if name == "header":
        return wire.header_decode(data)
    return CHECKS[name](wire.unpack(data))


def test_knows_every_file_of_vectors():
    assert set(FILES) == {"header", "parts", "frames", "receipt", "proof", "head"}
    assert all(vectors["good"] for vectors in FILES.values())


@pytest.mark.parametrize("name,case", cases("good"))
def test_reads_and_writes_what_is_good(name, case):
    data = bytes.fromhex(case["hex"])
    assert decode(name, data) == plain(case["value"])
    assert list(decode(name, data)) == list(plain(case["value"]))
    assert wire.pack(plain(case["value"])) == data


@pytest.mark.parametrize("name,case", cases("refused"))
def test_refuses_what_must_be_refused(name, case):
    with pytest.raises(wire.Refused) as why:
        decode(name, bytes.fromhex(case["hex"]))
    assert why.value.code == case["code"]


@pytest.mark.parametrize("case", FILES["header"]["good"], ids=lambda case: case["name"])
def test_the_leaf_of_a_header(case):
    assert wire.leaf_of(bytes.fromhex(case["hex"])).hex() == case["leaf"]
    assert wire.header_encode(plain(case["value"])) == bytes.fromhex(case["hex"])


@pytest.mark.parametrize("case", FILES["parts"]["good"], ids=lambda case: case["name"])
def test_the_hashes_of_parts(case):
    for part in case["parts"]:
        data = bytes.fromhex(part["bytes"])
        assert wire.unpack(data) == plain(part["says"])
        assert wire.part_hash(bytes.fromhex(part["salt"]), data).hex() == part["hash"]


def test_the_headers_bind_the_parts():
    parts = wire.unpack(bytes.fromhex(FILES["parts"]["good"][0]["hex"]))
    wire.check_bound(wire.header_decode(bytes.fromhex(FILES["header"]["good"][0]["hex"])), parts, True)


@pytest.mark.parametrize("case", proofs())
def test_trees_statements_and_paths(case):
    leaves = [wire.leaf_of(message["text"].encode()) for message in case["messages"]]
    assert [leaf.hex() for leaf in leaves] == [message["leaf"] for message in case["messages"]]
    assert wire.root_of(leaves).hex() == case["root"]
    assert wire.statement_encode(wire.root_of(leaves), case["count"], case["signed_at"]).hex() == case["statement"]
    assert wire.statement_decode(bytes.fromhex(case["statement"])) == (wire.root_of(leaves), case["count"], case["signed_at"])
    for index, message in enumerate(case["messages"]):
        path = bytes.fromhex(message["path"])
        assert wire.path_of(leaves, index) == path
        assert wire.climb(leaves[index], index, case["count"], path) == wire.root_of(leaves)


@pytest.mark.parametrize("case", proofs())
def test_an_altered_path_leads_elsewhere(case):
    root = bytes.fromhex(case["root"])
    for index, message in enumerate(case["messages"]):
        leaf, path = bytes.fromhex(message["leaf"]), bytearray.fromhex(message["path"])
        for at in range(0, len(path), 32):
            path[at] ^= 1
            assert wire.climb(leaf, index, case["count"], bytes(path)) != root
            path[at] ^= 1
        with pytest.raises(wire.Refused):
            wire.climb(leaf, index, case["count"], bytes(path) + bytes(32))


@pytest.mark.parametrize("case", proofs())
def test_every_kind_of_key_verifies_here_and_by_openssl(case):
    statement = bytes.fromhex(case["statement"])
    for kind, text in case["signatures"].items():
        entry = FILES["proof"]["certificates"][kind]
        path = FOLDER / entry["file"]
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        signature = bytes.fromhex(text)
        assert hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest() == entry["fingerprint"]
        wire.check_signature(certificate, statement, signature)
        assert wire.openssl_verifies(path, statement, signature)
        altered = bytearray(statement)
        altered[-1] ^= 1
        with pytest.raises(wire.Refused):
            wire.check_signature(certificate, bytes(altered), signature)
        assert not wire.openssl_verifies(path, bytes(altered), signature)


@pytest.mark.parametrize("kind", sorted(FILES["proof"]["certificates"]))
def test_what_is_signed_here_is_verified_by_openssl(kind):
    papers = wire.Papers((FOLDER / FILES["proof"]["certificates"][kind]["file"]).with_suffix(""))
    statement = wire.statement_encode(bytes(32), 1, wire.now_ms())
    assert wire.openssl_verifies(papers.prefix.with_suffix(".pem"), statement, wire.sign(papers.key, statement))


HEADS = FILES["head"]
LEAVES = [wire.leaf_of(b"entry %d" % i) for i in range(HEADS["entries"])]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in HEADS["good"]])
def test_agrees_with_the_heads_of_a_ledger(case):
    head = wire.Head(bytes.fromhex(case["head"]))
    certificate = x509.load_pem_x509_certificate((FOLDER / "keys/ed25519.pem").read_bytes())
    assert (head.hub, head.size, head.root.hex(), head.at) == ("ct.hub", case["size"], case["root"], case["at"])
    assert head.statement.hex() == case["statement"] and wire.root_of(LEAVES[:head.size]) == head.root
    head.check(certificate)
    head.signature = bytes([head.signature[0] ^ 1]) + head.signature[1:]
    with pytest.raises(wire.Refused):
        head.check(certificate)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in HEADS["proofs"]])
def test_agrees_with_the_proofs_that_nothing_was_rewritten(case):
    old, new, proof = (bytes.fromhex(case[key]) for key in ("old_root", "new_root", "proof"))
    assert proof == wire.prefix_proof(LEAVES[:case["to"]], case["from"])
    assert wire.continues(case["from"], old, case["to"], new, proof)
    assert not wire.continues(case["from"], old, case["to"], new, proof + bytes(32))
    if proof:
        for at in range(0, len(proof), 7):
            changed = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1:]
            assert not wire.continues(case["from"], old, case["to"], new, changed)
        assert not wire.continues(case["from"], old, case["to"], new, proof[:-32])
