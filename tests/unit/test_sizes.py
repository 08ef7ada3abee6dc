"""What keeps the code readable: modules and functions that fit into a head, folders that fit on a screen.

An exception is named here, with its reason; one that is no longer needed fails.
"""

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
TREES = ("clients", "db", "envoy", "ops", "protos", "server", "tests")
GENERATED = ("clients/buf", "clients/yoyaku/v1", "protos/third_party", "tests/node/build")
MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_MODULES = 250, 50, 16

LONG_MODULES = {
    "db/postgres/driver/pipeline.py": "a statement, its connection and its round trip are one state machine",
    "protos/yoyaku/v1/appointment_service.proto": "one service, which cannot be in two files",
    "protos/yoyaku/v1/error_reason.proto": "one enum, with an example for each value",
    "tests/ops/image.py": "one story, from an empty machine to a booking",
}
LONG_FUNCTIONS = {
    "ops/aws/database.py __init__": "resources of a template, declared one after the other",
    "ops/aws/valkey.py __init__": "resources of a template, declared one after the other",
    "server/commands/data/import_fhir.py import_fhir": "each parameter is an option of the command",
    "tests/bench/__main__.py main": "each parameter is an option of the command",
    "tests/db/sample_values.py sample": "one table: a row for each column",
}
FULL_FOLDERS = {
    "db/migrations/versions": "every migration stays",
    "tests/bench": "one module for each thing that is measured",
    "tests/fixtures": "one plugin for each thing that tests need",
}
SHARED_NAMES = {
    "Relation": "the command line's choice of the same relations; a client imports nothing of the server",
    "Role": "the command line's choice of the same roles; a client imports nothing of the server",
}


def sources(*suffixes: str) -> list[Path]:
    found = (path for tree in TREES for path in (ROOT / tree).rglob("*") if path.suffix in suffixes)
    return [path for path in found if not name_of(path).startswith(GENERATED) and "node_modules" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


def test_no_module_is_long() -> None:
    lines = {name_of(path): len(path.read_text().splitlines()) for path in sources(".py", ".proto", ".ts", ".js")}
    assert lines
    assert {name for name, count in lines.items() if count > MOST_LINES} == LONG_MODULES.keys()


def test_no_function_is_long() -> None:
    found = {
        f"{name_of(path)} {node.name}"
        for path in sources(".py")
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    }
    assert found == LONG_FUNCTIONS.keys()


def test_no_folder_is_full() -> None:
    """Tests are not counted: a suite is a list, which is read by its names."""
    modules = [path for path in sources(".py", ".js") if not path.name.startswith(("test_", "__init__"))]
    counted = Counter(name_of(path.parent) for path in modules)
    assert {folder for folder, count in counted.items() if count > MOST_MODULES} == FULL_FOLDERS.keys()


def test_a_class_name_has_one_meaning() -> None:
    modules = [path for path in sources(".py") if name_of(path).startswith(("clients/", "db/", "server/"))]
    counted = Counter(node.name for path in modules for node in nodes(path) if isinstance(node, ast.ClassDef))
    assert {name for name, count in counted.items() if count > 1} == SHARED_NAMES.keys()
