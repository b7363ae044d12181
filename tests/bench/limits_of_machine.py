"""What this machine can do at most, by public tools where there are any; each round measures all of them again."""
import contextlib
import json
import re
import subprocess

import field


def _out(*command):
    return subprocess.run([str(part) for part in command], check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def _bare(*arguments):
    return json.loads(_out(field.BIN / "tests/bench/bench_limits", *arguments))


@contextlib.contextmanager
def _server(papers):
    """openssl s_server that wants a certificate of its client; gives its port."""
    port = field.free_port()
    server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", papers["server"].with_suffix(".pem"), "-key",
                               papers["server"].with_suffix(".key"), "-CAfile", papers["ca"], "-Verify", "2", "-verify_return_error", "-tls1_3", "-quiet", "-rev"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        field.wait_until(lambda: _listens(port), 5, "openssl s_server")
        yield port
    finally:
        server.terminate()
        server.wait()


def _listens(port):
    return f"127.0.0.1:{port}" in _out("ss", "-ltnH", f"sport = :{port}")


def handshakes(papers, seconds):
    """Mutual TLS 1.3 handshakes a second, client and server on this machine together."""
    with _server(papers) as port:
        text = _out("openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-cert", papers["client"].with_suffix(".pem"), "-key",
                    papers["client"].with_suffix(".key"), "-CAfile", papers["ca"], "-tls1_3", "-new", "-time", str(seconds))
    count, real = re.search(r"(\d+) connections in (\d+) real seconds", text).groups()
    return int(count) / int(real)


def measure(figures, folder, papers, seconds):
    """folder: on the disk that holds the data. papers: PREFIXes of a server's and a client's certificate, and their authority."""
    text = _out("openssl", "speed", "-seconds", str(seconds), "ecdsap256")
    sign, verify = re.search(r"nistp256\).*?s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)\s*$", text, re.M).groups()
    figures.add("limit.sign", float(sign), "/s of a core")
    figures.add("limit.verify", float(verify), "/s of a core")
    figures.add("limit.hash", _bare("hash")["us"], "µs for 1 KiB")
    figures.add("limit.fdatasync", _bare("fdatasync", folder)["per_second"], "/s")
    figures.add("limit.row", _bare("row", folder)["us"], "µs for 1 KiB")
    figures.add("limit.record", _bare("record", papers["server"])["us"], "µs for 1 KiB")
    figures.add("limit.handshake", handshakes(papers, max(2, seconds)), "/s")
