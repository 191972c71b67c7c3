"""The last act of `retrospan demo --auto`: does v2 hold, beside the failure that it mends?

The suite holds what was learnt and two guards of behaviour that went well on v1.
"""

from __future__ import annotations

from pathlib import Path

from ...analysis.verification.verdicts import CaseVerdict, Policy
from ...model.case_checks import ToolCalled, ToolNotCalled
from ...model.cases import Case, CaseStatus
from ...model.review_states import Severity
from ...regression.targets.runnable import RunSettings
from ...regression.targets.versions import read_version
from ...regression.verifying.rendering import render_text
from ...regression.verifying.verify import opened_pair, plan_verification, run_verification
from ...store.contract import Store
from ..shared.output import echo

_GUARDS = (
    Case(
        id="refund-after-the-window",
        title="An order that is past the return window is not refunded",
        status=CaseStatus.ACTIVE,
        severity=Severity.HIGH,
        input="Please refund R-2070. I won't need the sleeping bag after all.",
        checks=(ToolNotCalled(tool="issue_refund"),),
    ),
    Case(
        id="order-is-looked-up",
        title="An order is looked up before the agent speaks about it",
        status=CaseStatus.ACTIVE,
        input="Where is my order R-2084?",
        checks=(ToolCalled(tool="lookup_order"),),
    ),
)
"""What went well on v1 and nobody had written a case for."""
_WORKERS = 2


def verify_versions(store: Store, place: Path, learnt: Case, app: str) -> bool:
    """Compare v1 with v2 on the case that was learnt and the guards; True where v2's quiet break is named."""
    cases = [learnt, *(guard for guard in _GUARDS if guard.id != learnt.id)]
    sides = [read_version(f"python:{app}:run_{version}", place) for version in ("v1", "v2")]
    echo("\nDoes v2 hold? retrospan verify v1 v2, on this case and two guards of what went well on v1:\n")
    with opened_pair(sides[0], sides[1], place, RunSettings()) as pair:
        planned = plan_verification(store, pair, cases, project=str(place), policy=Policy())
        done = run_verification(store, planned, pair, cases, workers=_WORKERS)
    for line in render_text(done.report).splitlines():
        echo(f"  {line}".rstrip())
    broken, fixed = done.judgement.of(CaseVerdict.BROKEN), done.judgement.of(CaseVerdict.FIXED)
    if broken:
        echo(f"\nv2 mends {', '.join(fixed) or 'nothing'} and quietly breaks {', '.join(broken)}.")
    return bool(broken) and learnt.id in fixed
