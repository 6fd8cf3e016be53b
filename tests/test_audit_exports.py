"""A finished run as a table, a CODECHECK file and a crate; its inputs as BattINFO has them."""

import csv
import io
import json
import re
import shutil
import zipfile

import pytest
import yaml

from rampore import cli
from rampore.audit import claims, exports, starting
from rampore.audit.claims import Otherwise, Report, Uncertainty, Under
from rampore.audit.inputs import read_values
from rampore.audit.ledger import read_ledger
from rampore.audit.reproduce.files import digest
from rampore.audit.study import find
from rampore.audit.tabular import claims_csv

STARTED = "2026-11-30T12:00:00+00:00"


@pytest.fixture
def study(tmp_path):
    """A study as its run leaves it."""
    root = tmp_path / "mine"
    starting.new(root)
    build = root / "build"
    for folder in ("chapters", "figures/thickness", "results/thickness"):
        (build / folder).mkdir(parents=True)
    shutil.copy(root / "book" / "thickness.ipynb", build / "chapters")
    (build / "figures/thickness/line.png").write_bytes(b"png")
    (build / "results/thickness/numbers.json").write_text("{}\n")
    made = {
        "chapter": "thickness",
        "commit": None,
        "started": STARTED,
        "wall_time_s": 90.5,
        "parameters": {},
        "seed": None,
        "notebook_sha256": "0",
        "source_sha256": "0",
        "inputs": {},
        "files": {},
    }
    (build / "results/thickness/provenance.json").write_text(json.dumps(made))
    denser = '\n[claim.condition]\ntext = "It is denser"\nplausible = [1.4, 1.7]\nunit = "g/cm3"\n'
    path, after = root / "claims.toml", 'uses = ["loading"]\nchapter = "thickness"\n'
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(after, f'{after}{denser}source = "others"\n'), encoding="utf-8")
    ledger = read_ledger(path)
    under = Under(1.6, 33.1e-6)
    rounding = claims.Rounding(0.1e-6, {"loading": 5e-5})
    reports = [
        Report("loading", taken=True, explanation="Taken."),
        Report(
            "thickness",
            36e-6,
            rounding=rounding,
            uncertainty=Uncertainty(1e-7),
            under=under,
            explanation="So.",
        ),
        Report(
            "capacity-enough",
            True,
            otherwise=Otherwise("with half of it", False),
            measure="1.84, at least",
            explanation="So.",
        ),
    ]
    place = {"link": "thickness.html#a", "cell": {"index": 1, "id": "a"}}
    entries = [claims.record(ledger[report.claim_id], report) | place for report in reports]
    text = json.dumps(entries)
    (build / "claims.json").write_text(text)
    run = {"started": STARTED, "files": {"claims.json": digest(text)}}
    (build / "provenance.json").write_text(json.dumps(run))
    return find(root)


@pytest.fixture
def run(study):
    return exports.load(study, study.root / "build")


def test_the_table_has_a_row_for_each_statement_with_its_numbers(run):
    rows = list(csv.DictReader(io.StringIO(claims_csv(run.entries))))
    assert [row["id"] for row in rows] == ["loading", "thickness", "capacity-enough"]
    row = rows[1]
    assert (row["verdict"], row["stated"], row["unit"]) == ("conditional", "33.0", "um")
    assert float(row["computed"]) == pytest.approx(36, rel=1e-12)
    assert float(row["numerics"]) == pytest.approx(0.1, rel=1e-12)
    assert (row["needed"], row["needed_unit"], row["plausible_high"]) == ("1.6", "g/cm3", "1.7")
    assert (rows[2]["stated"], rows[2]["computed"], rows[2]["measure"]) == (
        "",
        "True",
        "1.84, at least",
    )


def test_codecheck_names_the_paper_and_every_file_and_leaves_the_person_to_sign(run):
    content = yaml.safe_load(exports.codecheck(run))
    assert content["version"] == "https://codecheck.org.uk/spec/config/1.0/"
    assert content["paper"]["reference"] == "https://doi.org/10.5555/12345678"
    assert content["paper"]["authors"] == [{"name": "Somebody"}, {"name": "Somebody Else"}]
    files = [entry["file"] for entry in content["manifest"]]
    assert files[:3] == ["claims.json", "chapters/thickness.ipynb", "figures/thickness/line.png"]
    assert all((run.output / name).is_file() for name in files)
    assert content["summary"] == (
        "Of 3 statements of the paper: 1 reproduced, 1 conditional, 1 input."
    )
    assert content["check_time"] == "2026-11-30 12:00:00"
    assert not {"codechecker", "certificate", "report"} & set(content)


def graph(folder):
    metadata = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in metadata["@graph"]}


def references(entity):
    for value in entity.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield part["@id"]


def test_a_crate_holds_the_files_the_runs_and_each_statement_with_its_check(run, tmp_path):
    """The requirements of Process Run Crate 0.5, and no reference that leads nowhere."""
    exports.ro_crate(run, tmp_path / "crate")
    entities = graph(tmp_path / "crate")
    root = entities["./"]
    assert root["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert {"name", "description", "datePublished", "license"} <= set(root)
    action = entities["#run-thickness"]
    assert entities[action["instrument"]["@id"]]["@type"] == "SoftwareApplication"
    made = {part["@id"] for part in action["result"]}
    assert "figures/thickness/line.png" in made
    assert "study/inputs.toml" in {part["@id"] for part in action["object"]}
    assert action["endTime"] == "2026-11-30T12:01:30+00:00"
    files = [name for name, entity in entities.items() if entity["@type"] == "File"]
    assert len(files) == 8
    assert all((tmp_path / "crate" / name).is_file() for name in files)
    check = entities["#check-thickness"]
    assert entities[check["itemReviewed"]["@id"]]["text"] == "It is 33 µm thick."
    assert entities[check["reviewRating"]["@id"]]["ratingValue"] == "conditional"
    outside = "https://w3id.org/ro/crate/1.1"
    assert {name for entity in entities.values() for name in references(entity)} <= {
        *entities,
        outside,
    }


def test_a_crate_may_be_one_file_and_never_replaces_anything(run, tmp_path):
    exports.ro_crate(run, tmp_path / "crate.zip")
    with zipfile.ZipFile(tmp_path / "crate.zip") as archive:
        assert "ro-crate-metadata.json" in archive.namelist()
    with pytest.raises(exports.ExportError, match="is there"):
        exports.ro_crate(run, tmp_path / "crate.zip")


def test_inputs_become_a_parameter_set_with_where_they_come_from(study):
    """The keys and patterns that the schema of BattINFO asks for."""
    values = read_values(study.settings.inputs)
    content = json.loads(exports.parameter_set(values, study.settings.paper))
    assert set(content) == {"schema_version", "parameter_set", "provenance", "notes"}
    made = content["parameter_set"]
    iri = r"https://w3id\.org/battinfo/spec/[0-9a-hjkmnp-tv-z]{4}(?:-[0-9a-hjkmnp-tv-z]{4}){3}"
    assert re.fullmatch(iri, made["id"])
    assert re.fullmatch(iri, made["cell_spec_id"])
    assert content["provenance"]["source_type"] == "literature"
    density, capacity = made["claims"]
    assert density["parameter"] == "coating_density"
    assert density["quantity"] == {"value": 1.5, "unit": "g/cm3"}
    assert density["provenance_class"] == "literature"
    assert capacity["quantity"] == {
        "value": 372,
        "unit": "mAh/g",
        "min_value": pytest.approx(340, rel=1e-12),
        "max_value": pytest.approx(372, rel=1e-12),
    }
    assert capacity["provenance_class"] == "derived"


def test_the_command_writes_each_form(study, tmp_path):
    where = ["--study", str(study.root)]
    for name in ("csv", "codecheck", "battinfo", "ro-crate"):
        assert cli.main(["audit", "export", name, *where, "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).exists()


def test_a_run_that_is_not_complete_or_was_edited_is_not_exported(study, tmp_path, capsys):
    call = ["audit", "export", "csv", "--study", str(study.root), "-o", str(tmp_path / "out.csv")]
    path = study.root / "build" / "claims.json"
    whole = path.read_text()
    path.write_text(whole.replace('"conditional"', '"reproduced"'))
    assert cli.main(call) == 1
    assert "verdict is 'reproduced', and 'conditional' by the ledger" in capsys.readouterr().err
    path.write_text(whole)
    (study.root / "build/results/thickness/provenance.json").unlink()
    assert cli.main(call) == 1
    assert "lacks the chapters thickness" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()
