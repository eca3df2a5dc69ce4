"""Whatever stops an audit, the same command finishes the rest and writes the report of an undisturbed run."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import numpy as np
import pytest
import torch

from fairaudit.audits.regions.map_files import read_maps, saved_rows
from fairaudit.engine.place import store_file, working_folder

COMMAND = ("audit", "model.pt", "--format", "md,csv")
UNDECIDED = 4
"""Exit code of COMMAND, however it got there: an untrained model on noise leaves the verdict open."""


def report_of(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def without_run(folder):
    """The text of report.json without its `run` block, which stands at its place in the file as it was written."""
    report = report_of(folder)
    text = (folder / "report.json").read_text(encoding="utf-8")
    block = json.dumps(report["run"], indent=2, ensure_ascii=False).replace("\n", "\n  ")
    assert text.count(block) == 1
    return text.replace(block, "{}")


def store_of(folder):
    return store_file(folder, output=folder)


def copied(folder, target):
    """A copy of a report folder together with its run store."""
    shutil.copytree(working_folder(folder), working_folder(target))
    return shutil.copytree(folder, target)


def finished_chunks(folder):
    """Chunks in the run store, read from beside as any other process would."""
    path = store_of(folder)
    if not path.is_file():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
        try:
            return connection.execute("SELECT COUNT(*) FROM chunk").fetchone()[0]
        except sqlite3.OperationalError:  # the tables are not made yet
            return 0


def wait_for_chunks(process, folder, count, seconds=120):
    """Wait until the store holds so many chunks, or the process has ended."""
    deadline = time.monotonic() + seconds
    while finished_chunks(folder) < count and process.poll() is None:
        assert time.monotonic() < deadline, "no chunk was finished"
        time.sleep(0.005)


def stop(process, sign=signal.SIGKILL):
    process.send_signal(sign)
    return process.communicate(timeout=120)


@pytest.fixture(scope="module")
def undisturbed(make_lab, tmp_path_factory):
    """The report folder of a run that nothing stopped, on the pictures of every `large_lab`."""
    lab = make_lab(tmp_path_factory.mktemp("undisturbed"), 400)
    done = lab.run(*COMMAND, "-o", "report")
    assert done.code == UNDECIDED, done.err
    folder = lab.folder / "report"
    assert report_of(folder)["run"]["resumed_chunks"] == 0
    return folder


def assert_same(folder, undisturbed):
    found, expected = report_of(folder)["measurements"], report_of(undisturbed)["measurements"]
    assert [m for m in found if m not in expected] == []
    assert without_run(folder) == without_run(undisturbed)
    assert (folder / "report.csv").read_bytes() == (undisturbed / "report.csv").read_bytes()


def test_the_same_command_twice_takes_everything_from_the_store(large_lab, undisturbed):
    """The number of workers changes no number, and --fresh computes everything again."""
    folder = copied(undisturbed, large_lab.folder / "out")
    again = large_lab.run(*COMMAND, "-o", "out", "--json")
    assert again.report()["run"]["resumed_chunks"] == 4
    assert_same(folder, undisturbed)
    fresh = large_lab.run(*COMMAND, "-o", "out", "--fresh", "--workers", "4")
    assert fresh.code == UNDECIDED
    assert report_of(folder)["run"]["resumed_chunks"] == 0
    assert_same(folder, undisturbed)


@pytest.mark.parametrize("chunks", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_sigkill_after_some_chunks(large_lab, undisturbed, chunks):
    folder = large_lab.folder / "killed"
    process = large_lab.start(*COMMAND, "-o", "killed")
    wait_for_chunks(process, folder, chunks)
    stop(process)
    kept = finished_chunks(folder)
    assert kept >= chunks
    done = large_lab.run(*COMMAND, "-o", "killed")
    assert done.code == UNDECIDED, done.err
    assert report_of(folder)["run"]["resumed_chunks"] == kept
    assert_same(folder, undisturbed)


@pytest.mark.slow
def test_sigkill_again_and_again_at_random_moments(large_lab):
    """With trials of the methods, which are chunks of their own: five in all."""
    large_lab.configure(audit={"faithfulness": True})
    assert large_lab.run(*COMMAND, "-o", "undisturbed").code in (0, 4)
    undisturbed = large_lab.folder / "undisturbed"
    folder, draw = large_lab.folder / "killed", random.Random(5)  # noqa: S311 (moments, not secrets)
    code, kills = None, 0
    while code is None and kills < 8:
        before = finished_chunks(folder)
        process = large_lab.start(*COMMAND, "-o", "killed")
        wait_for_chunks(process, folder, min(before + 1, 5))
        try:
            code = process.wait(timeout=draw.uniform(0, 0.4))
            process.communicate()
        except subprocess.TimeoutExpired:
            stop(process)
            kills += 1
    assert kills
    done = large_lab.run(*COMMAND, "-o", "killed")
    assert done.code in (0, 4), done.err
    assert report_of(folder)["run"]["resumed_chunks"] == 4
    assert_same(folder, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_maps_saved_by_a_killed_run_end_as_those_of_an_undisturbed_one(large_lab, kind):
    command = ("saliency", "model.pt", "--save-maps", "--maps-format", kind)
    assert large_lab.run(*command, "-o", "whole").code == 0
    process = large_lab.start(*command, "-o", "killed", "--batch-size", "50")
    wait_for_chunks(process, large_lab.folder / "killed", 1)
    stop(process)
    assert large_lab.run(*command, "-o", "killed").code == 0
    whole, killed = (large_lab.folder / name / "maps" / "model" / "gradient" for name in ("whole", "killed"))
    np.testing.assert_array_equal(read_maps(killed), read_maps(whole))
    assert saved_rows(killed).tolist() == list(range(400))


def test_ctrl_c_exits_130_and_says_how_to_go_on(large_lab, undisturbed):
    for attempt in range(5):  # on a busy machine the audit may be over before the signal is there
        name = f"stopped{attempt}"
        folder = large_lab.folder / name
        process = large_lab.start(*COMMAND, "-o", name)
        wait_for_chunks(process, folder, 1)
        out, err = stop(process, signal.SIGINT)
        if process.returncode != UNDECIDED:
            break
    assert process.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert (
        f"Interrupted. What was finished is kept in {working_folder(folder)}. Run the same command again to go on."
        in err
    )
    kept = finished_chunks(folder)
    assert kept >= 1
    assert large_lab.run(*COMMAND, "-o", name).code == UNDECIDED
    assert report_of(folder)["run"]["resumed_chunks"] == kept
    assert_same(folder, undisturbed)


def test_full_disk_is_told_and_what_was_finished_is_kept(large_lab, undisturbed):
    """A limit on the size of files stops the store as a full disk does."""
    folder = large_lab.folder / "full"
    wanted = store_of(undisturbed).stat().st_size
    process = large_lab.start(*COMMAND, "-o", "full", "--quiet", file_size=wanted * 2 // 3)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (2, ""), err
    text = " ".join(err.split())
    assert text.startswith("Error: "), err
    assert "Traceback" not in err
    assert "cannot be written" in text
    assert "run.sqlite" in text
    assert "run the same command again" in text
    kept = finished_chunks(folder)
    assert 0 < kept < 4
    assert large_lab.run(*COMMAND, "-o", "full").code == UNDECIDED
    assert report_of(folder)["run"]["resumed_chunks"] == kept
    assert_same(folder, undisturbed)


@pytest.mark.parametrize("size", [pytest.param("64k", marks=pytest.mark.slow), "400k"])
def test_a_really_full_disk(large_lab, undisturbed, size):
    folder = large_lab.folder / "full"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        done = large_lab.run(*COMMAND, "-o", "full")
        done.refused("written", "full", "-o", "free space" if "Free" not in done.err else "Free space")
        kept = finished_chunks(folder)
        assert (kept > 0) == (size != "64k")
        subprocess.run([mount, "-o", "remount,size=50m", folder], check=True)
        assert large_lab.run(*COMMAND, "-o", "full").code == UNDECIDED
        assert report_of(folder)["run"]["resumed_chunks"] == kept
        assert_same(folder, undisturbed)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_another_batch_size_starts_anew(lab):
    """Kernels round differently for other numbers of images, and a report is of one of them."""
    resumed = []
    for size in ("5", "5", "auto"):
        assert lab.run("fairness", "model.pt", "-o", "out", "--batch-size", size).code == 0
        resumed.append(report_of(lab.folder / "out")["run"]["resumed_chunks"])
    assert resumed == [0, 1, 0]


def test_out_of_memory_halves_the_batch(large_lab, monkeypatch):
    """What does not fit is halved until it does, 128 to 64 to 32, and the report is that of --batch-size 32."""
    import torch

    from fairaudit.models.classifier import Classifier

    assert large_lab.run(*COMMAND, "-o", "small", "--batch-size", "32").code == UNDECIDED
    logits, sizes = Classifier.logits, []

    def limited(self, images):
        sizes.append(len(images))
        if len(images) > 50:
            raise torch.OutOfMemoryError("out of memory: tried to allocate 2 GiB")
        return logits(self, images)

    monkeypatch.setattr(Classifier, "logits", limited)
    done = large_lab.run(*COMMAND, "-o", "halved")
    assert done.code == UNDECIDED, done.err
    assert sizes[:3] == [128, 64, 32]
    assert max(sizes[3:]) <= 32
    assert_same(large_lab.folder / "halved", large_lab.folder / "small")


def test_out_of_memory_while_methods_are_tried(lab, monkeypatch):
    """The sample that a method is tried on shrinks, and its numbers say on how many images they are."""
    import torch

    from fairaudit.models.classifier import Classifier

    logits = Classifier.logits

    def limited(self, images):
        if len(images) > 10:
            raise torch.OutOfMemoryError("out of memory: tried to allocate 2 GiB")
        return logits(self, images)

    monkeypatch.setattr(Classifier, "logits", limited)
    lab.configure(audit={"faithfulness": True})
    report = lab.run("saliency", "model.pt", "--json").report()
    tried = [m["n"] for m in report["measurements"] if m["metric"] == "deletion_auc"]
    assert tried == [6]  # 24, 12, 6
    assert report["data"]["scored"] == 24


def test_not_one_image_fits(large_lab, monkeypatch):
    import torch

    from fairaudit.models.classifier import Classifier

    def never(self, images):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(Classifier, "logits", never)
    large_lab.run(*COMMAND).refused("One image at a time does not fit in memory", "smaller preprocess.size")


@pytest.mark.slow
def test_two_processes_on_one_folder(large_lab, undisturbed):
    folder = large_lab.folder / "shared"
    processes = [large_lab.start(*COMMAND, "-o", "shared", "--quiet") for _ in range(2)]
    ends = [(process, *process.communicate(timeout=300)) for process in processes]
    assert any(process.returncode == UNDECIDED for process, _, _ in ends)
    for process, _, err in ends:
        assert "Traceback" not in err
        assert process.returncode == UNDECIDED or err.startswith("Error: The run store is in use"), err
    assert_same(folder, undisturbed)
    assert large_lab.run(*COMMAND, "-o", "shared").code == UNDECIDED
    assert_same(folder, undisturbed)


def test_a_changed_picture_is_not_taken_from_the_store(large_lab, undisturbed):
    folder = copied(undisturbed, large_lab.folder / "out")
    rows = large_lab.rows()
    first, second = (large_lab.folder / row["file"] for row in rows[:2])
    first.write_bytes(second.read_bytes())
    assert large_lab.run(*COMMAND, "-o", "out").code == UNDECIDED
    assert report_of(folder)["run"]["resumed_chunks"] == 0


def test_python_is_not_asked_to_unpickle_anything(undisturbed):
    with contextlib.closing(sqlite3.connect(store_of(undisturbed))) as connection:
        contents = [content for (content,) in connection.execute("SELECT content FROM array")]
    assert contents
    assert all(content.startswith(b"\x93NUMPY") for content in contents)


class _Halves(torch.nn.Module):
    """A generator that keeps the means of 2 × 2 blocks."""

    @torch.jit.export
    def encode(self, images: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(images, 2)

    @torch.jit.export
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(images))


@pytest.mark.slow
def test_killed_counterfactuals_go_on_where_they_were(large_lab):
    """SIGKILL in the middle of `cf-align`: the rest is done, and the report is that of a run nothing stopped."""
    torch.jit.script(_Halves().eval()).save(str(large_lab.folder / "blocks.pt"))
    large_lab.save(large_lab.network(), "other.pt")
    command = ("cf-align", "model.pt", "--generator", "blocks.pt", "--downstream", "twin=other.pt", "--drift", "1")
    command = (*command, "--format", "md,csv", "--min-base-change", "0")
    whole = large_lab.run(*command, "-o", "whole")
    assert whole.code == 0, whole.err
    process = large_lab.start(*command, "-o", "out")
    wait_for_chunks(process, large_lab.folder / "out", 1)
    stop(process)
    before = finished_chunks(large_lab.folder / "out")
    again = large_lab.run(*command, "-o", "out", "--json")
    assert again.report()["run"]["resumed_chunks"] == before >= 1
    assert_same(large_lab.folder / "out", large_lab.folder / "whole")
