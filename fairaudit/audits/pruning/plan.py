"""What `fairaudit prune` would do, before it does it."""

from __future__ import annotations

from pathlib import Path

from fairaudit.audits.core.dry_run import RunPlan, plan_on
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.audits.pruning.options import PruneOptions
from fairaudit.audits.pruning.run import opened_parts, plan_with
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config


def plan_prune(path: Path, *, config: Config, base: Path, options: RunOptions, asked: PruneOptions) -> RunPlan:
    """The audit of the reporting part, with the model itself in the place of the pruned one, and what comes before.

    Raises:
        FairauditError: the run could not begin.
    """
    data = opened_parts(config, base=base, options=options, asked=asked)
    besides = (
        f"Before that it prunes on {len(data.parts.fit):,} images and chooses on {len(data.parts.choose):,} others.",
        "That and the controls are not in the time above; the audit is of the pruned model and of this one.",
    )
    plan = plan_with(Findings())
    return plan_on(data.report, [path], baseline=path, config=config, options=options, plan=plan, besides=besides)
