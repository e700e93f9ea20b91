"""Prints what the benchmarks measured, as one table at the end of a run."""

import pytest

from tests.benchmarks import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of all figures."""
    if table.ROWS:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(table.lines()))
