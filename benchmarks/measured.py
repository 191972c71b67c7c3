"""How often was each failure signal right, set by set? Writes the counts that decide what a signal may say.

Run: `.venv/bin/python benchmarks/measured.py [--field NAME=DIR]... [--write]`. `--field` adds a set of real runs, laid
out as `benchmarks/field.py` reads them. `--write` puts the counts into `analysis/signals/measured_counts.py` and the
table into `docs/explanation/signals.md`; without it both are printed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import datasets
import signals
from field import field_runs
from intervals import Rate, rate
from retrospan.analysis.signals.measured import LEAST_FINDINGS, LEAST_RIGHT
from retrospan.analysis.signals.registry import DEFINITIONS

ROOT = Path(__file__).resolve().parent.parent
COUNTS_FILE = ROOT / "analysis" / "signals" / "measured_counts.py"
TABLE_FILE = ROOT / "docs" / "explanation" / "signals.md"
FIELD = "field, 26 real runs"
FURTHER = "37 further real runs"
"""A second set, unseen until its first count and a fit since; handed in with `--field`."""
FITTED = frozenset(
    {
        FIELD,
        FURTHER,
        *(
            "tau airline, failing runs",
            "tau retail, failing runs",
            "AgentProcessBench, bad steps",
            "TRAIL, marked steps",
        ),
        *("example agent (odd seeds), failing runs", "BIG-Bench Mistake arithmetic, first wrong steps"),
    }
)
"""Sets whose runs were looked at when rules were chosen."""
_START, _END = "<!-- measured: start -->", "<!-- measured: end -->"
Counts = Mapping[str, Mapping[str, tuple[int, int]]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--field", action="append", default=[], metavar="NAME=DIR", help="one more set of real runs")
    options.add_argument("--write", action="store_true", help="write the counts and the table")
    chosen = options.parse_args()
    fields = {FIELD: datasets.DATA / "field"} | {
        n: Path(d) for n, _, d in (item.partition("=") for item in chosen.field)
    }
    counts = dict(_counted(fields))
    if chosen.write:
        COUNTS_FILE.write_text(_module(counts), encoding="utf-8")
        before, _, rest = TABLE_FILE.read_text(encoding="utf-8").partition(_START)
        after = rest.partition(_END)[2]
        TABLE_FILE.write_text(f"{before}{_START}\n{table(counts)}\n{_END}{after}", encoding="utf-8")
    else:
        print(_module(counts), table(counts), sep="\n")


def _counted(fields: Mapping[str, Path]) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    failing = {definition.name for definition in DEFINITIONS if definition.failure}
    for name, folder in fields.items():
        found: dict[str, list[bool]] = {}
        for run in field_runs(folder, as_written=True):
            for item in run.findings:
                found.setdefault(item.signal, []).append(item.hit is not None)
        yield name, {signal: (sum(hits), len(hits)) for signal, hits in sorted(found.items())}
    for name, units in signals.sets():
        spoke: dict[str, list[bool]] = {}
        for unit in units:
            for signal in unit.shown & failing:
                spoke.setdefault(signal, []).append(unit.bad)
        yield name, {signal: (sum(hits), len(hits)) for signal, hits in sorted(spoke.items())}


def _module(counts: Counts) -> str:
    lines = [
        '"""Written by `benchmarks/measured.py`: set → signal → (right, findings)."""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping",
        "",
        "FITTED: frozenset[str] = frozenset(",
        "    {",
        *(f'        "{name}",' for name in sorted(FITTED & counts.keys())),
        "    }",
        ")",
        "COUNTS: Mapping[str, Mapping[str, tuple[int, int]]] = {",
    ]
    for name, found in counts.items():
        lines.append(f'    "{name}": {{')
        lines += [f'        "{signal}": {pair},' for signal, pair in found.items()]
        lines.append("    },")
    return "\n".join([*lines, "}", ""])


def table(counts: Counts) -> str:
    """A row a signal and set; sets that rules were chosen on are marked."""
    lines = ["| signal | set | right | |", "|---|---|---|---|"]
    for definition in DEFINITIONS:
        for name, found in counts.items():
            if definition.name in found:
                right, n = found[definition.name]
                fit = "a fit" if name in FITTED else ""
                quiet = "notable at most" if n >= LEAST_FINDINGS and right < LEAST_RIGHT * n else ""
                share = _spelt(rate([True] * right + [False] * (n - right)))
                lines.append(f"| `{definition.name}` | {name} | {share} | {', '.join(filter(None, (fit, quiet)))} |")
    return "\n".join(lines)


def _spelt(found: Rate) -> str:
    return f"{found.hits} of {found.n} ({found.percent:.0f} %, {found.low:.0f} to {found.high:.0f})"


if __name__ == "__main__":
    main()
