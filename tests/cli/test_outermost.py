"""No command ends in a traceback over what a file, a model, a stream or the system does."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from torch import Tensor, nn

GATE = [{"metric": "demographic_parity_difference", "attribute": "group", "on": "value", "min": 2.0}]
CSV = ("--predictions", "faces.csv", "--truth", "label", "--prediction", "label", "--attribute", "group")


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.max() < 1.0):
            raise ValueError("not this one")
        return x.flatten(1).sum(1, keepdim=True)


class Asserts(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        assert x.size(1) == 77, "seventy-seven channels"
        return x.flatten(1).sum(1, keepdim=True)


class Complex(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.complex(x.flatten(1)[:, :2], x.flatten(1)[:, :2])


class Sparse(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, :2].to_sparse()


class Quantised(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.quantize_per_tensor(x.flatten(1)[:, :2], 0.1, 0, torch.qint8)


class Meta(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.empty([x.size(0), 2], device="meta")


class Bool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, :1] > 0


class Rows(nn.Module):
    """One row too many, on real images only: noise has values beyond them."""

    def forward(self, x: Tensor) -> Tensor:
        out = x.flatten(1).sum(1, keepdim=True)
        if bool(x.min() >= 0.0):
            return torch.cat([out, out[:1]])
        return out


class Nan(nn.Module):
    """No number for images whose first pixel is bright."""

    def forward(self, x: Tensor) -> Tensor:
        out = x.flatten(1).mean(1, keepdim=True)
        bright = ((x[:, 0, 0, 0] > 0.6) & (x.flatten(1).min(1).values >= 0.0)).unsqueeze(1)
        return torch.where(bright, out / 0.0 * 0.0, out)


ODD = [Raises, Asserts, Complex, Sparse, Quantised, Meta, Rows]


@pytest.mark.parametrize("kind", ODD)
def test_whatever_a_model_does_is_told_in_one_paragraph(lab, kind):
    lab.save(kind(), "odd.pt")
    lab.run("fairness", "odd.pt", "-o", "out").refused("odd.pt")


def test_one_bad_model_of_many_is_a_row_with_its_reason(lab):
    for kind in (Raises, Rows):
        lab.save(kind(), f"{kind.__name__}.pt")
    lab.configure(gates=GATE)
    done = lab.run("fairness", "Raises.pt", "model.pt", "Rows.pt", "-o", "out", "--json")
    assert done.code == 3
    assert [report["models"][0]["file"] for report in done.report()] == ["model.pt"]
    rows = json.loads((lab.folder / "out" / "summary.json").read_text())["models"]
    assert {row["model"]: row["gate"] for row in rows} == {
        "Raises": "not audited",
        "Rows": "not audited",
        "model": "fail",
    }


def test_images_without_a_number_are_excluded_with_the_reason(lab):
    lab.save(Nan(), "nan.pt")
    found = lab.run("fairness", "nan.pt", "-o", "out", "--json", "--max-excluded", "24").report()
    reasons = {row["reason"] for row in found["excluded"]}
    assert reasons == {"nan.pt returns NaN for this image."}
    assert 0 < len(found["excluded"]) < 24
    assert found["data"]["scored"] + len(found["excluded"]) == found["data"]["rows"] == 24
    whole = lab.run("fairness", "nan.pt", "-o", "other", "--json", "--max-excluded", "24", "--batch-size", "5").report()
    assert whole["excluded"] == found["excluded"]


@pytest.mark.parametrize("text", ["9" * 5000, "0", "-3", "1e3"])
def test_a_batch_size_that_is_none(lab, text):
    lab.run("fairness", "model.pt", "--batch-size", text).refused("--batch-size is not a number")


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("manifest", {"data": {"manifest": "n" * 300 + ".csv"}}),
        ("root", {"data": {"root": "a\0b"}}),
        ("half a character", {"data": {"manifest": "\ud800.csv"}}),
        ("mask", {"regions": {"patch": {"mask": "a\0{id}.png"}}}),
        ("long mask", {"regions": {"patch": {"mask": "m" * 300 + "{id}.png"}}}),
    ],
)
def test_names_that_no_file_has(lab, place, change):
    if place == "half a character":
        text = (lab.folder / "fairaudit.yaml").read_text().replace("faces.csv", '"\\ud800.csv"')
        (lab.folder / "fairaudit.yaml").write_text(text)
    else:
        lab.configure(**change)
        if "regions" in change:
            lab.configure(regions=change["regions"])
            config = (lab.folder / "fairaudit.yaml").read_text()
            (lab.folder / "fairaudit.yaml").write_text(config)
    done = lab.run("roi-metrics", "model.pt", "-o", "out")
    assert done.code in (2, 5), (done.code, done.out, done.err)
    assert "Traceback" not in done.err


def test_folders_that_cannot_be_read(lab):
    (lab.folder / "dir.pt").mkdir()
    lab.run("fairness", "dir.pt").refused("a folder")
    lab.run("fairness", "n" * 300 + ".pt").refused("too long")
    lab.run("fairness", "model.pt", "-o", "o" * 300).refused("too long")


def shell(lab, command):
    return subprocess.run(
        ["bash", "-c", command.replace("fairaudit ", f"{sys.executable} -m fairaudit ")],
        cwd=lab.folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": ""},
    )


@pytest.mark.parametrize("redirected", ["> /dev/full", ">&-", ">&- 2>&-", "| true; exit ${PIPESTATUS[0]}"])
def test_no_stream_costs_a_command_its_exit_code(lab, redirected):
    """Full, closed, both closed, and a reader that goes away: Python itself would end with 1 or 120."""
    done = shell(lab, f"fairaudit schema {redirected}")
    assert done.returncode == 0, done
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_an_encoding_without_some_characters_costs_the_gate_nothing(lab, monkeypatch, encoding):
    """The gate fails with 3 whatever stdout can show, and JSON stays JSON."""
    from fairaudit.cli.terminal import streams

    lab.configure(gates=GATE)
    texts = []
    original = streams.emit

    def emit(text):
        raw = io.BytesIO()
        stdout = io.TextIOWrapper(raw, encoding=encoding)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stdout)
            original(text)
        texts.append(raw.getvalue().decode(encoding))

    monkeypatch.setattr("fairaudit.cli.launch.audits.emit", emit)
    (lab.folder / "faces.csv").write_text((lab.folder / "faces.csv").read_text().replace(",a,", ",ä≤😀,"))
    assert lab.run("fairness", *CSV, "--json", "-o", "out").code == 3
    assert "ä≤😀" in json.loads(texts[0])["data"]["attributes"]["group"]
    assert lab.run("fairness", *CSV, "-o", "out").code == 3


def test_an_interrupt_while_importing_is_one_line(lab):
    for wait in (0.15, 0.6):
        process = lab.start_anew("fairness", "model.pt", "-o", "none")
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        if process.returncode == -signal.SIGINT or "site.py" in err:
            continue  # Python itself had not begun
        assert process.returncode == 130, err
        assert err.count("Traceback") == 0, err
        assert "Interrupted." in err
        assert "kept" not in err
