"""Many cases in one test: where a case takes milliseconds, a test for each would cost more than what it checks."""

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature

Test = Callable[..., None]


def each(names: str, cases: Iterable[object]) -> Callable[[Test], Test]:
    """Return a decorator that gives a test each case in turn, as ``parametrize`` would, and names all that fail.

    ``names`` are arguments with commas between them. Fixtures are shared by all cases.
    """
    arguments, rows = names.split(","), list(cases)

    def decorate(test: Test) -> Test:
        @wraps(test)
        def run(*instance: object, **fixtures: object) -> None:
            failed: list[Exception] = []
            for row in rows:
                values = row if len(arguments) > 1 and isinstance(row, tuple) else (row,)
                try:
                    test(*instance, **dict(zip(arguments, values, strict=True)), **fixtures)
                except Exception as error:
                    error.add_note(f"in the case {names} = {row!r}")
                    failed.append(error)
            assert rows, "no cases"
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(rows)} cases", failed)

        own = signature(test)
        rest = [value for name, value in own.parameters.items() if name not in arguments]
        run.__signature__ = own.replace(parameters=rest)  # type: ignore[attr-defined]
        return run

    return decorate
