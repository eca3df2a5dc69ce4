"""Memory is bounded by a chunk, whatever the number of rows."""

import os

import numpy as np
import pytest


def write_digits(folder, rows):
    """Pictures of 8 x 8 pixels in two files of MNIST's layout: nothing to speak of until they are resized."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (rows, 8, 8), dtype=np.uint8)
    shape = b"".join(size.to_bytes(4, "big") for size in pixels.shape)
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + shape + pixels.tobytes())
    labels = bytes(row % 2 for row in range(rows))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + rows.to_bytes(4, "big") + labels)


def peak_bytes(lab, rows):
    """Peak resident memory of an audit on so many rows."""
    write_digits(lab.folder / f"digits{rows}", rows)
    lab.configure(data={"manifest": {"layout": "mnist", "root": f"digits{rows}"}})
    process = lab.start_anew("fairness", "model.pt", "--quiet", "-o", f"out{rows}")
    out = process.stdout.read()
    err = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    for stream in (process.stdout, process.stderr):
        stream.close()
    assert process.returncode in (0, 4), err  # an untrained model may leave the verdict open
    assert f"on {rows:,} images" in out
    return usage.ru_maxrss * 1024


@pytest.mark.slow
def test_memory_does_not_grow_with_rows(lab):
    """An image is 3 x 64 x 64 floats at the model's input, 48 KiB; 2,000 of them would be 94 MiB."""
    lab.save(lab.network(size=64))
    lab.configure(
        data={"target": "label", "attributes": ["colour"], "id": None, "split": None, "bias": {"rho": 0.5}},
        preprocess={"size": [64, 64]},
        audit={"attribute": "colour", "region": []},
        regions={},
    )
    few, many = (peak_bytes(lab, rows) for rows in (500, 2500))
    assert many - few < 40 * 2**20, f"{few / 2**20:.0f} MiB with 500 rows, {many / 2**20:.0f} MiB with 2,500"
