"""Build the architecture that a checkpoint's weights belong to.

`torchvision:resnet18` names a model of torchvision and `timm:resnet18d` one of timm. `package.module:factory` names a
module class or a function of the user's own: importing it runs that package's code, which is the user's explicit choice
(the command line, or --trust-model: `config/load.py`), and the working folder is searched last. Both take literal
keyword arguments, parsed and never evaluated: `torchvision:vit_b_16(image_size=64)`. What is named is checked before it
is called, nothing of Python's own library is imported for it, and no weights are downloaded.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from fairaudit.errors import FairauditError, ModelError, suggestion
from fairaudit.models.files.checkpoint import plain_names

_DOWNLOADS = ("weights", "weights_backbone", "pretrained", "pretrained_cfg", "checkpoint_path")
_LIBRARIES = ("torchvision", "timm")
FORMS = "torchvision:NAME, timm:NAME or package.module:factory, with literal arguments if need be: NAME(num_classes=2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arch:
    """An architecture by name, with the literal arguments it is called with."""

    source: str
    """torchvision, or a module that can be imported."""
    name: str
    """The model or the factory."""
    arguments: Mapping[str, object]
    """Keyword arguments."""

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        return f"{self.source}:{self.name}" + (f"({inside})" if inside else "")


def parse_arch(text: str) -> Arch:
    """An architecture from its text.

    Raises:
        ModelError: the text does not have that form, or an argument is no literal.

    >>> str(parse_arch("torchvision:vit_b_16(image_size=64)"))
    'torchvision:vit_b_16(image_size=64)'
    """
    source, colon, call = text.strip().partition(":")
    try:
        parsed = ast.parse(call.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _not_an_arch(text) from None
    arguments: dict[str, object] = {}
    if isinstance(parsed, ast.Call):
        if parsed.args or any(keyword.arg is None for keyword in parsed.keywords):
            raise _not_an_arch(text)
        try:
            arguments = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in parsed.keywords}
        except (ValueError, TypeError, RecursionError, MemoryError):
            raise _not_an_arch(text) from None
        parsed = parsed.func
    dotted = all(part.isidentifier() for part in source.split("."))  # a path or a relative import is none
    if not colon or not dotted or not isinstance(parsed, ast.Name):
        raise _not_an_arch(text)
    return Arch(source=source, name=parsed.id, arguments=arguments)


def build(arch: Arch, state: Mapping[str, Tensor] | None = None, *, size: tuple[int, int] | None = None) -> nn.Module:
    """The architecture with fresh weights.

    For torchvision and timm the number of classes follows from the weights where it is not given: when every tensor of
    another shape only has other first sides than the default 1000, and all the same one, it is that one. A vision
    transformer of torchvision is built for the declared input size.

    Raises:
        ModelError: there is no such architecture, or it cannot be built.
    """
    _no_downloads(arch)
    of_timm = _timm(arch) if arch.source == "timm" else None
    if arch.source != "torchvision" and of_timm is None:
        with _working_folder_importable():
            return _called(_factory(arch), arch, arch.arguments)
    builder = of_timm or _torchvision(arch)
    arguments = dict(arch.arguments)
    if "weights_backbone" in inspect.signature(builder).parameters:
        arguments["weights_backbone"] = None  # torchvision's default downloads them
    if size is not None and size[0] == size[1] and arch.name.startswith("vit_") and of_timm is None:
        arguments.setdefault("image_size", size[0])
    model = _called(builder, arch, arguments)
    given = plain_names(state or {}, list(model.state_dict())).weights
    classes = _number_of_classes(model, given)
    if classes is None or "num_classes" in arguments:
        return model
    return _called(builder, arch, {**arguments, "num_classes": classes})


def _not_an_arch(text: str) -> ModelError:
    return ModelError("The architecture cannot be read", wanted=FORMS, found=f'"{text}"', where="model.arch")


def _torchvision(arch: Arch) -> Callable[..., object]:
    from torchvision.models import get_model_builder, list_models

    known: list[str] = list_models()
    if arch.name not in known:
        advice = suggestion(arch.name, known)
        raise ModelError(f'torchvision has no model called "{arch.name}"', where="model.arch", advice=advice)
    builder: Callable[..., object] = get_model_builder(arch.name)
    return builder


def _timm(arch: Arch) -> Callable[..., object] | None:
    """The builder of a model that timm lists; None for functions of timm, such as create_model.

    Raises:
        ModelError: timm is not installed, or has neither.
    """
    try:
        import timm
    except ImportError as error:
        raise ModelError(
            f'The architecture "{arch}" needs timm',
            found=str(error),
            where="model.arch",
            advice="Install it with `pip install fairaudit[hub]`.",
        ) from error
    if timm.is_model(arch.name):
        return partial(timm.create_model, arch.name, pretrained=False)
    if callable(getattr(timm, arch.name, None)):
        return None
    advice = suggestion(arch.name, timm.list_models())
    raise ModelError(f'timm has no model called "{arch.name}"', where="model.arch", advice=advice)


def _no_downloads(arch: Arch) -> None:
    """Refuse arguments by which a library fetches weights from elsewhere: what is audited is the file alone."""
    if arch.source.partition(".")[0] not in _LIBRARIES:
        return
    asked = [name for name in _DOWNLOADS if arch.arguments.get(name)]
    if asked:
        raise ModelError(
            f'The architecture\'s argument "{asked[0]}" fetches weights from elsewhere',
            wanted="the weights of the model file alone",
            found=str(arch),
            where="model.arch",
            advice="Leave it out.",
        )


def _factory(arch: Arch) -> Callable[..., object]:
    """The class or function named, checked before anything calls it."""
    if _root(arch.source) in sys.stdlib_module_names:
        raise _no_factory(arch, f'the module "{arch.source}", which belongs to Python itself')
    try:
        module = importlib.import_module(arch.source)
    except ModuleNotFoundError as error:
        raise ModelError(
            f'The module "{arch.source}" cannot be imported',
            wanted=FORMS,
            found=str(error),
            where="model.arch",
            advice="Run from the folder that holds it, or install it.",
        ) from error
    except Exception as error:  # a module of the user's own raises what it likes
        raise ModelError(
            f'The module "{arch.source}" cannot be imported',
            found=f"{type(error).__name__}: {error}",
            where="model.arch",
            advice="Correct it, or name another.",
        ) from error
    factory = getattr(module, arch.name, None)
    if not callable(factory):
        public = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        problem = f'The module "{arch.source}" has no function or class called "{arch.name}"'
        raise ModelError(problem, where="model.arch", advice=suggestion(arch.name, public))
    if not _may_be_called(factory):
        raise _no_factory(arch, f"{type(factory).__name__} {_home(factory)}.{arch.name}")
    found: Callable[..., object] = factory
    return found


def _may_be_called(factory: object) -> bool:
    """Whether it is a module class, or a Python function that neither Python itself nor torch defines."""
    if inspect.isclass(factory):
        return issubclass(factory, nn.Module)
    own = inspect.unwrap(factory) if inspect.isfunction(factory) else None
    return inspect.isfunction(own) and not any(
        _root(_home(function)) in {*sys.stdlib_module_names, "torch"} for function in (factory, own)
    )


def _home(factory: object) -> str:
    return str(getattr(factory, "__module__", None) or "builtins")


def _root(module: str) -> str:
    return module.partition(".")[0]


def _no_factory(arch: Arch, found: str) -> ModelError:
    return ModelError(
        "The architecture names something that does not build a model, so it was not called",
        wanted="a torch.nn.Module class, or a function of a package of yours that returns one",
        found=found,
        where=str(arch),
        advice="Write a factory: a function of a module of your own.",
    )


@contextmanager
def _working_folder_importable() -> Iterator[None]:
    """The working folder at the end of the import path: a file there never stands in for an installed package."""
    folder = str(Path.cwd())
    sys.path.append(folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.reverse()
            sys.path.remove(folder)
            sys.path.reverse()


def _called(builder: Callable[..., object], arch: Arch, arguments: Mapping[str, object]) -> nn.Module:
    try:
        inspect.signature(builder).bind(**arguments)
    except (TypeError, ValueError) as error:  # ValueError: a callable without a signature
        advice = "Give what it needs as literal arguments, or write a factory without arguments."
        raise ModelError(
            "The architecture cannot be called", found=str(error), where=str(arch), advice=advice
        ) from error
    try:
        model = builder(**arguments)
    except FairauditError:
        raise
    except Exception as error:  # a factory raises what it likes
        found = f"{type(error).__name__}: {error}"
        raise ModelError("The architecture cannot be built", found=found, where=str(arch)) from error
    if not isinstance(model, nn.Module):
        found = type(model).__name__
        raise ModelError("The architecture is not a model", wanted="a torch.nn.Module", found=found, where=str(arch))
    return model


def _number_of_classes(model: nn.Module, state: Mapping[str, Tensor]) -> int | None:
    own = model.state_dict()
    found: set[int] = set()
    for key, value in own.items():
        given = state.get(key)
        if given is None or given.shape == value.shape:
            continue
        if given.dim() != value.dim() or given.dim() == 0 or given.shape[1:] != value.shape[1:]:
            return None
        found.add(given.shape[0])
    return found.pop() if len(found) == 1 else None
