"""Damages every kind of file that fairaudit reads, kills runs at random, and prints what came of it.

    python tests/benchmarks/fuzz.py --mutations 10000 --kills 100 --seed 0

A damaged file may open or be refused in one paragraph; a traceback, a dead process, a hang (over 20 s of the
processor's time, however busy the machine is) or rows that vanish are failures. A run that was killed must end, run
again, with the report of one that was not.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import json
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 20.0
"""Of the processor's time, after which a file counts as hanging."""
BLOCKED = 600.0
"""Seconds by the clock, after which a file that needs no processor, such as a pipe, counts as hanging."""
ROWS = 12


@dataclass
class Kind:
    """Valid files of one kind, and what opens one; the opener may return problems in words."""

    name: str
    suffix: str
    seeds: list[bytes]
    open: Callable[[Path], str | None]


@dataclass
class Count:
    """What came of the mutations of one kind."""

    opened: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


def mutated(content: bytes, draw: random.Random) -> bytes:
    """The content with one to four damages."""
    for _ in range(draw.choice((1, 1, 2, 4))):
        content = draw.choice(DAMAGES)(content, draw)
    return content


def _flip(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return content
    place = draw.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << draw.randrange(8))]) + content[place + 1 :]


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _drop(content: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(content) + 1)
    return content[:start] + content[start + draw.choice((1, 2, 8, 64, 512)) :]


def _twice(content: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(content) + 1)
    stop = start + draw.choice((1, 8, 64, 512))
    return content[:stop] + content[start:]


def _odd(content: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(content) + 1)
    return content[:place] + draw.choice(ODD) + content[place + draw.choice((0, 0, 1, 4, 8)) :]


def _header(content: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(min(64, len(content) + 1))
    return content[:place] + draw.choice(ODD) + content[place + 4 :]


DAMAGES = (_flip, _flip, _cut, _drop, _twice, _odd, _header)
ODD = (
    *(b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0\0\0\0\0", b"NaN", b"-1", b"1e999"),
    *(b"9" * 400, b"[" * 3000, b"{", b"}", b'"', b"\\ud800", b"\xed\xa0\x80", b"null", b"true", b",", b"\n", b"\r"),
    *(b"\x1b[31m", b"../../", b"*a", b"&a [*a]", b"!!python/object/apply:os.system [touch ran]", b"<script>"),
    *("é≤😀".encode(), b"PK\x03\x04", b"\x80\x02."),
)


def run_kind(kind: Kind, count: int, *, seed: int, folder: Path) -> Count:
    """Open `count` damaged files in child processes, which may die without taking this one along."""
    found, number = Count(), 0
    while number < count:
        number += _batch(kind, number, count, seed=seed, folder=folder, found=found)
    return found


def _batch(kind: Kind, first: int, count: int, *, seed: int, folder: Path, found: Count) -> int:
    """From `first` on until the end, or until the child dies or hangs; returns how many were tried."""
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # forking beside torch's threads, which are idle
        child = os.fork()
    if child == 0:
        os.close(readable)
        _child(kind, first, count, seed=seed, folder=folder, out=writable)
    os.close(writable)
    done, rest = 0, b""
    ended = False
    while not ended:
        if not select.select([readable], [], [], BLOCKED)[0]:
            os.kill(child, signal.SIGKILL)
            found.failures.append(f"{kind.name} {first + done}: hangs")
            done, ended = done + 1, True
            break
        content = os.read(readable, 1 << 16)
        rest += content
        *lines, rest = rest.split(b"\n")
        for line in lines:
            done += 1
            _booked(kind, first + done - 1, line.decode(), found)
        if not content:
            _, status = os.waitpid(child, 0)
            if status != 0:
                hung = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF
                found.failures.append(
                    f"{kind.name} {first + done}: {'hangs' if hung else f'the process died ({status})'}"
                )
                done += 1
            os.close(readable)
            return done
    os.waitpid(child, 0)
    os.close(readable)
    return done


def _booked(kind: Kind, number: int, line: str, found: Count) -> None:
    if line == "opened":
        found.opened += 1
    elif line == "refused":
        found.refused += 1
    else:
        found.failures.append(f"{kind.name} {number}: {line}")


def _child(kind: Kind, first: int, count: int, *, seed: int, folder: Path, out: int) -> None:
    code = 0
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        for number in range(first, count):
            draw = random.Random(f"{seed} {kind.name} {number}")  # noqa: S311
            path = folder / f"{kind.name}{kind.suffix}"
            path.write_bytes(mutated(draw.choice(kind.seeds), draw))
            # Counts what all threads of this process compute; at its end the signal ends the process.
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            os.write(out, f"{outcome(kind, path)}\n".encode())
    except BaseException:
        code = 1
    finally:
        os._exit(code)


def outcome(kind: Kind, path: Path) -> str:
    """opened, refused, or the failure in one line; what the outermost net of the commands tells counts as refused."""
    from fairaudit.engine.expected import as_expected

    try:
        problem = kind.open(path)
    except Exception as error:
        if as_expected(error) is not None:
            return "refused"
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {str(error)[:120]!r}"
    return "opened" if problem is None else problem.replace("\n", " ")


def kinds(folder: Path) -> list[Kind]:
    """Every kind of file, with valid ones to begin with."""
    from fairaudit.audits.regions.map_shards import read_array
    from fairaudit.config.yaml_file import read_yaml
    from fairaudit.data.decode import open_image
    from fairaudit.generators.load import open_generator

    made = _Made(folder)
    return [
        Kind("csv", ".csv", [made.csv()], _open_csv),
        Kind("jsonl", ".jsonl", [made.jsonl()], _open_jsonl),
        *([Kind("parquet", ".parquet", [parquet], _open_table)] if (parquet := made.parquet()) else []),
        Kind("yaml", ".yaml", [made.yaml()], _open_config),
        Kind("plain-yaml", ".yaml", [made.yaml()], lambda path: _nothing(read_yaml(path))),
        Kind("image", ".img", made.images(), lambda path: _nothing(open_image(path))),
        Kind("npy", ".npy", [made.npy()], lambda path: _nothing(read_array(path))),
        Kind("maps", ".safetensors", [made.maps()], lambda path: _nothing(read_array(path))),
        Kind("script", ".pt", [made.script()], _open_model),
        Kind("checkpoint", ".pth", [made.checkpoint(), made.checkpoint(legacy=True)], _open_model),
        Kind("safetensors", ".model", [made.weights()], _open_model),
        Kind("generator", ".gen", [made.generator()], lambda path: _nothing(open_generator(path))),
        Kind("report", ".json", [made.report()], _open_report),
        Kind("store", ".sqlite", [made.store()], _open_store),
        *([Kind("onnx", ".onnx", [onnx], _open_model)] if (onnx := made.onnx()) else []),
        Kind("mask", ".mask", made.images(), _open_mask),
        *commands(folder, made),
    ]


def commands(folder: Path, made: _Made) -> list[Kind]:
    """Whole commands over one damaged file each; where a good file would mean minutes of work, they only plan it."""
    # Imported once, before the forks: in every child again they would count as its time.
    for name in IMPORTED:
        importlib.import_module(f"fairaudit.audits.{name}")
    lab = folder / "commands"
    lab.mkdir(exist_ok=True)
    if not (lab / "model.pt").exists():
        make_lab(lab, 10 * ROWS)
        _siblings(lab)
    held = {name: (lab / name).read_bytes() for name in ("faces.csv", "model.pt")}
    table, config = held["faces.csv"], (lab / "fairaudit.yaml").read_bytes()
    report = (lab / "part1" / "model" / "report.json").read_bytes()
    shard, summary, stored = ((lab / name).read_bytes() for name in IN_PLACE)
    conditional = made.conditional()
    plans = (
        ("prune", "prune model.pt --config {} --dry-run --quiet", ".yaml", config),
        ("prune-table", "prune model.pt --data {} --dry-run --quiet", ".csv", table),
        ("selftest", "selftest model.pt --config {} --dry-run --quiet", ".yaml", config),
        ("selftest-table", "selftest model.pt --data {} --dry-run --quiet", ".csv", table),
        ("selftest-model", "selftest {} --dry-run --quiet", ".pt", held["model.pt"]),
        ("mitigate-table", "mitigate model.pt --data {} --dry-run --quiet", ".csv", table),
        ("resample", "resample --data {} --attribute group -o made.csv", ".csv", table),
        ("split", "split --data {} --attribute group -o made.csv", ".csv", table),
        ("fairness-table", "fairness model.pt --data {} --max-excluded 999 --fresh --quiet -o out", ".csv", table),
        ("predictions", f"fairness --predictions {{}} {PREDICTED} --fresh --quiet -o out", ".csv", table),
        ("maps-command", "roi-metrics --maps {} --region-box tie=1,1,4,4 --fresh --quiet -o out", ".npy", made.npy()),
        ("init-table", "init model.pt {} --yes --force -o made.yaml", ".csv", table),
        ("init-model", "init {} faces.csv --yes --force -o made.yaml", ".pt", held["model.pt"]),
        ("render", "render {} --format md,junit,csv", ".json", made.report()),
        ("compare", "compare part1/model {} -o out", ".json", report),
        ("compare-baseline", "compare {} part1/model", ".json", report),
        ("compare-store", "compare part1/model part2/other", "/.fairaudit/part2/other/run.sqlite", stored),
        ("merge", "merge part1 part2 -o whole", "/part2/shard.json", shard),
        ("summary", "merge part1 part2 -o whole", "/part2/summary.json", summary),
        ("generator-info", "generator info {}", ".gen", made.generator()),
        ("generator-train", f"generator train --config large.yaml --data {{}} {SMALL}", ".csv", table),
        ("interpolate", f"generator interpolate {{}} --config large.yaml {BETWEEN}", ".gen", conditional),
        ("cf-align", f"cf-align model.pt --generator {{}} {QUICK}", ".pt", made.blocks()),
    )  # fmt: skip
    return [
        Kind(name, suffix if suffix.startswith(".") else Path(suffix).suffix, [seed], _Command(lab, line, suffix))
        for name, line, suffix, seed in plans
    ]


IMPORTED = (
    *("alignment.audit", "joint.verdict", "pruning.run", "resample.resample", "resample.split", "selftest.run"),
    *(
        "mitigation.run",
        "fairness.table",
        "regions.maps",
        "init.run",
        "zoo.merge",
        "generator.train",
        "core.report.compare",
    ),
    *("generator.interpolate", "generator.inspect"),
)
QUICK = "--downstream all --drift 1 --examples 1 --fresh --quiet -o out"
PREDICTED = "--truth label --prediction label --attribute group --max-excluded 999"
IN_PLACE = ("part2/shard.json", "part2/summary.json", ".fairaudit/part2/other/run.sqlite")
BETWEEN = "--condition group --limit 4 --frames 2 -o out"
SMALL = "--epochs 1 --width 4 --latent 2 --limit 8 --fresh --quiet -o out"


def _siblings(lab: Path) -> None:
    """What other commands read: two parts of a run over two models on the same data, and a larger size."""
    text = (lab / "fairaudit.yaml").read_text(encoding="utf-8")
    (lab / "large.yaml").write_text(text.replace("[8, 8]", "[28, 28]"), encoding="utf-8")
    (lab / "other.pt").write_bytes((lab / "model.pt").read_bytes())
    for part in ("1", "2"):
        _run(lab, f"fairness model.pt other.pt --shard {part}/2 --quiet -o part{part}".split())


@dataclass(frozen=True)
class _Command:
    """A command in a folder of its own; {} stands for the damaged file, which else has its place in the folder."""

    lab: Path
    line: str
    suffix: str

    def __call__(self, path: Path) -> str | None:
        from fairaudit.cli.main import app
        from fairaudit.errors import UsageError

        # Beside the manifest, whose paths the file may hold.
        file = self.lab / (self.suffix[1:] if self.suffix.startswith("/") else path.name)
        whole = file.read_bytes() if self.suffix.startswith("/") else None
        file.write_bytes(path.read_bytes())
        before = Path.cwd()
        os.chdir(self.lab)
        try:
            for name in ("made.csv", "made.yaml", "out/report.json"):
                Path(name).unlink(missing_ok=True)
            shutil.rmtree("whole", ignore_errors=True)
            app([each.replace("{}", file.name) for each in self.line.split()])
        except SystemExit as ended:
            if ended.code == 2:
                raise UsageError("refused by the command") from None
            return _accounted(file) if ended.code in (None, 0, 3, 4, 5) else f"exit code {ended.code}"
        finally:
            os.chdir(before)
            if whole is not None:
                file.write_bytes(whole)  # others read it too
        return _accounted(file)


def _accounted(file: Path) -> str | None:
    """Whether every record of a damaged table is scored or excluded in the report, where the command wrote one."""
    report = Path("out/report.json")
    if file.suffix != ".csv" or not report.exists():
        return None
    data = json.loads(report.read_text(encoding="utf-8"))
    scored, excluded = data["data"]["scored"], len(data["excluded"])
    if data["data"]["rows"] != scored + excluded:
        return f"{data['data']['rows']} rows, {scored} scored and {excluded} excluded"
    lost = records(file) - data["data"]["rows"]
    return f"{lost} rows vanished" if lost else None


def records(path: Path) -> int:
    """Records of a CSV file below its header; a line of blanks is none."""
    text = path.read_bytes().decode("utf-8-sig")
    first = text.split("\n", 1)[0]
    separator = max(",", ";", "\t", key=first.count)
    found = [cells for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if cells]
    return len(found) - 1 - sum(len(cells) == 1 and not cells[0].strip() for cells in found[1:])


def _nothing(_value: object) -> None:
    return None


def _open_table(path: Path) -> str | None:
    from fairaudit.data.tables import read_table

    read_table(path)
    return None


def _open_csv(path: Path) -> str | None:
    from fairaudit.data.tables import read_table

    lost = records(path) - len(read_table(path))
    return f"{lost} rows vanished" if lost else None


def _open_jsonl(path: Path) -> str | None:
    from fairaudit.data.tables import read_table

    rows = len(read_table(path))
    lines = sum(bool(line.strip()) for line in path.read_bytes().decode("utf-8-sig").split("\n"))
    return None if rows == lines else f"{lines - rows} rows vanished"


def _open_config(path: Path) -> str | None:
    from fairaudit.config.load import load_config

    config, _ = load_config(path, folder=path.parent, overrides={})
    arch = config.model.arch
    return None if arch is None or arch.strip().startswith(("torchvision:", "timm:")) else f"arch {arch} was let in"


def _open_model(path: Path) -> str | None:
    from fairaudit.config.schema import ModelConfig, PreprocessConfig
    from fairaudit.models.open import open_model

    open_model(path, config=ModelConfig(arch="fuzz_arch:make"), preprocess=PreprocessConfig(size=(8, 8)))
    return None


def _open_mask(path: Path) -> str | None:
    """The mask of a region, by the code that reads it for every row."""
    from fairaudit.data.decode import open_image
    from fairaudit.data.regions import read_mask

    read_mask(open_image(path))
    return None


def _open_report(path: Path) -> str | None:
    from fairaudit.audits.core.report.write import RENDERERS
    from fairaudit.results.store import read_report

    report = read_report(path)
    for _, render in RENDERERS.values():
        text = render(report, path.parent)
        if "\x1b" in text or "<script>alert" in text:
            return "a rendering holds a control character or a script"
    return None


def _open_store(path: Path) -> str | None:
    from fairaudit.engine.store import RunStore

    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with RunStore.open(path, key={"model": "m"}, timeout=1) as store:
        for index in sorted(store.done()):
            for part in store.load(index).values():
                if any(float(value.sum()) != 6.0 for value in part.sums.values()):
                    return "altered numbers were believed"
    return None


class _Made:
    """Valid files of every kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        module = type(sys)("fuzz_arch")

        def make() -> object:
            return network()

        make.__module__ = "fuzz_arch"
        module.make = make  # type: ignore[attr-defined]
        sys.modules["fuzz_arch"] = module

    def csv(self) -> bytes:
        rows = [f'a/{n}.png,id{n},{n % 2},{"ab"[n % 2]},{n}.5,,"x, {n}"' for n in range(ROWS)]
        return "\n".join(["file,id,label,group,x0,empty,text", *rows, ""]).encode()

    def jsonl(self) -> bytes:
        rows = [{"file": f"a/{n}.png", "id": f"é{n}", "label": n % 2, "group": None, "x": 1.5} for n in range(ROWS)]
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()

    def parquet(self) -> bytes | None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            return None
        buffer = io.BytesIO()
        table = {"file": [f"a/{n}" for n in range(ROWS)], "label": list(range(ROWS)), "x": [None, 1.5] * (ROWS // 2)}
        parquet.write_table(pyarrow.table(table), buffer)
        return buffer.getvalue()

    def yaml(self) -> bytes:
        return (
            b"data: {manifest: faces.csv, target: label, attributes: [group], split: {column: split, use: test}}\n"
            b"preprocess: {size: [8, 8], mean: [0, 0, 0], std: [1, 1, 1]}\n"
            b"model: {output: sigmoid, arch: 'torchvision:resnet18(num_classes=2)'}\n"
            b"regions:\n  tie: {box: [0.3, 0.7, 0.7, 1.0]}\n  rest: {complement: tie}\n"
            b"audit: {attribute: group, region: tie, saliency: [gradient], replicates: 200}\n"
            b"gates:\n  - {metric: equalized_odds_difference, attribute: group, max: 0.1}\n"
        )

    def images(self) -> list[bytes]:
        import numpy as np
        from PIL import Image

        pixels = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)
        found = []
        for kind, mode in (
            ("PNG", "RGB"),
            ("PNG", "P"),
            ("JPEG", "RGB"),
            ("GIF", "P"),
            ("BMP", "RGB"),
            ("TIFF", "L"),
            ("WEBP", "RGB"),
        ):
            buffer = io.BytesIO()
            image = Image.fromarray(pixels).convert(mode)
            image.save(buffer, kind, **({"save_all": True, "append_images": [image]} if kind == "GIF" else {}))
            found.append(buffer.getvalue())
        return found

    def npy(self) -> bytes:
        import numpy as np

        buffer = io.BytesIO()
        np.save(buffer, np.ones((3, 4, 5), np.float32))
        return buffer.getvalue()

    def maps(self) -> bytes:
        import numpy as np

        from fairaudit.audits.regions.map_shards import tensors

        return tensors(np.ones((2, 3, 3), np.float32), np.arange(2), ["a", "b"], about={"model": "m", "method": "lrp"})

    def script(self) -> bytes:
        import torch

        buffer = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.save(torch.jit.script(network()), buffer)
        return buffer.getvalue()

    def checkpoint(self, *, legacy: bool = False) -> bytes:
        import torch

        buffer = io.BytesIO()
        torch.save(
            {"state_dict": network().state_dict(), "epoch": 3}, buffer, _use_new_zipfile_serialization=not legacy
        )
        return buffer.getvalue()

    def weights(self) -> bytes:
        from safetensors.torch import save

        return save(network().state_dict(), metadata={"format": "pt"})

    def onnx(self) -> bytes | None:
        """A convolution, an activation and a linear layer, written node by node."""
        try:
            from onnx import TensorProto, helper, numpy_helper
        except ImportError:
            return None
        plain = {name: value.detach().numpy() for name, value in network().state_dict().items()}
        graph = helper.make_graph(
            [
                helper.make_node("Conv", ["x", "0.weight", "0.bias"], ["c"]),
                helper.make_node("Relu", ["c"], ["r"]),
                helper.make_node("Flatten", ["r"], ["f"]),
                helper.make_node("Gemm", ["f", "3.weight", "3.bias"], ["y"], transB=1),
            ],
            "fuzz",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
            [numpy_helper.from_array(value, name) for name, value in plain.items()],
        )
        content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return bytes(content.SerializeToString())

    def blocks(self) -> bytes:
        """A generator in TorchScript that keeps the means of 2 x 2 pixels."""
        import torch
        from torch import Tensor, nn

        class Blocks(nn.Module):
            def encode(self, images: Tensor) -> Tensor:
                return nn.functional.avg_pool2d(images, 2)

            def decode(self, latents: Tensor) -> Tensor:
                return nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")

        buffer, images = io.BytesIO(), torch.rand(2, 3, 8, 8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = torch.jit.trace_module(Blocks(), {"encode": images, "decode": images[:, :, :4, :4]})
            torch.jit.save(traced, buffer)
        return buffer.getvalue()

    def generator(self) -> bytes:
        from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
        from fairaudit.generators.checkpoint import save_generator

        path = self.folder / "generator"
        save_generator(path, Autoencoder(AutoencoderSettings(size=(28, 28), width=4, latent=4)))
        return path.read_bytes()

    def conditional(self) -> bytes:
        from fairaudit.generators.checkpoint import save_generator
        from fairaudit.generators.cvae import ConditionalVae, CvaeSettings

        path = self.folder / "conditional"
        names = {"target_name": "label", "attribute_name": "group", "target": ("0", "1"), "attribute": ("a", "b")}
        save_generator(path, ConditionalVae(CvaeSettings(size=(28, 28), width=4, latent=4, **names)))
        return path.read_bytes()

    def report(self) -> bytes:
        return (Path(__file__).parents[1] / "report" / "example.json").read_bytes()

    def store(self) -> bytes:
        import numpy as np

        from fairaudit.engine.part import Part
        from fairaudit.engine.store import RunStore

        path = self.folder / "seed.sqlite"
        with RunStore.open(path, key={"model": "m"}, fresh=True) as store:
            for index in range(3):
                store.save(index, {"audit": Part(sums={"n": np.array([1, 2, 3])}, columns={"c": np.arange(4)})})
            store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def network():
    """A tiny classifier of 8 x 8 images."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2)).eval()


def kills(lab: Path, count: int, *, seed: int) -> list[str]:
    """Runs of an audit killed at random moments, each then run again; returns what differed from an undisturbed one."""
    arguments = ["fairness", "model.pt", "--quiet", "--batch-size", "16"]
    started = time.monotonic()
    _run(lab, [*arguments, "-o", "whole"])
    seconds = time.monotonic() - started
    wanted, draw, failures = _without_run(lab / "whole"), random.Random(seed), []  # noqa: S311
    if not wanted:
        return ["the undisturbed run left no report"]
    for number in range(count):
        output = f"killed{number}"
        for _ in range(draw.choice((1, 1, 2))):
            _run(lab, [*arguments, "-o", output], kill_after=draw.uniform(0.02, seconds))
        _run(lab, [*arguments, "-o", output])
        if _without_run(lab / output) != wanted:
            failures.append(f"kill {number}: another report")
    return failures


def _run(lab: Path, arguments: list[str], kill_after: float | None = None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.chdir(lab)
        try:
            from fairaudit.cli.main import app

            app(arguments)
        finally:
            os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _without_run(folder: Path) -> dict[str, object]:
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except OSError:
        return {}
    return {name: value for name, value in report.items() if name != "run"}


def make_lab(folder: Path, rows: int = 400) -> Path:
    """Pictures, a manifest, a model and a configuration."""
    import numpy as np
    import torch
    from PIL import Image

    draw = np.random.default_rng(0)
    lines = ["file,label,group"]
    for number in range(rows):
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{number % 2},{'ab'[number // 2 % 2]}")
    (folder / "faces.csv").write_text("\n".join(lines) + "\n")
    (folder / "fairaudit.yaml").write_text(
        "data: {manifest: faces.csv, target: label, attributes: [group]}\npreprocess: {size: [8, 8]}\n"
        "audit: {replicates: 100}\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(network()), str(folder / "model.pt"))
    return folder


def main() -> int:
    """Run, print a table, and fail where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default="")
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("FAIRAUDIT_STORE_KEY", "fuzz")
        chosen = [kind for kind in kinds(folder) if not given.kinds or kind.name in given.kinds.split(",")]
        total: Counter[str] = Counter()
        for kind in chosen if given.mutations else []:
            # Whole commands are slower than opening a file: a tenth of the mutations is theirs.
            light = max(sum(not isinstance(each.open, _Command) for each in chosen), 1)
            heavy = max(len(chosen) - light, 1)
            share = given.mutations * 9 // 10 // light if light < len(chosen) else given.mutations // light
            count = given.mutations // 10 // heavy if isinstance(kind.open, _Command) else share
            started = time.monotonic()
            found = run_kind(kind, count, seed=given.seed, folder=folder)
            total += Counter(opened=found.opened, refused=found.refused, failed=len(found.failures))
            failures += found.failures
            print(
                f"{kind.name:12} {found.opened:6} opened {found.refused:6} refused {len(found.failures):4} failed "
                f"{time.monotonic() - started:6.1f} s",
                flush=True,
            )
        print(f"mutations: {total['opened']} opened, {total['refused']} refused, {total['failed']} failed", flush=True)
        if given.kills:
            (folder / "lab").mkdir()
            import fairaudit.audits.core.run  # noqa: F401 (imported once, before the forks)

            different = kills(make_lab(folder / "lab"), given.kills, seed=given.seed)
            print(f"kills: {given.kills}, reports that differ: {len(different)}")
            failures += different
    for failure in failures[:200]:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
