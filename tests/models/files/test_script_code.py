"""TorchScript archives that reach files are refused before they are loaded, however it is written."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError, TrustError
from fairaudit.generators.load import open_generator
from fairaudit.models.files.script_code import CLASSES, NAMESPACES, check_script, suspicious
from fairaudit.models.open import open_model


class Sum(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).sum(1, keepdim=True)


class Opens(nn.Module):
    """Writes a file while it is only opened."""

    def __init__(self):
        super().__init__()
        self.wide = 4

    @torch.jit.export
    def __getstate__(self):
        return (self.wide, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[int, bool]):
        mapped = torch.from_file("ran", True, 4).fill_(1.0)
        self.wide = state[0] + int(mapped.sum())
        self.training = state[1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).sum(1, keepdim=True)


def saved(module: nn.Module) -> dict[str, bytes]:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(module), buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def records() -> dict[str, bytes]:
    return saved(Sum())


def written(path: Path, records: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in records.items():
            archive.writestr(name, content)
    return path


def code_of(records: dict[str, bytes]) -> str:
    return next(name for name in records if name.endswith(".py"))


def with_line(records: dict[str, bytes], line: str) -> dict[str, bytes]:
    place = code_of(records)
    code = records[place].decode()
    at = code.index("    _0 = ")
    return {**records, place: (code[:at] + "".join(f"    {part}\n" for part in line.split("\n")) + code[at:]).encode()}


def opened(path: Path, **settings):
    preprocess = PreprocessConfig(size=(4, 4), mean=[0.0], std=[1.0], channels=1)
    return open_model(path, config=ModelConfig(), preprocess=preprocess, **settings)


WRITES = [
    'torch.save(x, "ran")',
    'ops.aten.save(x, "ran")',
    'torch . save ( x , "ran" )',
    't = torch.zero_(torch.from_file("ran", True, 4))\nx = torch.add(x, torch.sum(t))',
    'q = torch\nq.save(x, "ran")',
    'q = torch.save\nq(x, "ran")',
    'q = ops\nq.aten.save(x, "ran")',
    'getattr(torch, "save")(x, "ran")',
    'getattr(torch, "sa\\166e")(x, "ran")',
    'getattr(torch, "sa" "ve")(x, "ran")',
    'getattr(torch, """save""")(x, "ran")',
    'g = getattr\ng(torch, "sa\\166e")(x, "ran")',
]


@pytest.mark.parametrize("line", WRITES)
def test_every_way_to_write_a_file_is_refused_before_loading(tmp_path, monkeypatch, records, line):
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path / "m.pt", with_line(records, line))
    for opening in (opened, open_generator):
        with pytest.raises(TrustError, match="--trust-model"):
            opening(path)
    assert not Path("ran").exists()


@pytest.mark.parametrize("line", WRITES)
def test_these_ways_do_write(tmp_path, monkeypatch, records, line):
    """The other half of the proof: with trust, every one of them works, so each has to be seen."""
    monkeypatch.chdir(tmp_path)
    opened(written(tmp_path / "m.pt", with_line(records, line)), trust=True)
    assert Path("ran").exists()


def test_a_file_written_while_the_archive_is_only_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.jit.save(torch.jit.script(Opens()), "m.pt")
    Path("ran").unlink(missing_ok=True)
    with pytest.raises(TrustError, match="from_file"):
        opened(Path("m.pt"))
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('ops.image.write_file("ran", x)', "write_file"),
        ("ops.inductor.anything(x)", "operations of inductor"),
        ("q = ops\nq.nobody.knows(x)", "a second name"),
        ('q = __torch__.torch.classes.torchvision.Video("a")', "a class bound to C"),
        ("q = __torch__\ny = q.torch", "a second name"),
        ("q = __torch__.torch\ny = q.classes", "a second name"),
        ('y = getattr(self, "a\\142")', "looked up by a text"),
    ],
)
def test_what_is_not_known_to_compute_needs_trust(tmp_path, records, line, found):
    with pytest.raises(TrustError, match=found):
        check_script(written(tmp_path / "m.pt", with_line(records, line)))


def test_bound_classes_in_the_pickle_and_the_old_form_need_trust(tmp_path, records):
    bound = {**records, "archive/constants.pkl": b"\x80\x02c__torch__.torch\nclasses.dist_rpc.WorkerInfo\n."}
    with pytest.raises(TrustError, match="dist_rpc"):
        check_script(written(tmp_path / "a.pt", bound))
    with pytest.raises(TrustError, match=r"torch before 1\.4"):
        check_script(written(tmp_path / "b.pt", {**records, "archive/model.json": b"{}"}))
    upper = with_line(records, 'torch.save(x, "ran")')
    place = code_of(upper)
    upper[place.replace("code/", "CODE/").replace(".py", ".PY")] = upper.pop(
        place
    )  # records are looked up whatever their case
    with pytest.raises(TrustError, match="save"):
        check_script(written(tmp_path / "c.pt", upper))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "regnet_y_400mf", "swin_t"])
def test_ordinary_networks_need_no_trust(tmp_path, name):
    torch.jit.script(torchvision.models.get_model(name, weights=None)).save(str(tmp_path / "m.pt"))
    check_script(tmp_path / "m.pt")


@pytest.mark.filterwarnings("ignore")  # torch.ao.quantization is on its way out, and still in files
def test_quantized_networks_need_no_trust(tmp_path):
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    small = torch.ao.quantization.quantize_dynamic(network, {nn.Linear})
    torch.jit.script(small).save(str(tmp_path / "m.pt"))
    check_script(tmp_path / "m.pt")


def test_messages_and_names_of_attributes_are_no_finding():
    assert suspicious('ops.prim.RaiseException("torch, ops and classes: all well")') is None
    assert suspicious('_0 = getattr(getattr(self.layers, "0"), "block1-0")') is None
    assert suspicious("saved = self.safe_save_d  # ops") is None


def test_no_operation_that_opens_files_is_in_a_namespace_taken_for_computing():
    """Against all that torch and torchvision register here: a new one has to be looked at by a person."""
    words = ("file", "save", "path", "dump", "open", "load")
    found = set()
    for schema in torch._C._jit_get_all_schemas():
        space, _, name = schema.name.partition("::")
        told = [name, *(argument.name for argument in schema.arguments if "str" in str(argument.type))]
        known = name.startswith(("miopen_", "_use_miopen", "profile", "_record_function", "_call_end"))
        if space in NAMESPACES and not known and any(word in text for text in told for word in words):
            found |= {name}
    assert found <= {"save", "from_file"}


def test_packed_weights_are_the_only_bound_classes_that_open():
    text = " ".join(map(str, torch._C._jit_get_custom_class_schemas()))
    names = {part.split("(")[0].split(" ")[0].strip(",)") for part in text.split("__torch__.torch.classes.")[1:]}
    opening = {name for name in names if name.partition(".")[0] in CLASSES}
    assert all("Packed" in name or "CellParams" in name or "OpContext" in name for name in opening)


def test_a_damaged_archive_is_told_in_one_paragraph(tmp_path, records):
    whole = written(tmp_path / "m.pt", records).read_bytes()
    (tmp_path / "m.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cut short or damaged"):
        check_script(tmp_path / "m.pt")
