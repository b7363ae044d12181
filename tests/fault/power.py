"""What a power cut leaves of the folders of a program: of the log that power.c kept, only what was synced is certain, of the rest any part may be there."""
import os
import pathlib
import shutil
import subprocess

from store_pages import of_another_boot

SECTOR = 512


def build(folder):
    """Where the library is; compiled once for a folder."""
    library = pathlib.Path(folder) / "power.so"
    if not library.exists():
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", library,
                        pathlib.Path(__file__).with_name("power.c"), "-ldl", "-lpthread"], check=True)
    return library


class File:
    def __init__(self, contents=b""):
        self.synced = bytearray(contents)
        self.unsynced = []  # ("W", offset, bytes) or ("T", size)

    def sync(self):
        for step in self.unsynced:
            self.apply(self.synced, step)
        self.unsynced = []

    @staticmethod
    def apply(contents, step):
        if step[0] == "T":
            del contents[step[1]:]
            contents.extend(bytes(step[1] - len(contents)))
            return
        _, offset, written = step
        contents.extend(bytes(max(0, offset - len(contents))))
        contents[offset:offset + len(written)] = written

    def after_a_cut(self, dice, share):
        contents = bytearray(self.synced)
        for step in self.unsynced:
            if step[0] == "T":
                if dice.random() < share:
                    self.apply(contents, step)
                continue
            _, offset, written = step
            at = 0
            while at < len(written):  # a sector is there or not; any of them
                end = min(len(written), (offset + at) // SECTOR * SECTOR + SECTOR - offset)
                if dice.random() < share:
                    self.apply(contents, ("W", offset + at, written[at:end]))
                at = end
        return bytes(contents)


class Power:
    """For one Program and its folders; takes effect with its next start. What is there then counts as synced."""

    def __init__(self, program, folders, library):
        self.program, self.folders = program, [pathlib.Path(folder).resolve() for folder in folders]
        self.log = pathlib.Path(library).with_name(f"{program.name}.power")
        self.surroundings = {"LD_PRELOAD": str(library), "LIAISON_POWER_PROGRAM": program.program.name,
                             "LIAISON_POWER_UNDER": ":".join(map(str, self.folders)), "LIAISON_POWER_LOG": str(self.log)}

    def begin(self):
        """Before a life of the program."""
        self.log.write_bytes(b"")
        self.files, self.names, self.by_inode = {}, {}, {}  # names: path → File, folders as None; of the present
        for folder in self.folders:
            self.names[str(folder)] = None
            for path in folder.rglob("*"):
                self.names[str(path)] = None if path.is_dir() else File(path.read_bytes())
        self.certain = dict(self.names)
        self.steps = []  # of names that are not synced yet: (folder, what is done to a dictionary of names)
        self.program.surroundings = self.surroundings

    def _read(self):
        data = self.log.read_bytes()
        at = 0
        while at < len(data):
            end = data.index(b"\n", at)
            kind, _, rest = data[at:end].decode().partition(" ")
            at = end + 1
            payload = None
            if kind == "W":
                inode, offset, length = map(int, rest.split())
                payload = data[at:at + length]
                at += length
                yield kind, (inode, offset, payload)
            else:
                yield kind, rest

    def _name(self, folder, change):
        change(self.names)
        self.steps.append((folder, change))

    def _opened(self, rest):
        inode, is_new, is_cut, is_folder, path = rest.split(" ", 4)
        if path.endswith(" (deleted)"):
            return
        if is_folder == "1":
            self.by_inode[int(inode)] = path
            return
        if is_new == "1":
            file = File()
            self._name(os.path.dirname(path), lambda names: names.__setitem__(path, file))
        file = self.names[path]
        self.by_inode[int(inode)] = file
        if is_cut == "1":
            file.unsynced.append(("T", 0))

    def _synced(self, inode):
        what = self.by_inode.get(inode)
        if isinstance(what, File):
            what.sync()
        elif what is not None:
            rest = []
            for folder, change in self.steps:
                if folder == what:
                    change(self.certain)
                else:
                    rest.append((folder, change))
            self.steps = rest

    def _play(self):
        for kind, rest in self._read():
            if kind == "W":
                self.by_inode[rest[0]].unsynced.append(("W", rest[1], rest[2]))
            elif kind == "T":
                inode, size = map(int, rest.split())
                self.by_inode[inode].unsynced.append(("T", size))
            elif kind == "S":
                self._synced(int(rest))
            elif kind == "O":
                self._opened(rest)
            elif kind == "R":
                old, new = rest.split("\t")

                def move(names, old=old, new=new, file=self.names[old]):
                    names.pop(old, None)
                    names[new] = file
                self._name(os.path.dirname(new), move)
            elif kind == "U":
                self._name(os.path.dirname(rest), lambda names, path=rest: names.pop(path, None))
            elif kind == "D":
                self._name(os.path.dirname(rest), lambda names, path=rest: names.__setitem__(path, None))

    def cut(self, dice, share):
        """The program is dead. Its folders become what a power cut at this moment leaves: share is the part of what was not synced that is there all the
        same. Gives the number of writes and of names that hung in the air."""
        self._play()
        names = dict(self.certain)
        folders = {folder for folder, _ in self.steps}
        for folder in folders:  # a journal keeps the order
            own = [change for where, change in self.steps if where == folder]
            for change in own[:round(len(own) * dice.random()) if 0 < share < 1 else round(len(own) * share)]:
                change(names)
        air = sum(len(file.unsynced) for file in set(filter(None, names.values())))
        for folder in self.folders:
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for path, file in sorted(names.items()):
            target = pathlib.Path(path)
            if file is None:
                target.mkdir(parents=True, exist_ok=True, mode=0o700)
            else:
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                contents = file.after_a_cut(dice, share)
                target.write_bytes(of_another_boot(contents) if path.endswith("-mark") else contents)
                target.chmod(0o600)
        return air, len(self.steps)
