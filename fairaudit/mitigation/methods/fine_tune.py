"""Continued plain training: the controls against which every other method is judged."""

from __future__ import annotations

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.method import MitigationMethod, Task


def fine_tune(task: Task) -> Edit:
    """Cross-entropy on the debias rows: the data, steps, rate and seeds of every method, and nothing else."""
    return learnt(task)


def fine_tune_balanced(task: Task) -> Edit:
    """Cross-entropy on balanced rows alone."""
    return learnt(task, part=task.balanced_part())


FINE_TUNE = MitigationMethod(
    name="fine-tune",
    fit=fine_tune,
)
BALANCED = MitigationMethod(
    name="fine-tune-balanced",
    given=("attribute labels", "balanced data"),
    fit=fine_tune_balanced,
)
