"""A folder on a disk of a few megabytes, that can be filled and freed; and who may not mount one is told so."""
import contextlib
import os
import pathlib
import shutil
import subprocess

import pytest


class SmallDisk:
    """Takes the place of a folder, with what is in it; to be left before the field goes."""

    def __init__(self, folder, megabytes):
        self.folder, self.megabytes = pathlib.Path(folder), megabytes
        self.ballast = self.folder / ".ballast"

    def __enter__(self):
        kept = self.folder.with_name(self.folder.name + ".before")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.rename(kept)
        self.folder.mkdir(mode=0o755)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m,mode=0755", "tmpfs", self.folder], capture_output=True, text=True)
        if done.returncode != 0:
            self.folder.rmdir()
            kept.rename(self.folder)
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        for path in kept.iterdir():
            shutil.move(path, self.folder / path.name)
        kept.rmdir()
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.folder], check=True)

    def free(self):
        about = os.statvfs(self.folder)
        return about.f_bavail * about.f_frsize

    def fill(self, leave=0):
        """Not one byte more than `leave` can be written."""
        with open(self.ballast, "ab") as file, contextlib.suppress(OSError):
            while self.free() > leave:
                file.write(bytes(min(max(self.free() - leave, 1), 1 << 16)))
                file.flush()

    def empty(self):
        self.ballast.unlink()
