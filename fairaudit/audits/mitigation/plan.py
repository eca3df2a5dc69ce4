"""What `fairaudit mitigate` would do, before it does it."""

from __future__ import annotations

from pathlib import Path

from fairaudit.audits.core.dry_run import RunPlan, plan_on
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.over_phi import checked_associations
from fairaudit.audits.mitigation.run import checked_parts, plan_with
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counted import counted


def plan_mitigate(path: Path, *, config: Config, base: Path, options: RunOptions, asked: MitigateOptions) -> RunPlan:
    """The audit of the reporting part, with the model itself in the place of the written one, and what comes before.

    Raises:
        FairauditError: the run could not begin.
    """
    methods = counted(len(asked.methods), "method")
    if asked.phis:
        data = checked_associations(config, base=base, options=options, asked=asked)
        material, audited = data.material, False
        first = f"It trains {counted(len(asked.phis), 'model')}, and fits {methods} to each."
    else:
        parts, material, _, _ = checked_parts(config, base=base, options=options, asked=asked)
        audited = asked.write is not None
        first = f"Before that it fits {methods} on {len(parts['debias']):,} images, and chooses on "
        first += f"{len(parts['choose']):,} others."
    last = (
        "the audit is of the written model and of this one." if audited else "nothing is written, so nothing audited."
    )
    return plan_on(
        material,
        [path],
        baseline=path if audited else None,
        config=config,
        options=options,
        plan=plan_with(Findings(), audited=audited),
        besides=(first, f"That and comparing them is not in the time above; {last}"),
    )
