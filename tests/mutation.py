"""Mutation testing: makes random small changes to the code, one at a time, and counts those that a test notices.

    python -m tests.mutation map                   # once: which tests run which lines (twice the time of all tests)
    python -m tests.mutation run --count 300       # change, test, report; the results are appended to a file
    python -m tests.mutation show                  # the share caught by room, and every change that survived

A change is tried in a copy of the tree, with the tests that run the changed line, and with the tests of the room that
start processes where no test runs it itself. A change that is noticed by none is a survivor: either no input can tell
it from the original, or a law or a test is missing.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

import coverage

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".mutation"
COPIED = ("tuicnn", "tests", "grammars", "nets", "docs", "pyproject.toml", "README.md")

COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
OPERATIONS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "//", ast.Pow: "*"}


@dataclass(frozen=True)
class Mutant:
    """One change: the text of a file from `start` to `stop` (bytes) becomes `new`."""

    file: str
    line: int
    start: int
    stop: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {' '.join(self.old.split())} -> {self.new}"


def mutants(path: Path) -> list[Mutant]:
    """All changes of a file."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def span(node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    def text(node: ast.expr | ast.stmt) -> str:
        first, last = span(node)
        return source[first:last].decode()

    found: list[Mutant] = []
    for node in computing(ast.parse(source)):
        name, place = str(path.relative_to(ROOT)), span(node)
        found.extend(Mutant(name, node.lineno, *place, text(node), new) for new in changes(node, text))
    return found


def computing(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """The nodes below that compute something: no annotations, no lists of names, nothing for type checkers only."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns") or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from computing(child)


def changes(node: ast.expr | ast.stmt, text: Callable[[ast.expr | ast.stmt], str]) -> Iterator[str]:
    """What may stand in the place of a node."""
    match node:
        case ast.Compare(left, [operator], [right]):
            yield f"({text(left)} {COMPARISONS[type(operator)]} {text(right)})"
        case ast.BinOp(left, operator, right) if type(operator) in OPERATIONS and not any(map(is_text, (left, right))):
            yield f"({text(left)} {OPERATIONS[type(operator)]} {text(right)})"
        case ast.BoolOp(operator, values):
            word = " or " if isinstance(operator, ast.And) else " and "
            yield f"({word.join(f'({text(value)})' for value in values)})"
        case ast.UnaryOp(ast.Not(), operand):
            yield f"bool({text(operand)})"
        case ast.UnaryOp(ast.USub(), operand):
            yield f"({text(operand)})"
        case ast.Constant(bool(value)):
            yield str(not value)
        case ast.Constant(int(value) | float(value)):
            yield repr(value + 1)
        case ast.IfExp(test, body, orelse):
            yield f"({text(orelse)} if {text(test)} else {text(body)})"
        case ast.Expr(ast.Call()):
            yield "pass"
        case ast.AugAssign(target, operator, value) if type(operator) in OPERATIONS and not is_text(value):
            yield f"{text(target)} {OPERATIONS[type(operator)]}= {text(value)}"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield "return None"


def is_text(node: ast.expr) -> bool:
    """Whether an operand is plainly text, with which no arithmetic is done."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


# --- which tests run a line -------------------------------------------------------------------------------------------


def make_map() -> None:
    """Run all tests, and note for each line of tuicnn/ which test functions run it."""
    FOLDER.mkdir(exist_ok=True)
    settings = FOLDER / "coveragerc"
    settings.write_text(
        f"[run]\nsource = {ROOT / 'tuicnn'}\ndata_file = {FOLDER / 'coverage'}\n"
        "dynamic_context = test_function\nparallel = true\npatch = subprocess\n"
    )
    command = [sys.executable, "-m", "coverage"]
    subprocess.run([*command, "run", f"--rcfile={settings}", "-m", "pytest", "-q", "-n", "auto"], cwd=ROOT, check=False)
    subprocess.run([*command, "combine", "-q", f"--rcfile={settings}"], cwd=ROOT, check=True)


class Tests:
    """The tests that run a line, as pytest names them."""

    def __init__(self) -> None:
        self._data = coverage.CoverageData(str(FOLDER / "coverage"))
        self._data.read()
        if not self._data.measured_files():
            raise SystemExit("there is no map of the tests yet; make it with: python -m tests.mutation map")

    def of(self, mutant: Mutant) -> list[str]:
        contexts = self._data.contexts_by_lineno(str(ROOT / mutant.file)).get(mutant.line, [])
        names = sorted({found for context in contexts if (found := pytest_name(context))})
        room = mutant.file.split("/")[1].removesuffix(".py")
        return names or [f"tests/{room}" if (ROOT / "tests" / room).is_dir() else "tests/faults"]


def pytest_name(context: str) -> str:
    """`tests.layers.test_laws.test_adjoint` or `tests.x.TestY.test_z` -> `tests/layers/test_laws.py::test_adjoint`."""
    parts = context.split(".")
    for count in range(len(parts), 0, -1):
        file = "/".join(parts[:count]) + ".py"
        if (ROOT / file).is_file():
            return "::".join([file, *parts[count:]])
    return ""


# --- trying them ------------------------------------------------------------------------------------------------------


def verdict(tree: Path, mutant: Mutant, tests: list[str], seconds: float) -> str:
    """`caught`, `survived` or `slow` (the tests did not end in time, which a person would notice too)."""
    file = tree / mutant.file
    source = file.read_bytes()
    file.write_bytes(source[: mutant.start] + mutant.new.encode() + source[mutant.stop :])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests],
            cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "slow"
    finally:
        file.write_bytes(source)
    return "caught" if done.returncode else "survived"


def run(count: int, seed: int, jobs: int, under: list[str], seconds: float, results: Path) -> None:
    """Try `count` changes, drawn from all lines that compute something, and append what became of each."""
    tests = Tests()
    files = [f for place in under for f in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))]
    everything = [mutant for file in sorted(files) for mutant in mutants(file)]
    chosen = random.Random(seed).sample(everything, min(count, len(everything)))
    print(f"{len(chosen)} of {len(everything):,} changes", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            tree = Path(folder) / str(number)
            tree.mkdir()
            for name in COPIED:
                place = ROOT / name
                if place.is_dir():
                    shutil.copytree(place, tree / name)
                else:
                    shutil.copy2(place, tree / name)
            trees.put(tree)

        def one(mutant: Mutant) -> tuple[Mutant, str, float]:
            tree, began = trees.get(), time.perf_counter()
            try:
                return mutant, verdict(tree, mutant, tests.of(mutant), seconds), time.perf_counter() - began
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(jobs) as pool, results.open("a") as out:
            for mutant, became, took in pool.map(one, chosen):
                out.write(json.dumps({**asdict(mutant), "became": became, "seconds": round(took, 1)}) + "\n")
                out.flush()
                print(f"{became:9}{took:6.1f} s  {mutant}", flush=True)


def show(results: Path) -> None:
    """The share that was caught, by room, and the survivors."""
    by_room: dict[str, list[str]] = defaultdict(list)
    survivors: list[Mutant] = []
    for line in results.read_text().splitlines():
        entry = json.loads(line)
        became = entry.pop("became")
        entry.pop("seconds")
        mutant = Mutant(**entry)
        by_room[mutant.file.split("/")[1]].append(became)
        if became == "survived":
            survivors.append(mutant)
    by_room["all"] = [became for rooms in by_room.values() for became in rooms]
    for room, found in sorted(by_room.items(), key=lambda item: (item[0] == "all", item[0])):
        caught = sum(became != "survived" for became in found)
        print(f"{room:16}{caught:5} of {len(found):4} caught  {caught / len(found):6.1%}")
    for mutant in sorted(survivors, key=str):
        print(mutant)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=["map", "run", "show"])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=240.0, help="how long the tests of one change may take")
    parser.add_argument("--results", type=Path, default=FOLDER / "results.jsonl")
    parser.add_argument("under", nargs="*", default=["tuicnn"], help="folders or files, such as tuicnn/layers")
    options = parser.parse_args()
    match options.action:
        case "map":
            make_map()
        case "run":
            run(options.count, options.seed, options.jobs, options.under, options.seconds, options.results)
        case _:
            show(options.results)


if __name__ == "__main__":
    main()
