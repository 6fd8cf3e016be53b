"""How long each chapter takes with its usual values, for `rampore reproduce` and the pages to tell.

    python benchmarks/chapter_times.py build -o benchmarks/chapter_times.json

takes the times that a run of all chapters has left in a folder, and how the
solver's time grows with the boxes of a mesh.
"""

import argparse
import json
from pathlib import Path

from bench_diffusion import machine

SPEED = Path(__file__).parent / "results" / "p4d" / "speed.json"

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("folder", type=Path, help="of a run on this machine")
parser.add_argument("-o", "--output", type=Path, required=True)
options = parser.parse_args()

runs = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(options.folder.glob("results/*/provenance.json"))
]
about = machine()
measured = {
    "cost_exponent": json.loads(SPEED.read_text(encoding="utf-8"))["cost_exponent"],
    "wall_time_s": {run["chapter"]: run["wall_time_s"] for run in runs},
    "machine": {name: about[name] for name in ("processor", "cores")},
    "started": min(run["started"] for run in runs),
}
options.output.write_text(
    json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
)
