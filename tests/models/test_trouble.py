"""Whatever a model's code raises or returns is one paragraph about its file."""

from pathlib import Path

import pytest
import torch

from fairaudit.errors import ModelError, OutputError
from fairaudit.models.trouble import NanOutputError, checked, first_words, told


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"a": 1}, "dict"),
        (torch.zeros(3, 2, device="meta"), "without values"),
        (torch.zeros(3, 2, dtype=torch.complex64), "complex numbers"),
        (torch.zeros(3, 2, dtype=torch.bool), "true and false"),
        (torch.zeros(3, 2).to_sparse(), "a sparse tensor"),
        (torch.zeros(3), r"shape \[3\]"),
        (torch.zeros(2, 2), r"shape \[2, 2\]"),
        (torch.zeros(3, 2, 1), r"shape \[3, 2, 1\]"),
    ],
)
def test_outputs_that_are_no_logits(output, words):
    with pytest.raises(ModelError, match=f"cannot be read as logits.*{words}"):
        checked(output, 3, "m.pt")


def test_logits_stay_and_nan_is_told_by_the_image():
    good = torch.tensor([[1.0, float("inf")], [2.0, 3.0]])
    assert checked(good, 2, "m.pt") is good
    with pytest.raises(NanOutputError, match=r"NaN for 1 of 2 images.*m\.pt") as caught:
        checked(torch.tensor([[1.0, 2.0], [float("nan"), 0.0]]), 2, "m.pt")
    assert caught.value.bad.tolist() == [False, True]


def test_errors_of_a_model_name_its_file():
    def opening(path, error):
        if error is not None:
            raise error
        return "opened"

    assert told(opening)(Path("m.pt"), None) == "opened"
    with pytest.raises(ModelError, match=r"fails when it is tried.*ValueError: bad.*m\.pt"):
        told(opening)(Path("m.pt"), ValueError("first line\nbad"))
    with pytest.raises(OutputError, match=r"wrong.*m\.pt"):  # told about a tensor, which does not know its file
        told(opening)(Path("m.pt"), OutputError("wrong"))
    with pytest.raises(OutputError) as caught:
        told(opening)(Path("m.pt"), OutputError("wrong", where="n.pt"))
    assert "m.pt" not in str(caught.value)
    with pytest.raises(torch.OutOfMemoryError):
        told(opening)(Path("m.pt"), torch.OutOfMemoryError("CUDA out of memory"))


def test_the_last_line_that_says_something():
    assert first_words(ValueError("a\n  b  \n\n")) == "ValueError: b"
    assert first_words(ValueError()) == "ValueError"
    assert first_words(ValueError("x" * 300), limit=20) == "ValueError: " + "x" * 7 + "…"
