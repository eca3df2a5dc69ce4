"""What the readings of a counterfactual audit rest on, beside the columns of its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairaudit.audits.alignment.heads import Readers
from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.shared import SharedFindings
from fairaudit.generators.checks import Facts
from fairaudit.generators.generator import Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentEvidence:
    """Generator, classifiers and settings, with what was found of them before the first image."""

    options: CfOptions
    """Search, pairs and pictures asked for."""
    shared: SharedFindings
    """Where what a comparison of models needs is kept."""
    generator: Generator | None
    """What drew the counterfactuals; None where pixels were moved."""
    readers: Readers
    """The classifiers, and which of them are bases."""
    facts: Facts | None
    """What the generator does to the base classifiers by reconstruction alone; None without one."""
    refusal: str | None
    """Why the counterfactuals are no evidence at all; None where they are."""
    lost: Mapping[str, str]
    """Downstream classifier → why its alignment is no evidence."""
