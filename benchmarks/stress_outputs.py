"""Kills, full disks and crowds: whatever ends a run, the next one gives what an undisturbed run
gives.

Each trial disturbs one run of a small study, or of a small sweep, at a random moment, lets the next
run do the rest, and compares. Run it with ``python benchmarks/stress_outputs.py -o FOLDER``: it
prints a table, ends with code 1 where a trial failed, and goes on where it stopped. A full disk is
a small tmpfs where this may mount one, and a limit on the size of files elsewhere.
"""

import argparse
import compileall
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from test_audit_reproduce import TinyStudy, until  # noqa: E402

from rampore import sweep  # noqa: E402
from rampore.audit.reproduce.files import digests  # noqa: E402
from rampore.audit.sweep import read, write  # noqa: E402

MARK = "RAMPORE_STRESS"
SIZES = 0, 4, 8, 32, 64  #: room beside what stands on the disk [kB]

SWEEP = """
import sys, time
from pathlib import Path
from rampore import RamporeError, sweep
from rampore.audit.sweep import write

def compute(case):
    time.sleep(0.1)
    return {"square": case["x"] ** 2}

if __name__ == "__main__":
    folder, address = Path(sys.argv[1]), sys.argv[2] if sys.argv[2:] else ""
    cases = [{"x": float(x)} for x in range(40)]
    try:
        with sweep.cluster(address) if address else sweep.processes(2) as workers:
            outcomes = sweep.run(compute, cases, sweep.Journal(folder / "journal.jsonl"), workers)
        dataset = sweep.dataset(cases, outcomes, {"x": "m", "square": "m2"})
        write(dataset, folder / "result.nc")
    except RamporeError as error:
        sys.exit(f"rampore: {error}")
"""


class Run:
    """A program in a process group and a folder for temporary files of its own, whose processes can
    be found again.
    """

    def __init__(self, command: list[str], scratch: Path, cwd: Path, **environment: str) -> None:
        scratch.mkdir(exist_ok=True)
        self.mark, self.scratch = f"{os.getpid()}-{random.random()}", scratch
        shared = {
            MARK: self.mark,
            "TMPDIR": str(scratch),
            "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        }
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | environment | shared,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def kill(self, whom: str) -> None:
        """SIGKILL to the whole process group, or to the main process alone."""
        if self.process.poll() is None:
            (os.killpg if whom == "group" else os.kill)(self.process.pid, signal.SIGKILL)

    def end(self) -> tuple[int, str]:
        shown, _ = self.process.communicate()
        return self.process.returncode, shown

    def left(self) -> int:
        """How many of its processes still run, given some seconds to notice."""
        end = time.monotonic() + 20
        while (
            count := sum(self._is_mine(process) for process in psutil.process_iter())
        ) and time.monotonic() < end:
            time.sleep(0.2)
        return count

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            return (
                process.environ().get(MARK) == self.mark
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except (psutil.Error, OSError):
            return False


class Reproduction:
    """A study of two small chapters."""

    def __init__(self, folder: Path) -> None:
        self.study = TinyStudy(folder / "study")
        self.folder, self.build = folder, folder / "study" / "build"
        shutil.copytree(prepared(), folder / "study")

    def start(self, *arguments: str) -> Run:
        command = [
            sys.executable,
            "-m",
            "rampore",
            "reproduce",
            "--no-html",
            "--output",
            str(self.build),
            *arguments,
        ]
        return Run(
            command, self.folder / "tmp", self.study.root, PYTHONPATH=str(self.study.package.parent)
        )

    def result(self) -> dict[str, str]:
        kept = ("chapters/", "figures/", "results/", "claims.json")
        found = digests(self.build)
        return {
            name: found[name]
            for name in found
            if name.startswith(kept) and "provenance" not in name
        }

    def change(self) -> None:
        for name in ("first", "second"):
            self.study.put(name, "width + 1")


class Sweep:
    """Forty cases of a tenth of a second."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.build = folder, folder / "out"
        (folder / "out").mkdir(exist_ok=True)
        (folder / "program.py").write_text(SWEEP)

    def start(self, *arguments: str) -> Run:
        command = [sys.executable, str(self.folder / "program.py"), str(self.build), *arguments]
        return Run(command, self.folder / "tmp", self.folder)

    def result(self) -> list[float]:
        return read(self.build / "result.nc").square.values.tolist()

    def change(self) -> None:
        (self.build / "journal.jsonl").unlink()
        stands = read(self.build / "result.nc").assign_attrs(title="what stood before")
        write(stands, self.build / "result.nc")


@cache
def prepared() -> Path:
    """The study before its first run."""
    folder = Path(tempfile.mkdtemp(prefix="rampore-stress-")) / "study"
    study = TinyStudy(folder)
    study.create()
    compileall.compile_dir(study.package, quiet=2)
    return folder


@cache
def undisturbed(kind: type, changed: bool = False) -> tuple[object, float]:
    """What a run gives, and how long it takes [s]."""
    with workplace() as folder:
        subject, started = kind(folder), time.monotonic()
        if changed and kind is Reproduction:
            subject.change()
        code, shown = subject.start().end()
        if code:
            raise SystemExit(shown)
        return subject.result(), time.monotonic() - started


@contextmanager
def workplace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix="rampore-stress-", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def left_files(subject: Reproduction | Sweep) -> int:
    """Files for unfinished work, in the results and among temporary files."""
    names = [path.name for path in subject.build.rglob("*")]
    inside = sum(name.endswith(".unfinished") or name == ".work" for name in names)
    return inside + sum(path.is_file() for path in (subject.folder / "tmp").rglob("*"))


def verdict(subject: Reproduction | Sweep, run: Run, expected: object) -> dict[str, float]:
    """Let the next run do the rest, and compare."""
    left = run.left()
    again = subject.start()
    code, shown = again.end()
    return {
        "ended": float(code == 0),
        "equal": float(code == 0 and subject.result() == expected),
        "processes": float(left + again.left()),
        "files": float(left_files(subject)),
        "tracebacks": float("Traceback" in shown),
    }


def killed(case: dict) -> dict[str, float]:
    kind = {"reproduce": Reproduction, "sweep": Sweep}[case["what"]]
    expected, duration = undisturbed(kind)
    with workplace() as folder:
        subject = kind(folder)
        run = subject.start()
        moment = random.Random(f"{case}").uniform(0.05, 1.0) * duration
        time.sleep(moment)
        running = run.process.poll() is None
        run.kill(case["whom"])
        run.end()
        return verdict(subject, run, expected) | {"disturbed": float(running), "moment": moment}


def full(case: dict) -> dict[str, float]:
    """The disk takes a few kB more than what stands on it; then it takes enough."""
    kind = {"reproduce": Reproduction, "sweep": Sweep}[case["what"]]
    before, _ = undisturbed(kind)
    expected, _ = undisturbed(kind, changed=True)
    with workplace() as folder:
        subject = kind(folder)
        subject.start().end()
        subject.change()
        with disk(subject.build, case["room_kB"]) as relief:
            run = subject.start()
            code, shown = run.end()
            stood = code == 0 or kind is Reproduction or subject.result() == before
            relief()
            found = verdict(subject, run, expected)
        said = code == 0 or ("No space" in shown or "File too large" in shown)
        return found | {
            "disturbed": float(code != 0),
            "stood": float(stood),
            "said": float(said),
            "tracebacks": float(code not in (0, 1)) + found["tracebacks"],
        }


@contextmanager
def disk(folder: Path, room: int) -> Iterator[Callable[[], None]]:
    """Make a folder a disk of its own with some room [kB] beside its content; gives what makes it
    larger.
    """
    aside = folder.with_name("aside")
    shutil.copytree(folder, aside)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=50m", "none", folder], check=False
    )
    if mounted.returncode:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room * 100, hard))
        try:
            yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        return
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        free = shutil.disk_usage(folder).free
        (folder / "ballast").write_bytes(bytes(free - 1024 * room))
        yield (folder / "ballast").unlink
    finally:
        subprocess.run(["umount", folder], check=True)


def crowd(case: dict) -> dict[str, float]:
    """Six runs at once: one works, five say so."""
    with workplace() as folder:
        subject = Reproduction(folder)
        expected = undisturbed(Reproduction)[0]
        go = subject.study.root / "book" / "go"
        subject.study.put(
            "first",
            f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.1)\nwidth",
        )
        runs = [subject.start() for _ in range(6)]
        until(lambda: sum(run.process.poll() is not None for run in runs) == 5, 300)
        go.touch()
        ends = [run.end() for run in runs]
        subject.study.put("first")
        refused = sum(code == 1 and "is writing to" in shown for code, shown in ends)
        found = verdict(subject, runs[0], expected)
        return found | {
            "worked": float(sum(code == 0 for code, _ in ends)),
            "refused": float(refused),
            "disturbed": 1.0,
        }


def dask(case: dict) -> dict[str, float]:
    """A worker and its nanny are killed; another worker takes over."""
    from distributed import Client

    expected, _ = undisturbed(Sweep)
    with workplace() as folder:
        subject, file = Sweep(folder), folder / "scheduler.json"
        shared = ["--scheduler-file", str(file), "--no-dashboard"]
        scratch = folder / "dask"
        program = [sys.executable, "-m", "distributed.cli.dask_scheduler", *shared, "--port", "0"]
        servers = [Run(program, scratch, folder)]
        until(file.exists)
        program = [sys.executable, "-m", "distributed.cli.dask_worker", *shared, "--nthreads", "1"]
        servers += [
            Run([*program, "--local-directory", str(scratch)], scratch, folder) for _ in range(2)
        ]
        address = json.loads(file.read_text())["address"]
        with Client(address, timeout="120s") as client:
            client.wait_for_workers(2, timeout=300)
        run, journal = subject.start(address), subject.build / "journal.jsonl"
        until(
            lambda: (
                run.process.poll() is not None
                or (journal.exists() and len(journal.read_bytes()) > 1000)
            ),
            120,
        )
        running = run.process.poll() is None
        victim = psutil.Process(servers[1].process.pid)
        for process in [victim, *victim.children(recursive=True)]:
            process.kill()
        code, shown = run.end()
        lines = len(journal.read_text().splitlines())
        equal = code == 0 and subject.result() == expected
        for server in servers:
            server.kill("group")
            server.end()
        left = run.left() + sum(server.left() for server in servers)
        return {
            "ended": float(code == 0),
            "equal": float(equal),
            "processes": float(left),
            "files": float(left_files(subject)),
            "tracebacks": float("Traceback (most" in shown and code != 0),
            "disturbed": float(running),
            "twice": float(lines - 40),
        }


TRIALS = {"killed": killed, "full": full, "crowd": crowd, "dask": dask}


def cases(kills: int) -> list[dict]:
    """Every trial, the quick ones first."""
    found = [
        {"trial": "dask", "what": "sweep", "whom": "a worker and its nanny", "number": k}
        for k in range(3)
    ]
    for what in ("sweep", "reproduce"):
        found += [
            {"trial": "full", "what": what, "whom": "full disk", "room_kB": room} for room in SIZES
        ]
        found += [
            {"trial": "killed", "what": what, "whom": whom, "number": number}
            for number in range(kills)
            for whom in ("group", "main")
        ]
    return [*found, {"trial": "crowd", "what": "reproduce", "whom": "six at once"}]


def passed(values: dict[str, float]) -> bool:
    """Whether a disturbed run was as good as none."""
    wanted = {"ended": 1, "equal": 1, "stood": 1, "said": 1, "worked": 1, "refused": 5}
    unwanted = ("processes", "files", "tracebacks", "twice")
    right = all(values.get(name, value) == value for name, value in wanted.items())
    return bool(values) and right and not any(values.get(name) for name in unwanted)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="of each kind (default 20)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where finished trials stand",
    )
    options = parser.parse_args()
    trials = cases(options.kills)
    with ThreadPoolExecutor(1) as executor:
        journal = sweep.Journal(options.output / "stress.jsonl")
        outcomes = sweep.run(
            lambda case: TRIALS[case["trial"]](case),
            trials,
            journal,
            sweep.Workers(executor, 1),
            lambda done, whole, error: print(f"{done} of {whole} {error}", file=sys.stderr),
        )
    shutil.rmtree(prepared().parent)
    rows: dict[tuple, list] = {}
    for case, outcome in zip(trials, outcomes, strict=True):
        rows.setdefault((case["what"], case["whom"]), []).append(outcome.values)
    shown = ("disturbed", "equal", "processes", "files", "good")
    print(f"{'what':10} {'disturbed by':24} trials", *shown)
    for (what, whom), found in rows.items():
        sums = [sum(values.get(name, 0) for values in found) for name in shown[:-1]] + [
            sum(map(passed, found))
        ]
        columns = (f"{value:{len(name)}.0f}" for name, value in zip(shown, sums, strict=True))
        print(f"{what:10} {whom:24} {len(found):6}", *columns)
    return int(not all(passed(outcome.values) for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
