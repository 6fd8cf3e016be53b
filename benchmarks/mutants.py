"""Random small changes of the code, each against the tests that reach its line: what does the suite
not see?

    python benchmarks/mutants.py -n 60 --seed 1 [--folder build/mutants] [--kinds constant default]
    [--nearest 3] [--no-notebooks]

A mutant is one change of one token: a comparison or an operator turned, a constant scaled by 1.02,
1.1 or 2, a default doubled, ``any`` for ``all``, ``min`` for ``max``, one more or less, a sign
dropped, a condition negated, a key misspelt, a number of ``cell.toml`` or ``claims.toml`` moved by
2 %. Docstrings and wording are left alone.

1. The files that git tracks are copied into the folder, so that the checkout stays as it is, and
   each test runs once under *coverage*, which notes the lines it reaches. What a file of tests
   reaches is kept as long as it and the code stay the same.
2. The seed draws a kind for every mutant, and one of all its places. Tests that reach the line run,
   the quick files first, up to the first failure. Lines that run at import, compiled kernels and
   data count as reached by every test that reaches their module, or one that imports it. A mutated
   kernel is compiled afresh, its callers too.
   ``--nearest N`` needs no map: whole files of tests run, the N that are nearest by name and by
   imports.
3. What no test sees goes to ``--then``: by default the notebooks that import the module, and the
   comparison of numbers.
4. ``journal.jsonl`` in the folder takes a line for each mutant; the same command goes on where it
   was ended. The table counts seen, unseen and timed out by kind. Whether an unseen one changes any
   value is for a reader to judge.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import importlib
import json
import multiprocessing
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/rampore"
#: Of the study as a whole, not of its numbers.
LEFT_OUT = ("tests/test_book.py", "tests/test_audit_reproduce.py", "tests/test_environment.py")
#: Of others, loaded once for all mutants.
LIBRARIES = (
    "pytest", "hypothesis", "numba", "pandas", "xarray", "h5netcdf", "scipy.fft", "scipy.integrate",
    "scipy.interpolate", "scipy.ndimage", "scipy.optimize", "scipy.sparse.linalg", "scipy.stats",
    "matplotlib.pyplot", "skimage.measure", "skimage.segmentation", "tifffile", "PIL.Image",
    "IPython.display", "nbformat", "jsonschema", "pint", "bpx", "SALib", "edt", "impedance",
)  # fmt: skip
NOTEBOOKS = (
    "{python} -m pytest -x -q -p no:cacheprovider --nbval-lax --nbval-current-env "
    "{notebooks} {numbers}"
)

COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
OPERATORS = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Pow: "*",
    ast.BitAnd: "|",
}
SWAPPED = {
    "any": "all", "all": "any", "min": "max", "max": "min", "argmin": "argmax", "argmax": "argmin",
    "minimum": "maximum", "maximum": "minimum", "floor": "ceil", "ceil": "floor",
    "sin": "cos", "cos": "sin",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A change of one token."""

    file: str  #: from the root
    kind: str
    line: int
    start: int  #: of the token in the file [bytes]
    old: str
    new: str

    @property
    def name(self) -> str:
        """One line."""
        return f"{self.file}:{self.line} {self.kind}: {self.old} -> {self.new}"

    def applied(self, source: bytes) -> bytes:
        """The source with the change."""
        old = self.old.encode()
        assert source[self.start : self.start + len(old)] == old, self.name
        return source[: self.start] + self.new.encode() + source[self.start + len(old) :]


# Mutants ------------------------------------------------------------------------------------------


class Places(ast.NodeVisitor):
    """All mutants of one module."""

    def __init__(self, file: str, source: bytes):
        self.file, self.source, self.found = file, source, []
        self.lines = [0]
        for line in source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def span(self, node):
        return (
            self.lines[node.lineno - 1] + node.col_offset,
            self.lines[node.end_lineno - 1] + node.end_col_offset,
        )

    def text(self, start, end):
        return self.source[start:end].decode()

    def add(self, kind, line, start, end, new):
        self.found.append(Mutant(self.file, kind, line, start, self.text(start, end), new))

    def between(self, kind, left, right, new):
        """The operator between two operands, without brackets and white space around it."""
        start, end = self.span(left)[1], self.span(right)[0]
        token = re.search(r"[^\s()\\]+(\s(in|not))?", self.text(start, end))
        if token and "#" not in token.group():
            self.add(kind, left.end_lineno, start + token.start(), start + token.end(), new)

    def visit_Compare(self, node):
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            self.between("comparison", left, right, COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node):
        text = any(
            isinstance(side, ast.Constant | ast.JoinedStr) and not number(side)
            for side in (node.left, node.right)
        )
        if type(node.op) in OPERATORS and not text:
            self.between("operator", node.left, node.right, OPERATORS[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        start, _ = self.span(node)
        if isinstance(node.op, ast.USub):
            self.add("sign", node.lineno, start, start + 1, " ")
        self.generic_visit(node)

    def visit_Name(self, node):
        if node.id in SWAPPED:
            self.add("exchange", node.lineno, *self.span(node), SWAPPED[node.id])

    def visit_Attribute(self, node):
        if node.attr in SWAPPED:
            _, end = self.span(node)
            self.add("exchange", node.end_lineno, end - len(node.attr), end, SWAPPED[node.attr])
        self.generic_visit(node)

    def condition(self, node):
        start, end = self.span(node.test)
        self.add("condition", node.test.lineno, start, end, f"(not ({self.text(start, end)}))")
        self.generic_visit(node)

    visit_If = visit_IfExp = visit_While = condition

    def visit_Constant(self, node):
        span = self.span(node)
        if number(node) and node.value:
            for factor in (1.02, 1.1, 2):
                self.add("constant", node.lineno, *span, f"({self.text(*span)} * {factor})")
        if type(node.value) is int:
            for step in ("+ 1", "- 1"):
                self.add("one more or less", node.lineno, *span, f"({node.value} {step})")

    def visit_FunctionDef(self, node):
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None and number(default) and default.value:
                span = self.span(default)
                self.add("default", default.lineno, *span, f"(2 * {self.text(*span)})")
        for part in [
            *arguments.defaults,
            *filter(None, arguments.kw_defaults),
            *node.decorator_list,
            *node.body,
        ]:
            self.visit(part)

    def visit_ClassDef(self, node):
        for part in node.body:
            if (
                isinstance(part, ast.AnnAssign)
                and part.value
                and number(part.value)
                and part.value.value
            ):
                span = self.span(part.value)
                self.add("default", part.lineno, *span, f"(2 * {self.text(*span)})")
            self.visit(part)

    def visit_AnnAssign(self, node):
        if node.value:
            self.visit(node.value)

    def visit_Subscript(self, node):
        self.key(node.slice)
        self.generic_visit(node)

    def visit_Dict(self, node):
        for key in node.keys:
            self.key(key)
        self.generic_visit(node)

    def key(self, node):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[\w.]+", node.value)
        ):
            span = self.span(node)
            text = self.text(*span)
            self.add("key", node.lineno, *span, f"{text[:-1]}_{text[-1]}")

    def visit_JoinedStr(self, node):
        """Wording; where values are put in, what they are is computed elsewhere."""


def number(node) -> bool:
    """Whether a node is a number that is written out."""
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def of_data(file: str, source: bytes) -> list[Mutant]:
    """Numbers of a TOML file that are values: not years, versions and numbers inside texts."""
    found, start = [], 0
    for line, text in enumerate(source.decode().splitlines(keepends=True), 1):
        if re.match(
            r"\s*(value|range|stated|tolerance|coefficients|low|high|[\w.]+ = \{ value)\b", text
        ):
            bare = re.sub(r'"[^"]*"|#.*', lambda part: " " * len(part.group()), text)
            for token in re.finditer(r"(?<![\w.])\d+(\.\d+)?(e[+-]?\d+)?(?![\w.])", bare):
                old = token.group()
                if float(old):
                    at = start + len(text[: token.start()].encode())
                    found.append(Mutant(file, "data", line, at, old, repr(float(old) * 1.02)))
        start += len(text.encode())
    return found


def mutants(tree: Path) -> dict[str, list[Mutant]]:
    """By kind, all that there are."""
    found = []
    for path in sorted((tree / PACKAGE).rglob("*.py")):
        file, source = str(path.relative_to(tree)), path.read_bytes()
        places = Places(file, source)
        places.visit(ast.parse(source))
        found += places.found
    for path in sorted((tree / PACKAGE).rglob("*.toml")):
        found += of_data(str(path.relative_to(tree)), path.read_bytes())
    kinds = defaultdict(list)
    for mutant in found:
        kinds[mutant.kind].append(mutant)
    return kinds


def draw(kinds: dict[str, list[Mutant]], seed: int, count: int) -> list[Mutant]:
    """A kind for each, then one of its places; the first n of a longer draw are the draw of n."""
    rng, chosen = random.Random(seed), []
    names = sorted(kinds)
    while len(chosen) < min(count, sum(map(len, kinds.values()))):
        mutant = rng.choice(kinds[rng.choice(names)])
        if mutant not in chosen:
            chosen.append(mutant)
    return chosen


# Which tests reach a line -------------------------------------------------------------------------


class WithoutBuilds:
    """Leaves builds of the whole book out: what they would see, the notebooks see as well. A plugin
    of pytest.
    """

    def pytest_collection_modifyitems(self, items):
        """Of the items, those without the fixture."""
        items[:] = [item for item in items if "built" not in item.fixturenames]


class Contexts(WithoutBuilds):
    """Names the test that runs to *coverage*, and takes its time."""

    def __init__(self):
        self.seconds, self.good = Counter(), set()

    def _begins(self, item, phase):
        import coverage

        coverage.Coverage.current().switch_context(f"{item.nodeid}|{phase}")

    def pytest_runtest_setup(self, item):
        """Fixtures: what they reach, all tests of the file may see."""
        self._begins(item, "setup")

    def pytest_runtest_call(self, item):
        """The test itself."""
        self._begins(item, "call")

    def pytest_runtest_logreport(self, report):
        """How long a part took, and whether the test passed."""
        self.seconds[report.nodeid] += report.duration
        if report.when == "call" and report.passed:
            self.good.add(report.nodeid)


def cover(file: str, name: str) -> None:
    """Run a file of tests here under *coverage*; called in a process of its own."""
    import coverage
    import pytest

    measured, contexts = (
        coverage.Coverage(f"{name}.lines", source=[PACKAGE], config_file=False),
        Contexts(),
    )
    measured.start()
    pytest.main(["-q", "-p", "no:cacheprovider", file], plugins=[contexts])
    measured.stop()
    measured.save()
    passed = {test: seconds for test, seconds in contexts.seconds.items() if test in contexts.good}
    Path(f"{name}.json").write_text(json.dumps(passed, indent=1))


class Reach:
    """What the map says."""

    def __init__(self, files: list[Path], tree: Path):
        import coverage

        self.tests, self.lines = {}, defaultdict(lambda: defaultdict(set))
        for name in files:
            tests = json.loads(Path(f"{name}.json").read_text())
            self.tests |= tests
            data = coverage.CoverageData(f"{name}.lines")
            data.read()
            for path in data.measured_files():
                module, within = str(Path(path).relative_to(tree)), in_functions(path)
                for line, contexts in data.contexts_by_lineno(path).items():
                    reached = set(contexts)
                    # what the file of tests calls as it is read
                    if "" in reached and line in within and tests:
                        reached.add(f"{next(iter(tests))}|setup")
                    self.lines[module][line] |= reached
        self.importers = importers(tree)

    def _tests(self, contexts) -> set[str]:
        found = set()
        for context in filter(None, contexts):
            test, phase = context.rsplit("|", 1)
            file = test.split("::")[0] + "::"
            found |= (
                {other for other in self.tests if other.startswith(file)}
                if phase == "setup"
                else {test}
            )
        return found & self.tests.keys()

    def _of_module(self, file) -> set[str]:
        return self._tests(
            {context for line in self.lines.get(file, {}).values() for context in line}
        )

    def of(self, mutant: Mutant) -> list[str]:
        """Tests that reach a mutant, by file; files that are done soonest come first."""
        if mutant.file.endswith(".toml"):
            found = set().union(*map(self._of_module, self.importers[mutant.file]))
        else:
            found = self._tests(self.lines.get(mutant.file, {}).get(mutant.line, []))
            found = found or self._of_module(mutant.file)
        if not found:
            found = set().union(*map(self._of_module, self.importers[mutant.file]))
        cost = Counter()
        for test in found:
            cost[test.split("::")[0]] += self.tests[test]
        order = list(self.tests)
        return sorted(found, key=lambda test: (cost[test.split("::")[0]], order.index(test)))


class Nearest:
    """Files of tests by what they import and how they are called: no test has to run for it."""

    def __init__(self, files: list[str], tree: Path, count: int):
        self.importers, self.count = importers(tree), count
        self.imports = {file: known(tree, (tree / file).read_text()) for file in files}

    def of(self, mutant: Mutant) -> list[str]:
        """Of the files of tests that import a module, an importer of it or an importer of that:
        first those with its name, then the nearest, then those that import least else.
        """
        distance, near = {}, {mutant.file}
        for steps in range(3):
            # who imports a package has what its `__init__` takes from its modules
            near |= {f for each in near for f in self.importers[each] if f.endswith("__init__.py")}
            for file, modules in self.imports.items():
                if modules & near:
                    distance.setdefault(file, steps)
            near = set().union(*(self.importers[each] for each in near))
        words = set(re.split(r"[\W_]+", mutant.file))

        def rank(file):
            shared = words.intersection(Path(file).stem.split("_"))
            return -len(shared), distance[file], len(self.imports[file])

        return sorted(distance, key=rank)[: self.count]


def in_functions(path: str) -> set[int]:
    """Lines of the bodies of functions: those outside run when the module is imported."""
    functions = (
        node
        for node in ast.walk(ast.parse(Path(path).read_bytes()))
        if isinstance(node, ast.FunctionDef)
    )
    return {line for each in functions for line in range(each.body[0].lineno, each.end_lineno + 1)}


def imported(source: str) -> set[str]:
    """Modules of the package that a text of Python imports, as files."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    names = {name.replace(".", "/") for name in found if name.split(".")[0] == "rampore"}
    return {f"src/{name}{end}" for name in names for end in (".py", "/__init__.py")}


def known(tree: Path, source: str) -> set[str]:
    """What a text of Python imports of the package, and the files of data that it names."""
    data = {
        path.name: str(path.relative_to(tree)) for path in (tree / PACKAGE).rglob("data/*.toml")
    }
    nodes = ast.walk(ast.parse(source))
    named = {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
    return imported(source) | {data[name] for name in named & data.keys()}


def importers(tree: Path) -> dict[str, set[str]]:
    """The modules that import each module or name a file of data."""
    found = defaultdict(set)
    for path in (tree / PACKAGE).rglob("*.py"):
        for file in known(tree, path.read_text()):
            found[file].add(str(path.relative_to(tree)))
    return found


def closure(files, graph) -> set[str]:
    """The files with all that import them, by whatever way."""
    reached, waiting = set(), set(files)
    while waiting:
        file = waiting.pop()
        reached.add(file)
        waiting |= graph[file] - reached
    return reached


def notebooks(tree: Path, file: str, graph) -> list[str]:
    """Chapters that import a module; all of them where it is data."""
    found = []
    for path in sorted((tree / "book").glob("*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        code = re.sub(r"^\s*[%!].*", "pass", source, flags=re.M)
        if file.endswith(".toml") or imported(code) & closure([file], graph):
            found.append(str(path.relative_to(tree)))
    return found


# Running ------------------------------------------------------------------------------------------


def copied(folder: Path) -> Path:
    """The files that git tracks, as they are now."""
    tree = folder / "tree"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    files = [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]
    for name in files:
        there = tree / name
        if not there.exists() or there.read_bytes() != (ROOT / name).read_bytes():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, there)
    for path in [*tree.rglob("*.py"), *tree.rglob("*.toml")]:
        if str(path.relative_to(tree)) not in files:
            path.unlink()
    shared = ROOT.parent / "shared"
    if shared.exists() and not (folder / "shared").exists():
        (folder / "shared").symlink_to(shared.resolve())
    return tree


def environment(tree: Path, caches: Path) -> dict[str, str]:
    """Of a process that runs on the copy."""
    paths = [str(tree / "src"), str(Path(__file__).parent)]
    return {"PYTHONPATH": os.pathsep.join(paths), "NUMBA_CACHE_DIR": str(caches)}


def run(
    command: list[str], tree: Path, caches: Path, limit: float | None
) -> tuple[int | None, str]:
    """Exit code, None where time ran out, and what was printed."""
    process = subprocess.Popen(
        command, cwd=tree, env=os.environ | environment(tree, caches), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output


def tested(tests: list[str], tree: Path, caches: Path, limit: float) -> tuple[int | None, str]:
    """What :func:`run` gives of tests up to the first failure; they run in a fork of this process,
    which has loaded the libraries and nothing of the package.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = multiprocessing.get_context("fork").Process(
            target=_tests, args=(tests, tree, caches, output.fileno())
        )
        process.start()
        try:
            process.join(limit)
            code = process.exitcode
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        return code, output.read()


def _tests(tests, tree, caches, output):
    import numba
    import pytest

    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.chdir(tree)
    os.environ |= environment(tree, caches)
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    numba.config.CACHE_DIR = str(caches)  # it has read its environment
    words = ["-x", "-q", "-p", "no:cacheprovider", *tests]
    sys.exit(pytest.main(words, plugins=[WithoutBuilds()]))


def mapped(folder: Path, tree: Path, words: list[str] | None = None) -> Reach:
    """The map of lines to tests, made anew for every file of tests that has changed, for all where
    the code has.
    """
    code = [*(tree / "src").rglob("*.py"), tree / "tests/conftest.py"]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(code)))
    kept = []
    for file in files_of_tests(tree, words):
        own = state.copy()
        own.update((tree / file).read_bytes())
        name = folder / "map" / f"{Path(file).stem}-{own.hexdigest()[:16]}"
        if not Path(f"{name}.json").exists():
            name.parent.mkdir(exist_ok=True)
            call = f"import mutants; mutants.cover({file!r}, {str(name)!r})"
            _, output = run([sys.executable, "-c", call], tree, folder / "numba", None)
            print(file, output.strip().splitlines()[-1], flush=True)
        kept.append(name)
    return Reach(kept, tree)


def files_of_tests(tree: Path, words: list[str] | None) -> list[str]:
    """Those whose names hold one of the words."""
    files = (str(path.relative_to(tree)) for path in sorted((tree / "tests").glob("test_*.py")))
    return [
        file
        for file in files
        if file not in LEFT_OUT and (not words or any(word in file for word in words))
    ]


def judge(mutant: Mutant, tree: Path, folder: Path, reach: Reach | Nearest, options) -> dict:
    """One mutant through its tests and notebooks; the file is put back whatever happens."""
    path = tree / mutant.file
    source, stat = path.read_bytes(), path.stat()
    caches = folder / "numba"
    if b"njit" in source:  # callers in other files, compiled before, hold the old kernel
        caches = folder / "numba-mutated"
        shutil.rmtree(caches, ignore_errors=True)
    tests, start = reach.of(mutant), time.perf_counter()
    record = {"tests": len(tests), "verdict": "unseen", "by": None}
    steps = [partial(tested, tests)] if tests else []
    chapters = notebooks(tree, mutant.file, reach.importers) if options.notebooks else []
    if chapters:
        numbers = (
            "tests/test_audit_numbers.py" if (tree / "tests/test_audit_numbers.py").exists() else ""
        )
        words = {"python": sys.executable, "notebooks": " ".join(chapters), "numbers": numbers}
        steps.append(partial(run, shlex.split(options.then.format(**words))))
    path.write_bytes(mutant.applied(source))
    try:
        for step in steps:
            code, output = step(tree, caches, options.limit)
            if code != 0:
                # a test's name may hold spaces
                failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", output, flags=re.M)
                record["verdict"] = "timed out" if code is None else "seen"
                record["by"] = failed.group(1) if failed else None
                break
    finally:
        path.write_bytes(source)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    test = record["by"]
    if test and options.nearest and test not in options.passing:  # no map says that it passes
        if tested([test], tree, folder / "numba", options.limit)[0]:
            sys.exit(f"{test} fails without a change")
        options.passing.add(test)
    return asdict(mutant) | record | {"seconds": round(time.perf_counter() - start, 1)}


def table(records: list[dict]) -> str:
    """Counts by kind."""
    verdicts = ("seen", "unseen", "timed out")
    counts = Counter((record["kind"], record["verdict"]) for record in records)
    lines = [f"{'kind':20}" + "".join(f"{verdict:>10}" for verdict in verdicts)]
    for kind in sorted({record["kind"] for record in records}):
        lines.append(f"{kind:20}" + "".join(f"{counts[kind, verdict]:10}" for verdict in verdicts))
    totals = Counter(record["verdict"] for record in records)
    return "\n".join(
        [*lines, f"{'all':20}" + "".join(f"{totals[verdict]:10}" for verdict in verdicts)]
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", "--count", type=int, default=60, help="mutants that the seed draws")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", help="only these")
    parser.add_argument("--files", nargs="+", help="only files whose path holds one of these words")
    parser.add_argument(
        "--tests", nargs="+", help="only files of tests whose path holds one of these words"
    )
    parser.add_argument(
        "--nearest", type=int, metavar="N", help="no map: the N files of tests nearest by name"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutants")
    parser.add_argument(
        "--limit", type=float, default=900, help="on tests, and on notebooks, of one mutant [s]"
    )
    parser.add_argument("--no-notebooks", dest="notebooks", action="store_false")
    parser.add_argument(
        "--then",
        default=NOTEBOOKS,
        help="what sees what tests do not: {python} {notebooks} {numbers}",
    )
    options = parser.parse_args()
    options.passing = set()
    # the file is put back, and what runs is ended
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tree = copied(folder)
    if options.nearest:
        reach = Nearest(files_of_tests(tree, options.tests), tree, options.nearest)
    else:
        reach = mapped(folder, tree, options.tests)
    os.environ["NUMBA_CACHE_DIR"] = str(folder / "numba")
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    kinds = {
        kind: [
            each
            for each in found
            if not options.files or any(word in each.file for word in options.files)
        ]
        for kind, found in mutants(tree).items()
        if not options.kinds or kind in options.kinds
    }
    chosen = draw(
        {kind: found for kind, found in kinds.items() if found}, options.seed, options.count
    )
    journal = folder / "journal.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    done = {(r["file"], r["start"], r["old"], r["new"]): r for r in map(json.loads, lines)}
    records = []
    for number_, mutant in enumerate(chosen, 1):
        key = (mutant.file, mutant.start, mutant.old, mutant.new)
        if key not in done:
            done[key] = judge(mutant, tree, folder, reach, options)
            with journal.open("a") as out:
                out.write(json.dumps(done[key]) + "\n")
        records.append(done[key])
        print(
            f"{number_:4} {done[key]['verdict']:9} {mutant.name} [{done[key]['by'] or ''}]",
            flush=True,
        )
    print(table(records))


if __name__ == "__main__":
    main()
