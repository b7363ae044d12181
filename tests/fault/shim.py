"""The library of shim.c, compiled, and put before a program: counts its calls on files, kills it at one, lets some fail."""
import mmap
import pathlib
import struct
import subprocess

KILL_BEFORE, KILL_AFTER, LOSE = -1, -2, -3
KINDS = ("write", "pwrite", "fdatasync", "rename", "unlink", "ftruncate")
STATE_BYTES = 8 * 11 + 256


def build(folder):
    """Where the library is; compiled once for a folder."""
    library = pathlib.Path(folder) / "shim.so"
    if not library.exists():
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", library,
                        pathlib.Path(__file__).with_name("shim.c"), "-ldl"], check=True)
    return library


class Shim:
    """For one Program; takes effect with its next start. under: the folder whose files count."""

    def __init__(self, program, under, library):
        self.program = program
        self.path = pathlib.Path(library).with_name(f"{program.name}.shim")
        self.path.write_bytes(bytes(STATE_BYTES))
        with open(self.path, "r+b") as file:
            self.state = mmap.mmap(file.fileno(), STATE_BYTES)
        program.surroundings = {"LD_PRELOAD": str(library), "LIAISON_SHIM_PROGRAM": program.program.name, "LIAISON_SHIM_UNDER": str(under),
                                "LIAISON_SHIM_STATE": str(self.path)}

    def rule(self, text):
        """What the next life does: "kill-before@17", "5@3-9:fdatasync" and so on; empty: it only counts. The count begins anew."""
        self.program.surroundings["LIAISON_SHIM_RULES"] = text
        self.state[:] = bytes(STATE_BYTES)

    def now(self, action, *kinds):
        """From now on, in this life: an errno, LOSE, or 0 for nothing."""
        bits = sum(1 << KINDS.index(kind) for kind in kinds or KINDS)
        self.state[16:24] = struct.pack("=q", bits)
        self.state[8:16] = struct.pack("=q", action)

    @property
    def count(self):
        return struct.unpack_from("=q", self.state, 0)[0]

    def count_of(self, kind):
        return struct.unpack_from("=q", self.state, 24 + 8 * KINDS.index(kind))[0]

    @property
    def last(self):
        """The call at which the rule was followed: its number, kind and file."""
        return self.state[88:].partition(b"\0")[0].decode()

    def take_off(self):
        self.program.surroundings = {}
