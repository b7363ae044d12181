"""A second implementation of Liaison's messages, signatures and link, written from docs/protocol.md for the tests only. It shares nothing
with the first but that page."""
import hashlib
import os
import re
import select
import socket
import ssl
import struct
import subprocess
import tempfile
import time

import msgpack
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ALPN = "liaison/1"
(HELLO, WELCOME, SUBMIT, VERDICT, DELIVER, ACK, CREDIT, PING, PONG, CERT_ASK, CERT, HEAD, BYE) = range(1, 14)
CLASSES = {"PUB", "CJ", "CJI", "CHRI", "P2", "PHI", "VIC", "JUV", "YO", "ERASE"}
TIME_MAX = 2**53 - 1


class Refused(Exception):
    def __init__(self, code, field="", reason=""):
        super().__init__(f"{code} {field} {reason}")
        self.code, self.field, self.reason = code, field, reason


def must(holds, field="", reason="", code="malformed"):
    if not holds:
        raise Refused(code, field, reason)


# ---- encoding ----

def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def _pairs(pairs):
    pairs = list(pairs)
    keys = [key for key, _ in pairs]
    must(all(isinstance(key, str) for key in keys), reason="a key that is not text")
    must(len(set(keys)) == len(keys), reason="a key twice")
    return dict(pairs)


def _no_extension(kind, data):
    raise Refused("malformed", reason="an extension type")


def _check_depth(value, left):
    must(left >= 0, reason="nested too deep")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(inner, left - 1)
    must(not isinstance(value, int) or -2**63 <= value < 2**63, reason="an integer outside int64")


def unpack(data):
    """One strict value and nothing behind it."""
    try:
        value = msgpack.unpackb(data, raw=False, object_pairs_hook=_pairs, ext_hook=_no_extension, strict_map_key=False)
    except Refused:
        raise
    except Exception as why:  # msgpack has one for each way to be wrong, and lets some of Python's through
        raise Refused("malformed", reason=str(why)) from why
    _check_depth(value, 16)
    return value


def is_int(value, least, most):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_bin(value, least, most):
    return isinstance(value, bytes) and least <= len(value) <= most


def is_list(value, least, most):
    return isinstance(value, list) and least <= len(value) <= most


def fits(pattern, value, most):
    return isinstance(value, str) and len(value.encode()) <= most and re.fullmatch(pattern, value) is not None


LABEL = r"[a-z0-9_-]{1,32}"
NAME = r"[A-Za-z0-9_-]{1,32}"


def is_party(value):
    return fits(rf"{LABEL}(\.{LABEL}){{0,7}}", value, 96)


def is_address(value):
    return is_party(value) or fits(rf"role:{LABEL}", value, 96)


def is_type(value):
    return fits(r"[a-z0-9_]+(\.[a-z0-9_]+)*/[1-9][0-9]{0,4}", value, 64) and int(value.rpartition("/")[2]) <= 65535


def is_uuid7(value):
    return is_bin(value, 16, 16) and value[6] >> 4 == 7 and value[8] >> 6 == 2


def is_text(value, most):
    return isinstance(value, str) and 1 <= len(value.encode()) <= most and not re.search(r"[\x00-\x1f\x7f]", value)


def uuid7(now_ms=None):
    raw = bytearray(int(now_ms if now_ms is not None else time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


def uuid_text(raw):
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def uuid_bytes(text):
    return bytes.fromhex(text.replace("-", ""))


def now_ms():
    return int(time.time() * 1000)


# ---- header and parts ----

def _check_texts(value, field):
    must(isinstance(value, dict) and 1 <= len(value) <= 16, field)
    for key, text in value.items():
        must(fits(NAME, key, 32) and is_text(text, 128), f"{field}/{key}")


def _check_to(value):
    must(is_list(value, 0, 64), "/to")
    for i, address in enumerate(value):
        must(is_address(address) and address not in value[:i], f"/to/{i}")


def _check_bound(value):
    must(isinstance(value, dict) and 1 <= len(value) <= 16, "/parts")
    for name, bound in value.items():
        must(fits(NAME, name, 32) and is_list(bound, 2, 2), f"/parts/{name}")
        must(bound[0] in CLASSES and is_bin(bound[1], 32, 32), f"/parts/{name}")


def _is(test, *limits):
    def check(value, field):
        must(test(value, *limits), field)
    return check


REQUIRED = ("v", "id", "type", "from", "to", "issued", "priority", "parts")
HEADER = {
    "v": _is(is_int, 1, 1), "id": _is(is_uuid7), "type": _is(is_type), "from": _is(is_party), "to": lambda value, field: _check_to(value),
    "issued": _is(is_int, 1, TIME_MAX), "expires": _is(is_int, 1, TIME_MAX), "due": _is(is_int, 1, TIME_MAX),
    "priority": _is(is_int, 0, 9), "thread": _is(is_uuid7), "re": _is(is_uuid7), "subject": _check_texts, "by": _check_texts,
    "purpose": _is(is_text, 32), "consent": _is(is_text, 128), "parts": lambda value, field: _check_bound(value),
}


def header_check(header):
    must(isinstance(header, dict), reason="a header is a map")
    for key, value in header.items():
        must(key in HEADER, f"/{key}", "a key that is not known")
        HEADER[key](value, f"/{key}")
    for key in REQUIRED:
        must(key in header, f"/{key}", "is missing")
    return header


def header_decode(data):
    must(len(data) <= 16384, code="too_large")
    return header_check(unpack(data))


def header_encode(header):
    """With the keys in the order of the protocol's page."""
    return pack({key: header[key] for key in HEADER if key in header})


def parts_check(parts):
    must(is_list(parts, 0, 16), reason="parts are an array")
    names = []
    for i, part in enumerate(parts):
        must(is_list(part, 3, 3), f"/{i}")
        name, salt, data = part
        must(fits(NAME, name, 32), f"/{i}/0")
        must(is_bin(salt, 16, 16), f"/{i}/1")
        must(isinstance(data, bytes), f"/{i}/2")
        must(name not in names, f"/{i}", "a part twice")
        names.append(name)
    return parts


def part_hash(salt, data):
    return hashlib.sha256(salt + data).digest()


def check_bound(header, parts, is_whole):
    """Each part is the one that the header binds; all came along if the message must be whole."""
    for name, salt, data in parts:
        must(name in header["parts"], f"/parts/{name}", "not named", "part_hash")
        must(header["parts"][name][1] == part_hash(salt, data), f"/parts/{name}", "not the one that was signed", "part_hash")
    if is_whole:
        must({part[0] for part in parts} == set(header["parts"]), "/parts", "withheld", "part_hash")


class Message:
    """In the making: header (a map), parts; `header_bytes` once it is encoded."""

    def __init__(self, sender, kind, body, to=(), cls="CJ", **more):
        self.parts = [["main", os.urandom(16), pack(body)]]
        self.header = {"v": 1, "id": uuid7(), "type": kind, "from": sender, "to": list(to), "issued": now_ms(), "priority": 5, **more}
        self.header["parts"] = {name: [cls, part_hash(salt, data)] for name, salt, data in self.parts}
        self.encode()

    def encode(self):
        self.header_bytes = header_encode(self.header)
        return self

    @property
    def id(self):
        return self.header["id"]


# ---- Merkle tree and signature ----

def leaf_of(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_of(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count):
    return 1 << (count - 1).bit_length() - 1


def root_of(leaves):
    if len(leaves) == 1:
        return leaves[0]
    at = _split(len(leaves))
    return node_of(root_of(leaves[:at]), root_of(leaves[at:]))


def path_of(leaves, index):
    """Hashes from the leaf's sibling upwards."""
    if len(leaves) == 1:
        return b""
    at = _split(len(leaves))
    if index < at:
        return path_of(leaves[:at], index) + root_of(leaves[at:])
    return path_of(leaves[at:], index - at) + root_of(leaves[:at])


def climb(leaf, index, count, path):
    """RFC 9162 §2.1.3.2: the root that the path leads to."""
    must(0 <= index < count, "/index", code="signature")
    fn, sn, root = index, count - 1, leaf
    for at in range(0, len(path), 32):
        must(sn > 0, "/path", "too long", "signature")
        step = path[at:at + 32]
        if fn & 1 or fn == sn:
            root = node_of(step, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_of(root, step)
        fn, sn = fn >> 1, sn >> 1
    must(sn == 0, "/path", "too short", "signature")
    return root


def prefix_proof(leaves, old):
    """RFC 9162 §2.1.4.1: hashes that lead from the root of the first `old` leaves to the root of all."""
    def of(start, count, old, is_whole):
        if old == count:
            return b"" if is_whole else root_of(leaves[start:start + count])
        at = _split(count)
        if old <= at:
            return of(start, at, old, is_whole) + root_of(leaves[start + at:start + count])
        return of(start + at, count - at, old - at, False) + root_of(leaves[start:start + at])
    return of(0, len(leaves), old, True) if 0 < old < len(leaves) else b""


def continues(old_size, old_root, new_size, new_root, proof):
    """RFC 9162 §2.1.4.2: whether the tree of new_size leaves begins with that of old_size."""
    steps = [proof[at:at + 32] for at in range(0, len(proof), 32)]
    if not 0 < old_size < new_size:
        return not steps and (old_root == new_root if old_size == new_size else old_size == 0)
    if old_size & (old_size - 1) == 0:
        steps = [old_root, *steps]
    if not steps:
        return False
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    was = now = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            was, now = node_of(step, was), node_of(step, now)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            now = node_of(now, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and was == old_root and now == new_root


def statement_encode(root, count, signed_at):
    return pack(["liaison-batch", 1, root, count, signed_at])


def statement_decode(data):
    must(len(data) <= 128, "/statement")
    value = unpack(data)
    must(is_list(value, 5, 5) and value[:2] == ["liaison-batch", 1], "/statement")
    must(is_bin(value[2], 32, 32) and is_int(value[3], 1, 1024) and is_int(value[4], 1, TIME_MAX), "/statement")
    return value[2], value[3], value[4]


def sign(key, data):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return key.sign(data, ec.ECDSA(hashes.SHA384() if key.curve.name == "secp384r1" else hashes.SHA256()))


def check_signature(certificate, data, signature):
    key = certificate.public_key()
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        elif isinstance(key, rsa.RSAPublicKey):
            must(2048 <= key.key_size <= 8192, code="certificate")
            key.verify(signature, data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            must(key.curve.name in ("secp256r1", "secp384r1"), code="certificate")
            key.verify(signature, data, ec.ECDSA(hashes.SHA384() if key.curve.name == "secp384r1" else hashes.SHA256()))
    except InvalidSignature as why:
        raise Refused("signature", "/signature") from why


def openssl_verifies(certificate_file, data, signature):
    """The same by the stock openssl command, as docs/protocol.md writes it."""
    key = x509.load_pem_x509_certificate(certificate_file.read_bytes()).public_key()
    with tempfile.TemporaryDirectory() as folder:
        names = {name: os.path.join(folder, name) for name in ("pub", "sig", "data")}
        public = subprocess.run(["openssl", "x509", "-in", certificate_file, "-noout", "-pubkey"], capture_output=True, check=True).stdout
        for name, content in (("pub", public), ("sig", signature), ("data", data)):
            with open(names[name], "wb") as file:
                file.write(content)
        if isinstance(key, ed25519.Ed25519PublicKey):
            command = ["pkeyutl", "-verify", "-pubin", "-inkey", names["pub"], "-rawin", "-in", names["data"], "-sigfile", names["sig"]]
        else:
            more = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if isinstance(key, rsa.RSAPublicKey) else []
            digest = "-sha384" if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp384r1" else "-sha256"
            command = ["dgst", digest, *more, "-verify", names["pub"], "-signature", names["sig"], names["data"]]
        return subprocess.run(["openssl", *command], capture_output=True).returncode == 0


class Papers:
    """PREFIX.pem (a chain) and PREFIX.key."""

    def __init__(self, prefix):
        self.prefix = prefix
        pem = prefix.with_suffix(".pem").read_bytes()
        marker = b"-----BEGIN CERTIFICATE-----"
        self.chain = [x509.load_pem_x509_certificate(marker + piece).public_bytes(serialization.Encoding.DER)
                      for piece in pem.split(marker)[1:]]
        self.certificate = x509.load_der_x509_certificate(self.chain[0])
        self.fingerprint = hashlib.sha256(self.chain[0]).digest()
        self.key = serialization.load_pem_private_key(prefix.with_suffix(".key").read_bytes(), None)


def sign_batch(papers, messages, signed_at=None):
    """Statement and signature over the messages' headers."""
    leaves = [leaf_of(message.header_bytes) for message in messages]
    statement = statement_encode(root_of(leaves), len(leaves), signed_at or now_ms())
    return statement, sign(papers.key, statement)


class Head:
    """A signed head of a ledger: hub, size, root, at; `data` as it travels."""

    def __init__(self, data):
        must(len(data) <= 1536, code="malformed")
        value = unpack(data)
        must(is_list(value, 3, 3) and is_bin(value[1], 1, 1024) and is_bin(value[2], 32, 32))
        self.data, (self.statement, self.signature, self.signer) = data, value
        says = unpack(self.statement)
        must(is_list(says, 6, 6) and says[:2] == ["liaison-head", 1] and is_party(says[2]), "/0")
        must(is_int(says[3], 0, 2**63 - 1) and is_bin(says[4], 32, 32) and is_int(says[5], 0, TIME_MAX), "/0")
        self.hub, self.size, self.root, self.at = says[2:]

    @staticmethod
    def sign(papers, hub, size, root, at=None):
        statement = pack(["liaison-head", 1, hub, size, root, at or now_ms()])
        return Head(pack([statement, sign(papers.key, statement), papers.fingerprint]))

    def check(self, certificate):
        must(hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest() == self.signer, "/2", code="signature")
        check_signature(certificate, self.statement, self.signature)
        return self


# ---- envelope, receipt, frames ----

def submit_frame(papers, messages, signed_at=None):
    statement, signature = sign_batch(papers, messages, signed_at)
    return [SUBMIT, statement, signature, papers.fingerprint, [[message.header_bytes, message.parts] for message in messages]]


def envelope_of(papers, messages, index, signed_at=None):
    statement, signature = sign_batch(papers, messages, signed_at)
    leaves = [leaf_of(message.header_bytes) for message in messages]
    message = messages[index]
    return [1, message.header_bytes, message.parts, statement, signature, papers.fingerprint, index, path_of(leaves, index)]


def envelope_check(envelope):
    must(is_list(envelope, 8, 8) and envelope[0] == 1)
    _, header, parts, statement, signature, signer, index, path = envelope
    must(is_bin(header, 1, 16384) and is_bin(statement, 1, 128) and is_bin(signature, 1, 1024) and is_bin(signer, 32, 32))
    must(is_int(index, 0, 1023) and is_bin(path, 0, 320) and len(path) % 32 == 0)
    parts_check(parts)
    return envelope


def envelope_verify(data, certificate, is_whole=True):
    """Everything that a recipient checks but for the certificate itself; gives header and parts."""
    _, header, parts, statement, signature, signer, index, path = envelope_check(unpack(data))
    must(hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest() == signer, "/signer", code="certificate")
    root, count, _ = statement_decode(statement)
    must(climb(leaf_of(header), index, count, path) == root, "/path", code="signature")
    check_signature(certificate, statement, signature)
    read = header_decode(header)
    check_bound(read, parts, is_whole)
    return read, parts


def receipt_check(value):
    must(isinstance(value, dict))
    is_notice = "event" in value
    known = {"of", "hash", "code", "reason", "at"} | ({"event", "recipient"} if is_notice else {"disposition", "field"})
    needed = known - {"reason", "field"}
    for key in value:
        must(key in known, f"/{key}")
    for key in needed:
        must(key in value, f"/{key}")
    must(fits(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value["of"], 36), "/of")
    must(fits(r"[0-9a-f]{64}", value["hash"], 64), "/hash")
    must(fits(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value["at"], 40), "/at")
    must(isinstance(value["code"], str), "/code")
    must(len(value.get("field", "").encode()) <= 127 and len(value.get("reason", "").encode()) <= 319, "/reason")
    if is_notice:
        must(value["event"] in ("expired", "dead_lettered", "discarded"), "/event")
        must(is_party(value["recipient"]), "/recipient")
    else:
        must(value["disposition"] in ("received", "refused"), "/disposition")
        must((value["disposition"] == "received") == (value["code"] == "ok"), "/code")
    return value


def receipt_body(message, code="ok", **more):
    return {"of": uuid_text(message.id), "hash": leaf_of(message.header_bytes).hex(),
            "disposition": "received" if code == "ok" else "refused", "code": code, **more,
            "at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())}


def _chain(value, least, field):
    must(isinstance(value, list) and least <= len(value), field)
    must(len(value) <= 4, field, code="too_large")
    must(all(is_bin(one, 1, 8192) for one in value), field)


def _hello(frame):
    must(len(frame) > 1 and isinstance(frame[1], int), "/1")
    must(frame[1] in (1, 2), "/1", code="version")
    must(len(frame) == 4 + frame[1] and is_party(frame[2]) and isinstance(frame[4], str) and len(frame[4].encode()) <= 64)
    _chain(frame[3], 1, "/3")
    must(frame[1] == 1 or is_int(frame[5], 0, 2**63 - 1), "/5")


def _proof(value, field):
    must(isinstance(value, bytes) and len(value) % 32 == 0, field)
    must(len(value) <= 64 * 32, field, code="too_large")


def _welcome(frame):
    must(len(frame) > 1 and isinstance(frame[1], int), "/1")
    must(frame[1] in (1, 2), "/1", code="version")
    must(len(frame) == 9 + frame[1] and is_party(frame[2]))
    must(all(is_int(number, 1, 2**31 - 1) for number in frame[3:8]) and frame[5] <= 1024, "/3")
    must(frame[8] is None or is_bin(frame[8], 1, 2048), "/8")
    _chain(frame[9], 0, "/9")
    if frame[1] == 2:
        _proof(frame[10], "/10")


def _submit(frame):
    must(len(frame) == 5 and is_bin(frame[1], 1, 128) and is_bin(frame[2], 1, 1024) and is_bin(frame[3], 32, 32))
    must(is_list(frame[4], 1, 1024), "/4")
    for i, message in enumerate(frame[4]):
        must(is_list(message, 2, 2) and is_bin(message[0], 1, 16384), f"/4/{i}")
        parts_check(message[1])


def _verdict(frame):
    must(len(frame) == 2 and is_list(frame[1], 1, 1024), "/1")
    for i, one in enumerate(frame[1]):
        must(is_list(one, 7, 7) and is_bin(one[0], 16, 16), f"/1/{i}")
        must(one[1] in CODES, f"/1/{i}/1")
        must(isinstance(one[2], bool) and is_int(one[3], -1, 2**63 - 1) and isinstance(one[4], list), f"/1/{i}")
        for recipient in one[4]:
            must(is_list(recipient, 3, 3) and is_party(recipient[0]) and isinstance(recipient[1], bool) and is_int(recipient[2], 0, 2**63 - 1))
        must(isinstance(one[5], str) and isinstance(one[6], str), f"/1/{i}")


def _lists(least, most):
    def check(frame):
        must(len(frame) == 2 and is_list(frame[1], 1, 1024), "/1")
        must(all(is_bin(one, least, most) for one in frame[1]), "/1")
    return check


def _number(least):
    def check(frame):
        must(len(frame) == 2 and is_int(frame[1], least, 2**63 - 1), "/1")
    return check


def _cert_ask(frame):
    must(len(frame) == 2 and is_bin(frame[1], 32, 32), "/1")


def _cert(frame):
    must(len(frame) == 3 and is_bin(frame[1], 32, 32), "/1")
    _chain(frame[2], 0, "/2")


def _head(frame):
    must(len(frame) == 5 and is_bin(frame[1], 1, 2048) and is_int(frame[2], 0, 2**63 - 1))
    _proof(frame[3], "/3")
    _chain(frame[4], 0, "/4")


def _bye(frame):
    must(len(frame) == 3 and frame[1] in CODES and frame[1] != "ok" and isinstance(frame[2], str), "/1")


FRAMES = {HELLO: _hello, WELCOME: _welcome, SUBMIT: _submit, VERDICT: _verdict, DELIVER: _lists(1, 2**31), ACK: _lists(16, 16),
          CREDIT: _number(1), PING: _number(-2**63), PONG: _number(-2**63), CERT_ASK: _cert_ask, CERT: _cert, HEAD: _head, BYE: _bye}

CODES = set("""ok malformed too_large unknown_type schema part_hash signature certificate revoked not_your_party not_enrolled authority
no_agreement no_recipient not_cleared consent lifecycle expired clock rate duplicate duplicate_conflict undeliverable not_found usage
protocol credit superseded stopping timeout closed tls history config io full corrupt busy version permission key""".split())


def frame_decode(data):
    frame = unpack(data)
    must(is_list(frame, 1, 16) and frame[0] in FRAMES and not isinstance(frame[0], bool), "/0")
    FRAMES[frame[0]](frame)
    return frame


# ---- link ----

def tls_context(purpose, certificate, key, ca, alpn=(ALPN,)):
    context = ssl.SSLContext(purpose)
    if purpose == ssl.PROTOCOL_TLS_SERVER:
        context.verify_mode = ssl.CERT_REQUIRED
        context.num_tickets = 0
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(ca)
    if certificate:
        context.load_cert_chain(certificate, key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class Gone(Exception):
    """The peer closed, or its TLS alert came."""


class Link:
    """Frames over a TLS socket, either side."""

    def __init__(self, connection):
        self.connection = connection
        self.heard = b""

    def send_bytes(self, data):
        self.connection.settimeout(20)
        self.connection.sendall(data)

    def send(self, frame):
        data = frame if isinstance(frame, bytes) else pack(frame)
        self.send_bytes(struct.pack(">I", len(data)) + data)

    def _fill(self, count, end):
        while len(self.heard) < count:
            left = end - time.monotonic()
            if not self.connection.pending() and not select.select([self.connection], [], [], max(left, 0))[0]:
                raise TimeoutError("no frame in time")
            try:
                more = self.connection.recv(65536)
            except (ssl.SSLWantReadError, TimeoutError):
                continue
            except OSError as why:
                raise Gone(str(why)) from why
            if not more:
                raise Gone("closed")
            self.heard += more

    def receive(self, limit=10):
        end = time.monotonic() + limit
        self._fill(4, end)
        length = struct.unpack(">I", self.heard[:4])[0]
        self._fill(4 + length, end)
        data, self.heard = self.heard[4:4 + length], self.heard[4 + length:]
        return frame_decode(data)

    def expect(self, *kinds, limit=10):
        """The next frame of these kinds; PINGs are answered, others passed over."""
        end = time.monotonic() + limit
        while True:
            frame = self.receive(max(end - time.monotonic(), 0.01))
            if frame[0] == PING:
                self.send([PONG, frame[1]])
            elif frame[0] in kinds:
                return frame

    def close(self):
        self.connection.close()


def dial(port, folder, ca, limit=10):
    """TLS to the hub as the party whose papers are in the folder."""
    context = tls_context(ssl.PROTOCOL_TLS_CLIENT, folder / "tls.pem", folder / "tls.key", ca)
    raw = socket.create_connection(("127.0.0.1", port), limit)
    return Link(context.wrap_socket(raw, server_hostname="127.0.0.1"))


class Adapter(Link):
    """The agency's end: dials, says HELLO, hears WELCOME."""

    def __init__(self, port, folder, party, ca, say_hello=True, known=None, version=2):
        """known: the Head that it verified before."""
        super().__init__(dial(port, folder, ca).connection)
        self.papers = Papers(folder / "signing")
        self.party = party
        self.welcome = None
        self.known = known
        if say_hello:
            said = [] if version == 1 else [known.size if known else 0]
            self.send([HELLO, version, party, self.papers.chain, "liaison_wire", *said])
            self.welcome = self.expect(WELCOME)
            self.hub = x509.load_der_x509_certificate(self.welcome[9][0])
            if version == 2:
                self.go_on(self.welcome[8], self.welcome[10])

    def go_on(self, data, proof):
        """A head that the hub shows must continue the one that is known: Refused with `history` otherwise."""
        head = Head(data).check(self.hub)
        if self.known:
            must(head.size >= self.known.size, "head", f"{head.size} after {self.known.size}", "history")
            must(continues(self.known.size, self.known.root, head.size, head.root, proof), "head", "another past", "history")
        self.known = head
        return head

    def receive(self, limit=10):
        """Every HEAD is verified, whatever was waited for."""
        frame = super().receive(limit)
        if frame[0] == HEAD:
            _, data, start, proof, chain = frame
            must(start == self.known.size, "/2", code="protocol")
            if chain:
                self.hub = x509.load_der_x509_certificate(chain[0])
            self.go_on(data, proof)
        return frame

    def hear_head(self, fits, limit=10):
        """The known head once it fits; HEADs are waited for meanwhile."""
        while not fits(self.known):
            self.expect(HEAD, limit=limit)
        return self.known

    def submit(self, *messages, **more):
        """Verdicts by message id."""
        self.send(submit_frame(self.papers, messages, **more))
        return self.verdicts(len(messages))

    def verdicts(self, count):
        found = {}
        while len(found) < count:
            found.update({one[0]: Verdict(one) for one in self.expect(VERDICT)[1]})
        return found


class Verdict:
    def __init__(self, packed):
        self.id, self.code, self.is_duplicate, self.entry, self.recipients, self.field, self.reason = packed

    def __repr__(self):
        return f"<{self.code} {self.field} {self.reason}>"

    def same_as(self, other):
        return (self.code, self.entry, self.recipients, self.field, self.reason) == (
            other.code, other.entry, other.recipients, other.field, other.reason)
