"""The files of a study against their schemas and their readers; a release; flips; the badge."""

import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from rampore import RamporeError, cli
from rampore.audit import checking, claims, starting
from rampore.audit.flips import as_markdown, flips
from rampore.audit.history import HistoryError, read_history
from rampore.audit.inputs import ParameterError, read_values
from rampore.audit.ledger import LedgerError, read_ledger
from rampore.audit.pages.badge import badge
from rampore.audit.panels import PanelError, read_panels
from rampore.audit.reproduce.files import digest
from rampore.audit.study import UsageError, settings
from rampore.lim2026 import LEDGER

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def study(tmp_path):
    """The template, a list of figures and a history beside it."""
    starting.new(tmp_path / "mine")
    (tmp_path / "mine" / "figures.toml").write_text(FIGURES, encoding="utf-8")
    (tmp_path / "mine" / "history.toml").write_text(HISTORY, encoding="utf-8")
    return tmp_path / "mine"


FIGURES = """
[[group]]
title = "Fig. 1"

[[group.panel]]
name = "Fig. 1a"
where = "caption"
shows = "A coating."
counterpart = ["fig-coating"]
statements = ["thickness"]

[[group.panel]]
name = "Fig. 1b"
where = "caption"
shows = "The same, after a year."
why = "A photograph."
"""

HISTORY = """
[[change]]
date = 2026-01-02
is = "inconsistent"
statements = ["thickness"]

[[change]]
date = 2026-02-03
was = "inconsistent"
is = "reproduced"
why = "By its own route."
statements = ["thickness"]
"""


#: Reader and name in the study of each kind of file.
FILES = {
    "study": ("study.toml", lambda path: settings(path.parent)),
    "claims": ("claims.toml", read_ledger),
    "inputs": ("inputs.toml", read_values),
    "figures": ("figures.toml", read_panels),
    "history": ("history.toml", read_history),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_schema_is_one_and_is_published(kind):
    published = checking.schemas()
    schema = json.loads(published[f"schemas/{kind}.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert len(published) == len(FILES)


def test_the_files_of_the_template_and_of_this_study_are_good(study):
    for kind, (name, read) in FILES.items():
        checking.check_schema(study / name, kind)
        read(study / name)
    checking.check_schema(LEDGER, "claims")
    checking.check_schema(ROOT / "study.toml", "study")
    checking.check_schema(settings(ROOT).figures, "figures")
    checking.check_schema(settings(ROOT).history, "history")


BAD = [
    ("study", 'ledger = "claims.toml"', "ledger = 3"),
    ("study", 'ledger = "claims.toml"', 'ledgre = "claims.toml"'),
    ("study", 'inputs = "inputs.toml"', "inputs = []"),
    ("study", 'inputs = "inputs.toml"', 'package = "not a name"'),
    ("study", 'inputs = "inputs.toml"', "figures = []"),
    ("study", 'title = "The paper under study"', "title = 3"),
    ("study", 'title = "The paper under study"', 'titel = "The paper under study"'),
    ("study", 'authors = ["Somebody", "Somebody Else"]', 'authors = "Somebody"'),
    ("claims", 'id = "loading"', 'id = "Loading 1"'),
    ("claims", 'id = "loading"', "id = 1"),
    ("claims", 'kind = "order"', 'kind = "ordre"'),
    ("claims", 'basis = "design"', 'basis = "hearsay"'),
    ("claims", 'printed = "33 um"\n', 'printed = "about 33 um"\n'),
    ("claims", 'printed = "33 um"\n', "printed = 33\n"),
    ("claims", 'printed = "33 um"\n', ""),
    ("claims", 'printed = "33 um"\n', 'printed = "33 um"\ntolerance = 5\n'),
    ("claims", 'printed = "33 um"\n', 'printed = "33 um"\nchange = "else"\n'),
    ("claims", 'printed = "33 um"\n', 'printed = "33 um"\nfails_if = "never"\n'),
    ("claims", 'uses = ["loading"]', 'uses = "loading"'),
    ("claims", 'uses = ["loading"]', 'uses = ["loading"]\ncross_check = "yes"'),
    ("claims", 'uses = ["loading"]', 'uses = ["loading"]\ncondition = "thick"'),
    ("claims", 'uses = ["loading"]', 'uses = ["loading"]\n[claim.condition]\ntext = "It is so."'),
    ("claims", 'kind = "order"', 'kind = "order"\nprinted = "1.5"'),
    ("claims", 'kind = "order"', 'kind = "order"\nunit = "um"'),
    ("claims", 'where = "2.1"\n', ""),
    ("claims", 'chapter = "thickness"', 'chapter = ""'),
    ("claims", 'chapter = "thickness"', 'chaptre = "thickness"'),
    ("claims", 'chapter = "thickness"', 'chapter = "thickness"\nrange_from_needed = true'),
    ("claims", 'statement = "It is 33 µm thick."', 'statement = ""'),
    ("claims", "number = 1", 'number = "1"'),
    ("claims", 'title = "The coating"', ""),
    ("claims", 'title = "The coating"', 'title = "The coating"\ncolour = "blue"'),
    ("inputs", "value = 1.5\n", ""),
    ("inputs", "value = 1.5\n", 'value = "1.5"\n'),
    ("inputs", "value = 1.5\n", "value = []\n"),
    ("inputs", 'unit = "g/cm3"\n', ""),
    ("inputs", 'unit = "g/cm3"\n', "unit = 1\n"),
    ("inputs", 'source = ["paper"]\n', ""),
    ("inputs", 'source = ["paper"]\n', "source = []\n"),
    ("inputs", 'confidence = "given"', 'confidence = "sure"'),
    ("inputs", 'confidence = "given"', 'confidence = "given"\ncolour = "blue"'),
    ("inputs", "range = [340, 372]", "range = [340]"),
    ("inputs", "range = [340, 372]", 'range = [340, "372"]'),
    ("inputs", "range = [340, 372]", "not_chosen = [{ value = 1, source = [] }]"),
    ("inputs", "[coating.density]", '[coating."a density"]'),
    ("inputs", "[coating.density]", "[records.density]"),
    ("inputs", "[graphite.specific_capacity]", "[graphite]\nname = 3\n[graphite.capacity]"),
    ("inputs", 'citation = "The paper under study; authors, journal, year"', 'doi = "10.1/2"'),
    ("figures", 'title = "Fig. 1"', ""),
    ("figures", 'title = "Fig. 1"', 'titel = "Fig. 1"'),
    ("figures", 'name = "Fig. 1a"', 'name = "1a"'),
    ("figures", 'name = "Fig. 1a"', "name = 1"),
    ("figures", 'name = "Fig. 1a"', ""),
    ("figures", 'where = "caption"', ""),
    ("figures", 'shows = "A coating."', 'shows = ""'),
    ("figures", 'shows = "A coating."', 'shows = "A coating."\ncolour = "blue"'),
    ("figures", '["fig-coating"]', '"fig-coating"'),
    ("figures", '["fig-coating"]', '["a/b"]'),
    ("figures", '["thickness"]', "[1]"),
    ("figures", 'why = "A photograph."', ""),
    ("figures", 'why = "A photograph."', "why = 1"),
    ("study", 'key = "thickness"', "key = 1"),
    ("study", 'key = "thickness"', 'covers = "fig-a"'),
    ("study", 'key = "thickness"', "covers = { thickness = 1 }"),
    ("study", 'key = "thickness"', "history = []"),
    ("history", 'is = "reproduced"', 'is = "true"'),
    ("history", 'why = "By its own route."', ""),
    ("history", "date = 2026-01-02", ""),
    ("history", 'statements = ["thickness"]', 'statements = "thickness"'),
    ("history", 'why = "By its own route."', 'why = "By its own route."\nby = "me"'),
]


@pytest.mark.parametrize(("kind", "old", "new"), BAD)
def test_what_a_schema_refuses_its_reader_refuses(study, kind, old, new):
    name, read = FILES[kind]
    text = (study / name).read_text(encoding="utf-8")
    assert old in text
    (study / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    tomllib.loads((study / name).read_text(encoding="utf-8"))
    with pytest.raises(checking.CheckError, match=name):
        checking.check_schema(study / name, kind)
    with pytest.raises((UsageError, LedgerError, ParameterError, PanelError, HistoryError)):
        read(study / name)


GOOD = [
    ("study", 'inputs = "inputs.toml"', ""),
    ("study", 'inputs = "inputs.toml"', 'package = "my.study"'),
    ("study", 'inputs = "inputs.toml"', 'figures = "figures.toml"'),
    ("figures", 'why = "A photograph."', 'chapter = "later"'),
    ("figures", 'name = "Fig. 1b"', 'name = "Table S1"'),
    ("claims", 'chapter = "thickness"', 'needs = "the raw data"'),
    ("claims", 'printed = "33 um"\n', 'printed = "32 um to 34 um"\n'),
    ("claims", 'printed = "33 um"\n', 'printed = "30 um"\nzeros_count = "3 um beside it"\n'),
    ("claims", 'uses = ["loading"]', 'uses = ["loading"]\ncross_check = true'),
    ("inputs", "value = 1.5\n", "value = [1.4, 1.5]\n"),
    ("inputs", 'source = ["paper"]', 'source = "paper"'),
    ("inputs", 'source = ["paper"]\nplace = "2.1"\nconfidence = "given"',
     'source = []\nconfidence = "own"'),
    ("inputs", "range = [340, 372]",
     'not_chosen = [{ value = 339, source = ["theory"], why = "Older." }]'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "old", "new"), GOOD)
def test_what_a_reader_takes_its_schema_takes(study, kind, old, new):
    name, read = FILES[kind]
    text = (study / name).read_text(encoding="utf-8")
    assert old in text
    (study / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    checking.check_schema(study / name, kind)
    read(study / name)


# ── Values whose file alone says what they are ────────────────────────────────────────────────────


def test_values_come_in_si_with_their_records(study):
    values = read_values(study / "inputs.toml")
    assert values.coating.density == 1500.0
    assert values.graphite.specific_capacity == pytest.approx(372 * 3600, rel=1e-12)
    record = values.records["coating.density"]
    assert (record.value, record.unit, record.si_unit) == (1.5, "g/cm3", "kg/m**3")
    assert (record.source, str(record.confidence), record.place) == (("paper",), "given", "2.1")
    assert values.records["graphite.specific_capacity"].range == pytest.approx(
        (340 * 3600, 372 * 3600), rel=1e-12
    )
    assert values.sources["theory"].citation.startswith("Faraday")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('unit = "g/cm3"', 'unit = "furlong/apple"', "coating.density: the unit"),
        ('source = ["paper"]', 'source = ["papre"]', "unknown source 'papre'; did you mean paper"),
        ("range = [340, 372]", "range = [380, 400]", "does not hold the value"),
        ("[coating.density]", "[coating.class]", "coating.class: cannot be an attribute"),
    ],
)
def test_what_a_file_of_values_cannot_mean_is_refused_with_its_key(study, old, new, message):
    path = study / "inputs.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ParameterError, match=message):
        read_values(path)


# ── The command ───────────────────────────────────────────────────────────────────────────────────


def test_check_tells_what_it_found_in_order(study, capsys):
    assert cli.main(["audit", "check", "--study", str(study)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "study.toml: a study of 1 chapters",
        "claims.toml: 3 statements, 0 of them without their chapter yet",
        "inputs.toml: 2 values, each with its source",
    ]


def test_a_list_of_figures_is_checked_where_the_study_names_one(study, capsys):
    call = ["audit", "check", "--study", str(study)]
    text = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text(f'figures = "figures.toml"\n{text}', encoding="utf-8")
    assert cli.main(call) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "figures.toml: 2 figures, panels and tables"
    (study / "figures.toml").write_text(FIGURES.replace("1b", "1a"), encoding="utf-8")
    assert cli.main(call) == 1
    assert "figures.toml: these stand in it more than once: Fig. 1a" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["claims.toml", "inputs.toml", "study.toml"])
def test_check_names_the_file_that_is_not_in_order(study, name, capsys):
    with (study / name).open("a", encoding="utf-8") as file:
        file.write("\n[[claim]]\nid = 3\n")
    assert cli.main(["audit", "check", "--study", str(study)]) in (1, 2)
    assert name in capsys.readouterr().err


def entries_of(study, **computed):
    ledger = read_ledger(study / "claims.toml")
    reports = {
        "loading": claims.Report("loading", taken=True, explanation="Taken."),
        "thickness": claims.Report("thickness", 33e-6, explanation="So."),
        "capacity-enough": claims.Report(
            "capacity-enough",
            True,
            otherwise=claims.Otherwise("with half of it", False),
            explanation="So.",
        ),
    }
    for name, value in computed.items():
        claim = name.replace("_", "-")
        reports[claim] = value and claims.Report(claim, value, explanation="So.")
    return [
        claims.record(claim, reports[name]) | {"link": "", "cell": None}
        for name, claim in ledger.items()
    ]


def written(folder, entries):
    folder.mkdir(exist_ok=True)
    text = json.dumps(entries)
    (folder / "claims.json").write_text(text, encoding="utf-8")
    provenance = {"files": {"claims.json": digest(text)}}
    (folder / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    return folder / "claims.json"


def test_a_release_needs_a_run(study, capsys):
    call = ["audit", "check", "--study", str(study), "--release"]
    assert cli.main(call) == 1
    assert "a release needs `rampore reproduce` first" in capsys.readouterr().err
    written(study / "build", entries_of(study))
    assert cli.main(call) == 0


def test_a_ledger_may_grow_before_its_chapters(study):
    text = (study / "claims.toml").read_text(encoding="utf-8")
    (study / "claims.toml").write_text(
        text.replace('chapter = "thickness"', 'chapter = "later"', 1), encoding="utf-8"
    )
    assert "claims.toml: 3 statements, 1 of them without their chapter yet" in checking.check(study)
    claim = read_ledger(study / "claims.toml")["loading"]
    assert claims.verdict(claim, None) is claims.Verdict.PENDING


# ── Flips ─────────────────────────────────────────────────────────────────────────────────────────


def test_flips_are_told_as_markdown_with_both_numbers(study, tmp_path, capsys):
    old = written(tmp_path / "old", entries_of(study))
    new = written(tmp_path / "new", entries_of(study, thickness=36e-6))
    assert cli.main(["audit", "diff", str(old), str(old)]) == 0
    assert capsys.readouterr().out == "No verdict flipped.\n"
    assert cli.main(["audit", "diff", str(old), str(new)]) == 1
    assert capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ").splitlines() == [
        "**One verdict flipped.**",
        "",
        "| Statement | Was | Is | Computed |",
        "|:--|:--|:--|:--|",
        "| `thickness` | ✓ reproduced | ✗ not reproduced | 33.0 µm → 36.0 µm |",
    ]


def test_a_statement_that_came_or_went_is_a_flip(study):
    entries = entries_of(study)
    found = flips(entries[1:], entries[:2])
    assert [(flip.claim, flip.before, flip.after) for flip in found] == [
        ("loading", "", "input"),
        ("capacity-enough", "reproduced", ""),
    ]
    assert "| new | ↓ input |" in as_markdown(found)
    assert "| ✓ reproduced | gone |" in as_markdown(found)


def test_a_file_that_is_none_is_a_wrong_call_and_not_a_flip(study, tmp_path, capsys):
    old = written(tmp_path / "old", entries_of(study))
    with pytest.raises(SystemExit, match="2"):
        cli.main(["audit", "diff", str(old), str(tmp_path / "no.json")])
    assert "no.json" in capsys.readouterr().err


# ── The badge ─────────────────────────────────────────────────────────────────────────────────────


def test_a_badge_shows_the_counts_and_says_them(study, tmp_path):
    path = written(tmp_path / "results", entries_of(study, thickness=36e-6))
    assert cli.main(["audit", "badge", str(path), "-o", str(tmp_path / "badge.svg")]) == 0
    root = ElementTree.fromstring((tmp_path / "badge.svg").read_text(encoding="utf-8"))
    assert root.get("aria-label") == "audit: 1 reproduced, 1 not reproduced, 1 input"
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["audit", "✓ 1", "✗ 1", "↓ 1"]
    boxes = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    assert sum(float(box.get("width")) for box in boxes) == float(root.get("width"))


def test_a_badge_of_nothing_is_one_too():
    assert "no statements" in badge([])
    assert issubclass(checking.CheckError, RamporeError)
