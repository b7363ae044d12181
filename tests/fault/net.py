"""Networks of the test's own: a namespace for the hub and some for adapters with a line to the hub each, and
faults put on the lines by nft. What is made is removed again, also on a failure."""
import os
import shutil
import subprocess

import pytest

PREFIX = f"li{os.getpid() % 10000}"
HUB_ADDRESS = "10.98.0.1"


def sh(*command, check=True):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done


def need_network():
    """Skips where namespaces cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for program in ("ip", "nft"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    probe = f"{PREFIX}p"
    if sh("ip", "netns", "add", probe, check=False).returncode:
        pytest.skip("network namespaces are not permitted here")
    sh("ip", "netns", "delete", probe)


class Net:
    """with Net(names) as net: the namespace "hub", and one for each name, with a line to the hub each."""

    def __init__(self, names):
        self.names = list(names)
        self.made = []

    def space(self, name):
        return f"{PREFIX}{name}"

    def inside(self, name):
        """What to put before a program so that it lives there."""
        return ["ip", "netns", "exec", self.space(name)]

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.leave()
            raise
        return self

    def __exit__(self, *_):
        self.leave()

    def make(self):
        for name in ("hub", *self.names):
            sh("ip", "netns", "add", self.space(name))
            self.made.append(self.space(name))
            sh(*self.inside(name), "ip", "link", "set", "lo", "up")
        for number, name in enumerate(self.names):
            near, far = f"{PREFIX}a{number}", f"{PREFIX}b{number}"
            sh("ip", "link", "add", near, "netns", self.space("hub"), "type", "veth", "peer", "name", far, "netns", self.space(name))
            sh(*self.inside("hub"), "ip", "addr", "add", f"10.98.{number + 1}.1/24", "dev", near)
            sh(*self.inside("hub"), "ip", "link", "set", near, "up")
            sh(*self.inside(name), "ip", "addr", "add", f"10.98.{number + 1}.2/24", "dev", far)
            sh(*self.inside(name), "ip", "link", "set", far, "up")
            sh(*self.inside(name), "ip", "route", "add", "default", "via", f"10.98.{number + 1}.1")
        sh(*self.inside("hub"), "ip", "addr", "add", f"{HUB_ADDRESS}/32", "dev", "lo")

    def leave(self):
        for space in reversed(self.made):
            sh("ip", "netns", "delete", space, check=False)
        self.made = []

    # ---- faults ----

    def rules(self, name, text):
        """What the line of one agency does to packets: inbound is what it hears, outbound what it says. Empty: nothing."""
        sh(*self.inside(name), "nft", "flush", "ruleset")
        if text:
            chains = "".join(f"  chain {chain} {{ type filter hook {hook} priority 0; policy accept; {rule} }}\n" for chain, (hook, rule) in text.items())
            done = subprocess.run([*self.inside(name), "nft", "-f", "-"], input=f"table inet faults {{\n{chains}}}\n", text=True, capture_output=True)
            assert done.returncode == 0, done.stderr

    def heal(self, name):
        self.rules(name, None)

    def cut(self, name):
        """Nothing passes, either way, and nobody is told: what a half-open connection looks like from both ends."""
        self.rules(name, {"heard": ("input", "drop;"), "said": ("output", "drop;")})

    def deafen(self, name):
        """It says what it likes and hears nothing."""
        self.rules(name, {"heard": ("input", "drop;")})

    def mute(self, name):
        self.rules(name, {"said": ("output", "drop;")})

    def lose(self, name, percent):
        """So many of a hundred packets are lost, each way."""
        rule = f"meta l4proto tcp numgen random mod 100 < {percent} drop;"
        self.rules(name, {"heard": ("input", rule), "said": ("output", rule)})

    def swallow_ends(self, name):
        """What it says at the end of a connection does not get through."""
        self.rules(name, {"said": ("output", "tcp flags & (fin | rst) != 0 drop;")})

    def reject(self, name):
        """Each packet is answered by a reset."""
        self.rules(name, {"said": ("output", "meta l4proto tcp reject with tcp reset;")})


def has_netem():
    """Whether the kernel can delay packets by itself."""
    done = sh("tc", "-j", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "0ms", check=False)
    if done.returncode == 0:
        sh("tc", "qdisc", "delete", "dev", "lo", "root", check=False)
    return done.returncode == 0
