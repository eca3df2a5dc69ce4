"""Open a generator: a built-in one, a TorchScript archive, a checkpoint with its factory, or a diffusers folder."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from fairaudit.errors import ModelError
from fairaudit.files import reason
from fairaudit.generators.autoencoder import Autoencoder
from fairaudit.generators.checkpoint import built_in_metadata, load_generator
from fairaudit.generators.cvae import ConditionalVae
from fairaudit.generators.generator import Generator, GeneratorFormat
from fairaudit.models.files.arch import build, parse_arch
from fairaudit.models.files.checkpoint import find_weights, load_weights
from fairaudit.models.files.container import container, digest
from fairaudit.models.files.formats import load_script

Coder = Callable[[Tensor], Tensor]


def open_generator(path: Path, *, arch: str | None = None, device: str = "cpu", trust: bool = False) -> Generator:
    """A generator from a file or a folder.

    Opening a TorchScript archive runs its own operations (`__setstate__`); no other format runs anything.

    Args:
        path: a file of `fairaudit generator train`, a TorchScript archive with `encode` and `decode`, a checkpoint or
            safetensors file with `arch`, or a diffusers folder of a VQModel or AutoencoderKL with safetensors weights.
        arch: package.module:factory for a checkpoint.
        device: torch device.
        trust: whether a TorchScript archive may reach files.

    Raises:
        TrustError: a TorchScript archive reaches files, or could, and is not trusted.
        ModelError: it cannot be opened, or it has no encode and decode. A conditional VAE is no plain generator.
    """
    place = torch.device(device)
    path = trained_file(path)
    if path.is_dir():
        return _diffusers(path, place)
    kind = container(path)
    if kind == "torchscript":
        return _wrapped(path, load_script(path, device=place, trust=trust).module, "torchscript", place)
    if kind == "safetensors" and built_in_metadata(path) is not None:
        return _built_in(path, place)
    if kind not in ("safetensors", "pickle-zip", "pickle-legacy"):
        raise _not_a_generator(path, f"a file of the kind {kind}")
    return _from_factory(path, kind, arch, place)


def trained_file(path: Path) -> Path:
    """The generator in a folder that `fairaudit generator train` wrote; any other path as it is."""
    inside = path / "generator.safetensors"
    return inside if inside.is_file() else path


def conditional_vae(path: Path, *, attribute: str = "ATTRIBUTE") -> ConditionalVae:
    """A conditional VAE from its file, or from the folder that it was trained into.

    Args:
        path: file or folder.
        attribute: what it is to draw, for the advice where the file draws nothing.

    Raises:
        ModelError: there is no such file, it is damaged, or it is no conditional VAE.
    """
    file = trained_file(path)
    container(file)  # tells a file that does not exist
    model = load_generator(file)
    if not isinstance(model, ConditionalVae):
        raise ModelError(
            "This generator draws no attribute",
            wanted="a conditional VAE",
            found="an autoencoder",
            where=str(path),
            advice=f"Train one with `fairaudit generator train --kind cvae --condition {attribute}`.",
        )
    return model


def describe(path: Path, *, arch: str | None = None, trust: bool = False) -> str:
    """What a generator file is, in one line; conditional VAEs too, although they are no plain generators.

    Raises:
        ModelError: it cannot be opened.
    """
    path = trained_file(path)
    if path.is_file() and container(path) == "safetensors" and built_in_metadata(path) is not None:
        model = load_generator(path)
        if not isinstance(model, Autoencoder):
            settings, count = model.settings, sum(parameter.numel() for parameter in model.parameters())
            sizes = " x ".join(str(side) for side in (settings.channels, *settings.size))
            labels = [("target", settings.target_name, settings.target)]
            labels += [("attribute", name, values) for name, values in settings.attributes]
            values = "; ".join(f"{kind} {f'{name}: ' if name else ''}{', '.join(each)}" for kind, name, each in labels)
            return f"{path.name}: cvae (fairaudit), {count:,} parameters, images {sizes}, {values}"
    return open_generator(path, arch=arch, trust=trust).describe()


def _built_in(path: Path, device: torch.device) -> Generator:
    # Its convolutions take half the time with the channels last.
    model = load_generator(path).to(device).to(memory_format=torch.channels_last)
    if not isinstance(model, Autoencoder):
        raise ModelError(
            "A conditional VAE cannot be used here, because it needs target and attribute",
            wanted="an autoencoder",
            found="a conditional VAE",
            where=str(path),
            advice="Use it for interpolations, and train an autoencoder for Latent Shift.",
        )
    settings = model.settings
    return _generator(
        path, model, "fairaudit", model.kind, (model.encode, model.decode), device, (settings.channels, *settings.size)
    )


def _from_factory(path: Path, kind: str, arch: str | None, device: torch.device) -> Generator:
    # Read first: that a file is cut short is no question of an architecture.
    weights = _tensors(path) if kind == "safetensors" else find_weights(_unpickled(path), where=str(path))
    if arch is None:
        raise ModelError(
            "The file holds weights only",
            wanted="the factory that builds the generator",
            found="no --generator-arch",
            where=str(path),
            advice="Give --generator-arch package.module:factory, or save the generator as a TorchScript archive.",
        )
    module = build(parse_arch(arch))
    load_weights(module, weights, arch=arch, where=str(path))
    written_as: GeneratorFormat = "safetensors" if kind == "safetensors" else "state-dict"
    return _wrapped(path, module.to(device), written_as, device)


def _diffusers(path: Path, device: torch.device) -> Generator:
    """A VQModel or AutoencoderKL of the diffusers library, which is an extra, from its config.json and safetensors."""
    config, weights = path / "config.json", path / "diffusion_pytorch_model.safetensors"
    if not (config.is_file() and weights.is_file()):
        raise _not_a_generator(path, "a folder without config.json and diffusion_pytorch_model.safetensors")
    name = _class_name(config)
    if name not in ("VQModel", "AutoencoderKL"):
        raise _not_a_generator(path, f"a diffusers folder of the class {name}")
    try:
        library = importlib.import_module("diffusers")
    except ModuleNotFoundError as error:
        raise ModelError(
            "A diffusers folder needs the diffusers library",
            where=str(path),
            advice='Install it: pip install "fairaudit[diffusers]".',
        ) from error
    try:
        module = getattr(library, name).from_pretrained(str(path), use_safetensors=True)
        module = module.to(device)
    except Exception as error:  # the configuration may say anything
        raise ModelError("The diffusers folder cannot be opened", found=reason(error), where=str(path)) from error
    coders = _kl_coders(module) if name == "AutoencoderKL" else _vq_coders(module)
    return _generator(weights, module, "diffusers", name, coders, device, None)


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except Exception as error:
        raise ModelError(
            "The generator's file is cut short or damaged", found=reason(error), where=str(path)
        ) from error


def _unpickled(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises nearly anything on a damaged file
        raise ModelError(
            "The generator's weights cannot be read without running code",
            wanted="a state dict of tensors",
            found=reason(error),
            where=str(path),
            advice="Save its state_dict(), best as safetensors, or the generator as a TorchScript archive.",
        ) from error


def _class_name(config: Path) -> str | None:
    try:
        found = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError("The generator's configuration is not JSON", found=reason(error), where=str(config)) from error
    return str(found.get("_class_name")) if isinstance(found, dict) else None


def _kl_coders(module: nn.Module) -> tuple[Coder, Coder]:
    """The posterior's mode, so that the latent is deterministic; images are in [−1, 1] inside."""
    return (
        lambda images: module.encode(2 * images - 1).latent_dist.mode(),  # type: ignore[operator]
        lambda latents: ((module.decode(latents).sample + 1) / 2).clamp(0, 1),  # type: ignore[operator]
    )


def _vq_coders(module: nn.Module) -> tuple[Coder, Coder]:
    """The quantised code map, moved without quantising it again, as the published program does."""

    def encode(images: Tensor) -> Tensor:
        latents = module.encode(2 * images - 1).latents  # type: ignore[operator]
        quantised: Tensor = module.quantize(latents)[0]  # type: ignore[operator]
        return quantised

    def decode(latents: Tensor) -> Tensor:
        images: Tensor = module.decode(latents, force_not_quantize=True).sample  # type: ignore[operator]
        return ((images + 1) / 2).clamp(0, 1)

    return encode, decode


def _wrapped(path: Path, module: nn.Module, written_as: GeneratorFormat, device: torch.device) -> Generator:
    coders = tuple(getattr(module, name, None) for name in ("encode", "decode"))
    missing = [name for name, coder in zip(("encode", "decode"), coders, strict=True) if not callable(coder)]
    if missing:
        raise _not_a_generator(path, f"a module without {' and '.join(missing)}")
    encode, decode = coders
    kind = getattr(module, "original_name", type(module).__name__)
    return _generator(path, module, written_as, str(kind), (encode, decode), device, None)  # type: ignore[arg-type]


def _generator(
    path: Path,
    module: nn.Module,
    written_as: GeneratorFormat,
    kind: str,
    coders: tuple[Coder, Coder],
    device: torch.device,
    shape: tuple[int, int, int] | None,
) -> Generator:
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return Generator(
        name=path.name,
        path=path,
        sha256=digest(path),
        format=written_as,
        kind=kind,
        module=module,
        encoder=coders[0],
        decoder=coders[1],
        image_shape=shape,
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        device=device,
    )


def _not_a_generator(path: Path, found: str) -> ModelError:
    return ModelError(
        "This is not a generator",
        wanted="encode and decode: a file of `fairaudit generator train`, a TorchScript archive with both methods, "
        "a checkpoint with --generator-arch, or a diffusers folder of a VQModel or AutoencoderKL",
        found=found,
        where=str(path),
    )
