"""The shape of the code: short rooms, short functions, no late imports. Prints the tail it found."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("graphengine/**/*.py"), *ROOT.glob("nodes/**/*.py")])

LONGEST_FILE = 400
LONGEST_NODE_FILE = 150
LONGEST_FUNCTION = 60
P99_FUNCTION = 45

Function = ast.FunctionDef | ast.AsyncFunctionDef


def length(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions(path: Path) -> Iterator[tuple[int, str]]:
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, Function):
            lines = (found.end_lineno or found.lineno) - found.lineno + 1
            yield lines, f"{path.relative_to(ROOT)}:{found.lineno} {found.name}"


def late_imports(path: Path) -> Iterator[str]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, Function):
            for found in ast.walk(function):
                if isinstance(found, ast.Import | ast.ImportFrom):
                    yield f"{path.relative_to(ROOT)}:{found.lineno}"


def test_no_file_is_long(figure: Callable[[str], None]) -> None:
    longest = sorted(((length(path), str(path.relative_to(ROOT))) for path in SOURCES), reverse=True)
    figure(f"longest files: {', '.join(f'{name} {lines}' for lines, name in longest[:3])}")
    assert [each for each in longest if each[0] > LONGEST_FILE] == []
    assert [each for each in longest if each[1].startswith("nodes/") and each[0] > LONGEST_NODE_FILE] == []


def test_no_function_is_long(figure: Callable[[str], None]) -> None:
    found = sorted(each for path in SOURCES for each in functions(path))
    p99 = found[int(len(found) * 0.99)]
    figure(f"functions: {len(found)}, p99 {p99[0]} lines, longest {found[-1][1]} {found[-1][0]}")
    assert p99[0] <= P99_FUNCTION
    assert found[-1][0] <= LONGEST_FUNCTION


def test_nothing_is_imported_late() -> None:
    assert [place for path in SOURCES for place in late_imports(path)] == []


def test_every_package_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
