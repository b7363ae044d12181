from conftest_report import pytest_runtest_makereport  # noqa: F401
