"""Attempts to bend a verdict, one a test: each is refused, or found out.

The book lists them, by the names that they have here, where it tells how a verdict comes about.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from printed import misread
from prose import hard_coded, known_numbers, typed

from rampore import cli, lim2026
from rampore.audit import claims, starting
from rampore.audit.chapter import CLAIM_MIME, Chapter, Otherwise
from rampore.audit.claims import Report, Rounding, Under
from rampore.audit.ledger import Condition, Ledger, LedgerError, read_ledger
from rampore.audit.reproduce.files import digest
from rampore.audit.study import find, read_notebook

ROOT = Path(__file__).resolve().parent.parent
STUDY = find(ROOT)

CONDITION = """
[claim.condition]
text = "The coating is lighter."
plausible = [1.55, 1.7]
unit = "g/cm3"
source = "two others"
"""

UNDER = """from rampore.audit.claims import Under
needed = chapter.stated("loading") / chapter.stated("thickness")
lighter = Under(needed / 1000, chapter.stated("loading") / needed)
chapter.report("thickness", thickness, rounding=rounding, under=lighter, """


# ── A study that has found something else than its paper, and would rather not have ───────────────


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """The template with a denser coating, run once. It is 30.9 µm thick, where the paper states
    33 µm; that would take 1.5 g/cm3, and the ledger allows 1.55 to 1.7. Every command believes it,
    or a refusal would mean nothing.
    """
    root = tmp_path_factory.mktemp("honest") / "study"
    starting.new(root)
    edit(root / "inputs.toml", "value = 1.5", "value = 1.6")
    place = 'uses = ["loading"]\nchapter = "thickness"\n'
    edit(root / "claims.toml", place, place + CONDITION)
    path = root / "book" / "thickness.ipynb"
    notebook = read_notebook(path)
    (cell,) = (cell for cell in notebook.cells if cell.id == "thickness")
    report = 'chapter.report("thickness", thickness, rounding=rounding, '
    assert report in cell.source
    cell.source = cell.source.replace(report, UNDER)
    nbformat.write(notebook, path)
    told = ["--study", str(root)]
    results = ["--output", str(root / "build")]
    assert cli.main(["reproduce", "--no-html", *told]) == 0
    assert cli.main(["reproduce", "--no-html", *told]) == 0
    assert cli.main(["claims", *told, *results]) == 0
    assert cli.main(["audit", "check", "--release", *told]) == 0
    entries = claims.entries(root / "build" / "claims.json")
    assert [entry["verdict"] for entry in entries] == ["input", "not reproduced", "reproduced"]
    return root


@pytest.fixture
def ledger(honest):
    return read_ledger(honest / "claims.toml")


class Forger:
    """Somebody who changes files of the study, and what its commands then answer."""

    def __init__(self, root: Path, say: Callable[[], str]) -> None:
        self.root, self.say = root, say
        self.results = root / "build" / "claims.json"

    def ask(self, *call: str) -> tuple[int, str]:
        """What a command ends with, and says."""
        self.say()
        code = cli.main(list(call))
        return code, self.say()

    def change_notebook(self, change: Callable[[dict[str, NotebookNode]], None]) -> None:
        """Change the executed chapter, and the hash that would tell of it."""
        path = self.root / "build" / "chapters" / "thickness.ipynb"
        notebook = read_notebook(path)
        change({cell.id: cell for cell in notebook.cells})
        nbformat.write(notebook, path)
        self._note("results/thickness/provenance.json", "notebook", path)

    def change_results(self, entries: list[dict]) -> None:
        """Write other results, and the hash that would tell of it."""
        self.results.write_text(json.dumps(entries), encoding="utf-8")
        self._note("provenance.json", "claims.json", self.results)

    def _note(self, provenance: str, name: str, path: Path) -> None:
        noted = self.root / "build" / provenance
        content = json.loads(noted.read_text(encoding="utf-8"))
        content["files"][name] = digest(path.read_bytes())
        noted.write_text(json.dumps(content), encoding="utf-8")

    @property
    def entries(self) -> dict[str, dict]:
        return {entry["id"]: entry for entry in json.loads(self.results.read_text("utf-8"))}


@pytest.fixture
def forger(honest, tmp_path, capsys, monkeypatch):
    def say():
        shown = capsys.readouterr()
        return (shown.out + shown.err).replace("\N{NO-BREAK SPACE}", " ")

    shutil.copytree(honest, tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    return Forger(tmp_path / "study", say)


# ── What a chapter has shown ──────────────────────────────────────────────────────────────────────


def reported(cell: NotebookNode) -> dict:
    """The entry among a cell's outputs."""
    data = (output.get("data", {}) for output in cell.outputs)
    return next(each[CLAIM_MIME] for each in data if CLAIM_MIME in each)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("verdict", "reproduced", "verdict is 'reproduced', and 'not reproduced' by the ledger"),
        ("stated", 30.9, "stated is 30.9, and 33.0 by the ledger"),
        ("tolerance", 5.0, "tolerance is 5.0, and 0.5 by the ledger"),
        ("kind", "order", "kind is 'order', and 'value' by the ledger"),
        ("rounding_from", {"capacity-enough": 3e-6}, "it states no number"),
        ("rounding_from", {"loading": 3e-6}, "takes 3e-06 for half of the last digit of"),
        ("computed", 33.0, "verdict is 'not reproduced', and 'reproduced' by the ledger"),
        ("computed", 31.0, "its text/html shows something else than was reported"),
        ("explanation", "", "nothing was reported"),
        ("uncertainty", None, "the entry is damaged"),
    ],
)
def test_an_edited_output_is_refused(forger, field, value, message):
    """Whatever was edited in it, the ledger and the report in it decide."""
    forger.change_notebook(lambda cells: reported(cells["thickness"]).update({field: value}))
    code, shown = forger.ask("reproduce", "--no-html")
    assert code == 1
    assert "thickness (cell 6) reports the claim 'thickness', but" in shown
    assert message in shown


def test_an_output_edited_throughout_is_refused_by_the_chapters_own_numbers(forger, ledger):
    """Value, verdict and card were forged to fit each other; the last cell knows better."""
    forged = Chapter("thickness", ledger=ledger).report("thickness", 33e-6, explanation="So it is.")
    bundle = json.loads(json.dumps(forged._repr_mimebundle_()))

    def forge(cells):
        cells["thickness"].outputs = [nbformat.v4.new_output("display_data", data=bundle)]

    forger.change_notebook(forge)
    code, shown = forger.ask("reproduce", "--no-html")
    assert code == 1
    assert "the verdict is not the one among the chapter's numbers" in shown


def test_the_output_of_another_cell_is_found_out(forger):
    """Each cell's output is compared with a fresh one: nbval, as `make test` calls it."""
    notebook = read_notebook(forger.root / "build" / "chapters" / "thickness.ipynb")
    cells = {cell.id: cell for cell in notebook.cells}
    first, second = cells["thickness"], cells["capacity"]
    first.outputs, second.outputs = second.outputs, first.outputs
    nbformat.write(notebook, forger.root / "book" / "thickness.ipynb")
    nbval = [
        "--nbval",
        "--nbval-current-env",
        "--nbval-sanitize-with",
        ROOT / "tests" / "nbval.cfg",
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *nbval, "book"]
    done = subprocess.run(command, cwd=forger.root, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"2 failed, \d+ passed", done.stdout), done.stdout


def test_an_edited_result_is_refused(forger, ledger):
    """One field; or the whole entry, which the run's own hash tells of."""
    honest = forger.entries
    for field, value in {"verdict": "reproduced", "tolerance": 5.0, "statement": "So."}.items():
        edited = honest | {"thickness": honest["thickness"] | {field: value}}
        forger.change_results(list(edited.values()))
        for call in (
            ("claims",),
            ("audit", "check", "--release"),
            ("audit", "export", "csv", "-o", "out.csv"),
        ):
            code, shown = forger.ask(*call)
            assert code == 1
            assert f"claim 'thickness': {field} is {value!r}" in shown
    forger.change_results(list(honest.values()))
    assert "computed 30.9 µm" in forger.ask("claims")[1]
    report = Report("thickness", 33e-6, explanation="So it is.")
    edited["thickness"] = honest["thickness"] | claims.record(ledger["thickness"], report)
    forger.results.write_text(json.dumps(list(edited.values())), encoding="utf-8")
    assert "was edited after the run that wrote it" in forger.ask("claims")[1]


# ── What a chapter reports ────────────────────────────────────────────────────────────────────────


def refusal(ledger: Ledger, report: Report) -> str:
    with pytest.raises(LedgerError) as caught:
        claims.check(ledger, replace(report, explanation="Because."))
    return str(caught.value)


def test_a_private_ledger_is_refused(forger):
    """Half of ten micrometres of tolerance would make the 30.9 µm reproduced."""
    text = (forger.root / "claims.toml").read_text(encoding="utf-8")
    mine = text.replace('printed = "33 um"', 'printed = "30 um"')
    (forger.root / "mine.toml").write_text(mine, encoding="utf-8")
    private = "from rampore.audit.ledger import read_ledger\\n"
    own = 'Chapter(\\"thickness\\", output=output, ledger=read_ledger(\\"../mine.toml\\"))'
    notebook = forger.root / "book" / "thickness.ipynb"
    edit(notebook, 'Chapter(\\"thickness\\", output=output)', own)
    edit(notebook, "from rampore.units", f'{private}",\n    "from rampore.units')
    code, shown = forger.ask("reproduce", "--no-html")
    assert code == 1
    assert re.search("verdict is 'reproduced', and 'not reproduced'|stated is 30", shown)


@pytest.mark.parametrize(
    ("rounding", "message"),
    [
        (3e-6, "from a number that no statement prints"),
        (Rounding(3e-6, {"": 3e-6}), "from a number that no statement prints"),
        (Rounding(3e-6, {"density": 3e-6}), "no claim 'density'"),
        (Rounding(3e-6, {"loading": 3e-6}), "takes 3e-06 for half of the last digit of 'loading'"),
    ],
)
def test_a_rounding_that_no_statement_prints_is_refused(ledger, rounding, message):
    assert message in refusal(ledger, Report("thickness", 30.9e-6, rounding=rounding))


@pytest.mark.parametrize("needed", [1.55, 1.7, (1.55 + 1.7) / 2])
def test_a_range_that_is_built_from_the_needed_value_is_refused(ledger, needed):
    """It would hold that value whatever it is."""
    report = Report("thickness", 30.9e-6, under=Under(needed, 33e-6))
    assert "built from the value that is needed" in refusal(ledger, report)


@pytest.mark.parametrize(("needed", "unit"), [(33.0, "um"), (33000.0, "nm")])
def test_an_assumption_that_repeats_the_statement_is_refused(ledger, needed, unit):
    same = Condition("It is as thick", (0.9 * needed, 1.2 * needed), unit, "two others")
    assuming = Ledger(
        [replace(claim, condition=same) for claim in ledger.values()], ledger.sections
    )
    report = Report("thickness", 30.9e-6, under=Under(needed, 33e-6))
    assert "is to assume the statement itself" in refusal(assuming, report)


def test_an_assumption_that_the_ledger_does_not_name_is_refused(ledger):
    bare = Ledger([replace(claim, condition=None) for claim in ledger.values()], ledger.sections)
    report = Report("thickness", 30.9e-6, under=Under(1.5, 33e-6))
    assert "the ledger names no `condition` for it" in refusal(bare, report)


def test_a_report_that_leaves_the_statements_route_is_refused(ledger):
    """By another statement, the statement itself, or none at all."""
    other = Report("thickness", 33e-6, given=("capacity-enough",))
    assert "its own route does not take capacity-enough" in refusal(ledger, other)
    itself = Report("thickness", 33e-6, given=("thickness",))
    assert "a statement is no evidence for itself" in refusal(ledger, itself)
    assert "only a design value can be taken" in refusal(ledger, Report("thickness", taken=True))


def test_a_contradiction_without_its_cause_is_refused(ledger):
    report = Report("thickness", 30.9e-6, given=("loading",))
    assert "the ledger names no `cause` for it" in refusal(ledger, report)


@pytest.mark.parametrize(
    "report",
    [
        Report("capacity-enough", True),
        Report("capacity-enough", True, otherwise=Otherwise("with twice of it", True)),
        Report("capacity-enough", True, under=Under(1.5, True)),
    ],
)
def test_an_order_that_is_not_seen_to_fail_anywhere_is_refused(ledger, report):
    condition = ledger["thickness"].condition
    order = replace(ledger["capacity-enough"], condition=condition)
    alone = Ledger([order, *list(ledger.values())[:2]], ledger.sections)
    assert "it is not seen to be able to fail" in refusal(alone, report)


# ── What the ledger fixes beforehand ──────────────────────────────────────────────────────────────


def test_a_number_that_is_hidden_in_a_trend_is_refused(forger):
    ledger = forger.root / "claims.toml"
    edit(ledger, '"value"\nstatement = "It is 33', '"trend"\nstatement = "It is 33')
    edit(ledger, 'unit = "um"\nprinted = "33 um"\nroute', 'fails_if = "it is thinner"\nroute')
    code, shown = forger.ask("claims")
    assert code == 1
    assert "prints the number 33: score it as a number" in shown


@pytest.mark.parametrize("reason", ["true", '" "'])
def test_final_zeros_that_count_without_a_reason_are_refused(forger, reason):
    """They would make 30 µm a hundred times as hard to meet as the paper's digits say."""
    edit(forger.root / "claims.toml", '"33 um"', f'"30 um"\nzeros_count = {reason}')
    code, shown = forger.ask("claims")
    assert code == 1
    assert "claim 'thickness': `zeros_count` must be" in shown


def test_a_condition_that_is_loosened_after_the_computation_is_refused(forger):
    """The chapter had reported under the other one."""
    edit(forger.root / "claims.toml", "[1.55, 1.7]", "[1.45, 1.7]")
    code, shown = forger.ask("claims")
    assert code == 1
    assert (
        "claim 'thickness': verdict is 'not reproduced', and 'conditional' by the ledger" in shown
    )


def test_a_wider_tolerance_is_found_out_though_the_expectation_was_edited_too(forger):
    """What was reported does not fit it; and here the paper's numbers are typed twice."""
    edit(forger.root / "claims.toml", '"33 um"', '"30 um to 36 um"')
    edit(forger.root / "expected_verdicts.toml", "reproduced", "not reproduced")
    assert "claim 'thickness': verdict is" in forger.ask("claims")[1]
    paper = read_ledger(lim2026.LEDGER)
    ratio = paper["tensile-ratio"]
    wider = Ledger(
        [replace(claim, printed="35 %") if claim is ratio else claim for claim in paper.values()],
        paper.sections,
        paper.causes,
    )
    assert list(misread(paper)) == []
    assert [line.split(" is ")[0] for line in misread(wider)] == [
        f"tensile-ratio: {field}" for field in ("stated", "half_digit", "tolerance")
    ]


def test_a_pending_row_is_kept_out_of_a_release(forger):
    """Shown, left out, or called something else."""
    with (forger.root / "claims.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[claim]]\nid = "smooth"\nsection = 1\nwhere = "3"\nbasis = "geometry"\n'
            'kind = "order"\nstatement = "It is smooth."\nfails_if = "it is not"\n'
            'chapter = "later"\nneeds = "a height map"\n'
        )
    told, release = list(forger.entries.values()), ("audit", "check", "--release")
    assert "its statements are not those of the ledger" in forger.ask(*release)[1]
    pending = claims.record(read_ledger(forger.root / "claims.toml")["smooth"], None)
    pending |= {"link": "", "cell": None}
    forger.change_results([*told, pending])
    assert "pending, so that this is no release: smooth" in forger.ask(*release)[1]
    forger.change_results([*told, pending | {"verdict": "not testable"}])
    assert "verdict is 'not testable', and 'pending' by the ledger" in forger.ask(*release)[1]


# ── What a chapter's author writes ────────────────────────────────────────────────────────────────


def test_a_number_that_is_typed_into_the_prose_is_found_out():
    notebook = read_notebook(STUDY.chapters["collector"])
    known = known_numbers(STUDY.ledger, "collector")
    before = {place for place, _ in typed("collector", notebook, known)}
    (cell,) = (cell for cell in notebook.cells if "{glue:text}`web`" in cell.source)
    cell.source = cell.source.replace("{glue:text}`web`", "33.3 MPa")
    after = {place for place, _ in typed("collector", notebook, known)}
    assert after - before == {("collector", 33.3, "MPa")}


@pytest.mark.parametrize(
    "source",
    [
        'chapter.report("web-stress", 22e6, explanation="It is.")',
        'stress = -1 * -22e6\nchapter.report("web-stress", stress, explanation="It is.")',
        'chapter.report("web-stress", to_si(22, "MPa"), explanation="It is.")',
        'wanted, besides = 22e6, 0\nchapter.report("web-stress", computed=wanted + besides)',
        'chapter.report("web-stress", True, explanation="It is.")',
    ],
)
def test_a_value_that_is_typed_into_a_report_is_found_out(source):
    notebook = read_notebook(STUDY.chapters["collector"])
    assert list(hard_coded(notebook)) == []
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    assert list(hard_coded(notebook)) == ["web-stress"]


def test_a_run_with_other_parameters_never_becomes_the_committed_one(forger):
    before = (forger.root / "book" / "thickness.ipynb").read_bytes()
    code, shown = forger.ask("reproduce", "--update", "-p", "density", "1.5")
    assert code == 2
    assert "--update refreshes the committed notebooks: it goes without -p" in shown
    assert (forger.root / "book" / "thickness.ipynb").read_bytes() == before


# ── The list in the book ──────────────────────────────────────────────────────────────────────────


def test_the_book_lists_these_attempts():
    here = Path(__file__).read_text(encoding="utf-8")
    attempts = re.findall(r"^def test_(\w+)\(", here, re.MULTILINE)[:-1]
    page = (ROOT / "book" / "scorecard.md").read_text(encoding="utf-8")
    section = page.split("## What was tried to bend one")[1].split("\n## ")[0]
    listed = re.findall(r"^- (.+)\.$", section, re.MULTILINE)
    assert [re.sub(r"\W+", "_", item.lower().replace("'", "")) for item in listed] == attempts
    assert len(attempts) >= 12
