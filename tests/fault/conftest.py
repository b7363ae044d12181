"""The fault tests stand on the field of the system tests. What they measure goes where LIAISON_FIGURES says: one JSON object a line."""
import json
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from field import IS_LONG  # noqa: E402
from conftest_report import pytest_runtest_makereport  # noqa: E402,F401  the same report of a failure


@pytest.fixture
def figure(request):
    """figure(name, value, unit): something measured, for docs/reliability.md; not judged here."""
    def note(name, value, unit=""):
        line = {"test": request.node.name, "file": request.path.name, "name": name, "value": value, "unit": unit,
                "mode": "long" if IS_LONG else "normal"}
        print(f"{name}: {value} {unit}".rstrip())
        where = os.environ.get("LIAISON_FIGURES")
        if where:
            with open(where, "a") as out:
                out.write(json.dumps(line) + "\n")
    return note
