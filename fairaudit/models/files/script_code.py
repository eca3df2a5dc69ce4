"""What a TorchScript archive's code could do, read from the archive's text before anything of it is loaded.

Loading an archive compiles its code and runs every `__setstate__` in it, and computing runs its `forward`. None of it
is Python, but two of TorchScript's operations reach files (`aten::from_file` maps one, for writing too; `aten::save`
writes one), and so do operations of libraries that are imported beside torch (`image::write_file`) and classes that are
bound to C++ (`torch.classes.torchvision.Video`). The text is read with a wide net: any spelling of such a name counts,
in comments too, and what cannot be read with certainty counts as reaching files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch

from fairaudit.errors import ModelError, TrustError

FILE_OPERATIONS: Final = ("from_file", "save", "read_file", "write_file", "load_tensor")
"""Names of operations that open files, in any namespace."""
NAMESPACES: Final = frozenset(
    {
        *("aten", "prim", "prims", "quantized", "_quantized", "quantization", "torchvision", "sparse", "profiler"),
        *("mkldnn", "mkldnn_prepacked", "prepacked", "onednn", "mkl", "_native", "xnnpack"),
    }
)
"""Namespaces of operations that compute; a test checks them against all that torch and torchvision register."""
CLASSES: Final = frozenset({"quantized", "sparse", "xnnpack", "mkldnn", "mkldnn_prepacked", "rnn"})
"""Namespaces of bound classes that hold packed weights."""

_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', re.S
)
_COMMENT = re.compile(r"#[^\n]*")
_FILES = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(FILE_OPERATIONS)})(?:_out)?(?![A-Za-z0-9_])")
_OPS = re.compile(r"(?<![A-Za-z0-9_.])ops\b(?:\s*\.\s*([A-Za-z0-9_]+))?")
_CLASSES = re.compile(r"torch\s*\.\s*classes\b(?:\s*\.\s*([A-Za-z0-9_]+))?")
_ALIAS = re.compile(r"(?<![A-Za-z0-9_.])__torch__(?!\s*\.)|(?<![A-Za-z0-9_])__torch__\s*\.\s*torch\b(?!\s*\.)")
_GETATTR = re.compile(r"\bgetattr\s*\(\s*\(?[\w.\s]+\)?\s*,\s*\"[^\"\\\n]*\"\s*\)")


def check_script(path: Path) -> None:
    """Refuse an archive whose code reaches files, or could.

    Raises:
        TrustError: it does, or it is written in a way that does not tell.
        ModelError: the archive cannot be read.
    """
    try:
        reader: Any = torch._C.PyTorchFileReader(str(path))  # the parser that loads it, so both see the same records
        found = next(_findings(reader), None)
    except Exception as error:  # torch raises nearly anything on a damaged archive
        raise ModelError(
            "The model file is cut short or damaged",
            found=str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__,
            where=str(path),
            advice="Copy or download it again.",
        ) from error
    if found is None:
        return
    record, what = found
    raise TrustError(
        "This TorchScript archive can do more than compute, and opening it runs its code",
        wanted="an archive whose code touches no files, or --trust-model if you know where it comes from",
        found=what,
        where=f"{path}, {record}",
        advice="The safe alternative is its state_dict, or safetensors, with --arch.",
    )


def suspicious(code: str) -> str | None:
    """What in a TorchScript text reaches files or cannot be classified; None if there is nothing.

    >>> suspicious("return torch.relu(x)") is None
    True
    >>> suspicious('torch.save(x, "a")')
    'the operation save'
    """
    if named := _FILES.search(code):
        return f"the operation {named.group(1)}"
    bare = _COMMENT.sub("", _STRING.sub('""', code))
    for text in (code, bare):
        for match in _OPS.finditer(text):
            space = match.group(1)
            if space not in NAMESPACES and (text is bare or space is not None):
                return f"operations of {space}" if space else "a second name for the table of all operations"
        for match in _CLASSES.finditer(text):
            if match.group(1) not in CLASSES:
                return f"a class bound to C++, torch.classes.{match.group(1) or '…'}"
    if _ALIAS.search(bare):
        return "a second name for the table of all classes"
    return _unread_getattr(code)


def _unread_getattr(code: str) -> str | None:
    """Attributes looked up by text: fine where the text is a plain name, as in `getattr(self.layers, "0")`."""
    before = None
    while before != code:
        before = code
        code = _GETATTR.sub("looked_up", code)
    return "an attribute that is looked up by a text" if re.search(r"\bgetattr\b", code) else None


def _findings(reader: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (torch has no type for it)
    for record in reader.get_all_records():
        name = record.lower()  # as torch's reader looks records up
        if name.endswith("model.json"):
            yield record, "the form of torch before 1.4, whose code can be anywhere in the archive"
        elif name.startswith("code/") and not name.endswith(".debug_pkl"):
            if (what := suspicious(_text(reader, record))) is not None:
                yield record, what
        elif name.endswith(".pkl"):
            text = _text(reader, record).replace("\n", ".")  # a pickle splits the name of a class in two lines
            if bad := [match.group(1) for match in _CLASSES.finditer(text) if match.group(1) not in CLASSES]:
                yield record, f"a class bound to C++, torch.classes.{bad[0] or '…'}"


def _text(reader: Any, record: str) -> str:  # noqa: ANN401 (torch has no type for it)
    content: bytes = reader.get_record(record)
    return content.decode("latin-1")
