"""On a failure: what the programs of the field said last, and the folder kept."""
import pytest

import field as field_module


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for field in field_module.standing:
        field.is_kept = True
        report.sections.append((f"the field in {field.folder}", field.last_words()))
