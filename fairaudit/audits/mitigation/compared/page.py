"""Files on a comparison beside the report: a first line, and mitigation.json, mitigation.md, mitigation.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.config.options import RunOptions
from fairaudit.report.mitigation import MitigationPage, html, markdown
from fairaudit.report.page import decision
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report
from fairaudit.results.strict_json import dumps, write_text


def conclusion(chosen: str | None, target: Path | None) -> str:
    """The result of the choice, in a sentence."""
    if chosen is None:
        return "No method is fit to be written: all are degenerate, failed, or lose too much mean cell accuracy."
    if target is None:
        return f"The best method on the choosing part is {chosen}; nothing was written (--write best)."
    return f"The best method on the choosing part is {chosen}. The audit of this report is of {target.name}."


def audit_line(report: Report, target: Path) -> str:
    """Whether the written model passes the whole audit."""
    verdicts = ", ".join(dict.fromkeys(verdict.verdict for verdict in report.verdicts)) or "no verdict"
    words = {"pass": "passes the whole audit", "fail": "fails the audit", "none": "was audited; there is no rule"}
    state = words.get(report.gate.state, f"leaves the audit {report.gate.state}")
    return f"{target.name} {state}: {decision(report)} ({verdicts})."


def page_of(options: RunOptions) -> str | None:
    """File of the report's page beside the comparison's; None where none is written."""
    return "report.html" if "html" in options.formats else None


def figures_of(report: Report, drawn: Sequence[Drawing]) -> list[tuple[str, str]]:
    """File and caption of the figures that belong to the comparison."""
    names = {drawing.name for drawing in drawn}
    return [(figure.file, figure.caption) for figure in report.figures if Path(figure.file).name in names]


def audit_facts(report: Report) -> dict[str, object]:
    """The result of the audit of the written model."""
    verdicts = [verdict.verdict for verdict in report.verdicts]
    return {
        "model": report.models[0].name,
        "gate": report.gate.state,
        "decision": decision(report),
        "verdicts": verdicts,
    }


def save(
    folder: Path,
    facts: Mapping[str, object],
    rows: Sequence[Measurement],
    plain: Sequence[Mapping[str, object]],
    page: MitigationPage,
) -> None:
    """Write mitigation.json, mitigation.md and mitigation.html.

    Args:
        folder: where to.
        facts: what came of the run.
        rows: measurements; costs are left out, which are not the same twice.
        plain: rows by metric, method, seed, λ and φ.
        page: the comparison.

    Raises:
        OutputError: a file cannot be written.
    """
    measured = [m.model_dump(mode="json", by_alias=True) for m in rows if m.metric != "training_cost"]
    write_text(folder / "mitigation.json", dumps({**facts, "measurements": measured, "rows": list(plain)}))
    write_text(folder / "mitigation.md", markdown(page))
    write_text(folder / "mitigation.html", html(page, folder))
