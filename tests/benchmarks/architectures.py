"""Which architectures open, lift, and are explained by which method, in every form that a file of them can have.

By hand: python tests/benchmarks/architectures.py [--only vit_b_16,convnext_atto] [--processes 2] [--limit 240]
[--threads 1] [--forms eager,script,trace,export,onnx,dynamo] [--side 64] [--out FILE.md]

Random weights, heads that are not 0, settled batch norms. Each architecture runs in a process of its own with a time
limit; one that takes longer, or ends the process, is a row that says so. Columns: forms that opened and gave the eager
network's outputs to 1e-4; the lift's largest deviation over the forms; LRP, Grad-CAM and integrated gradients on two
images, "yes" or the reason; processor seconds in all. onnx is torch's first exporter, dynamo its newer one. --side
takes images of that size where the architecture can be built for them, and its own size elsewhere.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import tempfile
import time
import traceback
import warnings
from pathlib import Path

FORMS = ("eager", "script", "trace", "export", "onnx", "dynamo")
TORCHVISION = (
    *("alexnet", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "densenet121", "inception_v3", "googlenet"),
    *("squeezenet1_1", "shufflenet_v2_x1_0", "mobilenet_v2", "mobilenet_v3_small", "mnasnet1_0", "efficientnet_b0"),
    *("efficientnet_v2_s", "regnet_y_400mf", "regnet_x_400mf", "convnext_tiny", "vit_b_16", "swin_t", "swin_v2_t"),
    "maxvit_t",
)
TIMM = (
    *(
        "resnet26d",
        "seresnext26t_32x4d",
        "resnetv2_50x1_bit",
        "regnety_004",
        "nf_resnet26",
        "dm_nfnet_f0",
        "ghostnet_100",
    ),
    *(
        "mobilenetv3_small_100",
        "mobilenetv4_conv_small",
        "efficientnet_b0",
        "tf_efficientnetv2_b0",
        "efficientnet_lite0",
    ),
    *("convnext_atto", "convnextv2_atto", "cspdarknet53", "dla34", "repvgg_a0", "hrnet_w18_small", "res2net50_26w_4s"),
    *("resnest14d", "skresnet18", "ecaresnet26t", "densenet121", "vit_tiny_patch16_224", "deit_tiny_patch16_224"),
    *(
        "deit_tiny_distilled_patch16_224",
        "eva02_tiny_patch14_224",
        "vit_base_patch32_clip_224",
        "beit_base_patch16_224",
    ),
    *("swin_tiny_patch4_window7_224", "swinv2_cr_tiny_224", "coatnet_0_rw_224", "maxvit_tiny_tf_224", "mobilevit_xxs"),
    *("mobilevitv2_050", "mixer_s32_224", "poolformer_s12", "cait_xxs24_224", "xcit_nano_12_p16_224"),
)
NAMES = [*(f"torchvision:{name}" for name in TORCHVISION), *(f"timm:{name}" for name in TIMM)]
COLUMNS = ("side", "opens", "equal", "lift", "lrp", "gradcam", "ig", "seconds")


def built(source, name, side):
    """The network for images of a side, and the side; its own where it cannot be built for this one."""
    if source == "torchvision":
        import torchvision

        extra = {"aux_logits": False, "init_weights": True} if name in ("googlenet", "inception_v3") else {}
        own = 299 if name == "inception_v3" else 224
        if name.startswith("vit"):
            extra = {"image_size": side or own}
        elif name.startswith("maxvit") or name in ("alexnet", "squeezenet1_1", "inception_v3"):
            side = own
        return torchvision.models.get_model(name, weights=None, num_classes=5, **extra), side or own
    import timm

    if side is not None:
        try:
            return timm.create_model(name, num_classes=5, img_size=side), side
        except (TypeError, AssertionError, RuntimeError, ValueError):
            pass
    model = timm.create_model(name, num_classes=5)
    own = model.default_cfg["input_size"][1]
    return model, own if side is None or model.default_cfg.get("fixed_input_size") else side


def network(name, side=None):
    """The network with outputs that depend on the image, and the side of its images."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    source, _, plain = name.partition(":")
    model, side = built(source, plain, side)
    for part in model.modules():
        if isinstance(part, nn.Linear) and not bool(part.weight.any()):
            nn.init.normal_(part.weight, 0, 0.1)
    model.train()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in model.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.momentum = None
            if isinstance(part, nn.Dropout):
                part.p = 0.0
        model(torch.randn(4, 3, side, side))
    return model.eval().requires_grad_(False), side


def written(model, form, images, folder):
    """A file of the network in this form, or the network itself."""
    import torch

    path = folder / f"model.{ {'export': 'pt2', 'dynamo': 'onnx'}.get(form, form) }"
    if form == "script":
        torch.jit.save(torch.jit.script(model), path)
    elif form == "trace":
        torch.jit.save(torch.jit.trace(model, images, check_trace=False), path)
    elif form == "export":
        batch = torch.export.Dim("batch", min=1, max=64)
        torch.export.save(torch.export.export(model, (images,), dynamic_shapes=({0: batch},)), path)
    elif form == "dynamo":
        shapes = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(model, (images,), path, dynamo=True, dynamic_shapes=shapes, verbose=False)
    elif form == "onnx":
        torch.onnx.export(
            model, (images,), path, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}}, opset_version=17
        )
    return path


class Known:
    """What attribution needs of a classifier."""

    def __init__(self, module, images):
        from fairaudit.models.lift.lift import lift

        self.module, self.graph = module, lift(module, images)

    def normalise(self, images):
        return images

    def seed(self, classes):
        from torch.nn import functional as F

        return F.one_hot(classes, 5).float()

    def scores(self, logits):
        return logits.double().softmax(1)

    def lifted(self, example):
        return self.graph


def opened(model, form, images, folder):
    """The module that comes out of a file of this form."""
    if form == "eager":
        return model
    from fairaudit.config.schema import ModelConfig, PreprocessConfig
    from fairaudit.models.open import open_model

    path = written(model, form, images, folder)
    config = ModelConfig(output="softmax", classes=[f"c{i}" for i in range(5)])
    preprocess = PreprocessConfig(size=tuple(images.shape[-2:]))
    return open_model(path, config=config, preprocess=preprocess, trust=True).module


def explained(known, images, method):
    """Yes with the seconds it took, or the reason why not."""
    import torch

    from fairaudit.errors import FairauditError
    from fairaudit.saliency.registry import method as make

    try:
        found = make(method).attribute(known, images, torch.tensor([1, 3]))
    except FairauditError as error:
        return f"refused: {error.problem}"
    if not bool(torch.isfinite(found.maps).all()) or not bool(found.maps.any()):
        return "NaN or 0"
    if found.residual is not None and float(found.residual.max()) > 0.1:
        return f"yes, gap {float(found.residual.max()):.2f}"
    return "yes"


def row(name, forms, threads, side, send):
    """All of one architecture, sent column by column so that a time limit keeps what is known."""
    import torch

    torch.set_num_threads(threads)
    warnings.simplefilter("ignore")
    start, found = time.process_time(), {}
    try:
        model, side = network(name, side)
        found["side"] = side
        images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            wanted = model(images)
        opens, equal, lifts, failures = [], [], [], {}
        known = None
        with tempfile.TemporaryDirectory() as folder:
            for form in forms:
                try:
                    module = opened(model, form, images, Path(folder))
                    opens.append(form)
                    with torch.no_grad():
                        gap = float((module(images) - wanted).abs().max() / wanted.abs().max())
                    if gap <= 1e-4:
                        equal.append(form)
                    fresh = Known(module, images)
                    lifts.append(fresh.graph.deviation)
                    known = known or fresh
                except Exception as error:
                    failures[form] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}"
                found |= {"opens": opens, "equal": equal, "lift": max(lifts, default=None), "failures": failures}
                send(found)
        if known is not None:
            for column, method in (("lrp", "lrp"), ("gradcam", "gradcam"), ("ig", "integrated_gradients")):
                begun = time.perf_counter()
                found[column] = explained(known, images, method)
                found[f"{column}_seconds"] = time.perf_counter() - begun
                send(found)
    except Exception:
        found["crash"] = traceback.format_exc().strip().splitlines()[-1][:160]
    found["seconds"] = time.process_time() - start
    send(found)


def limited(name, forms, threads, limit, side):
    """The row, or as much of it as there is when the time is over."""
    context = multiprocessing.get_context("fork")  # imports are shared, and no thread of torch has run here
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(name, forms, threads, side, sender))
    process.start()
    sender.close()
    found, end = {}, time.monotonic() + limit
    while time.monotonic() < end and "seconds" not in found:
        if receiver.poll(0.2):
            try:
                found = receiver.recv()
            except EOFError:
                break
        elif not process.is_alive():
            break
    if "seconds" not in found:
        found["crash"] = "over the time limit" if process.is_alive() else f"ended with code {process.exitcode}"
        process.kill()
    process.join()
    return name, found


def _child(name, forms, threads, side, sender):
    row(name, forms, threads, side, sender.send)


def line(name, found, forms):
    """A row of the table."""
    opens, equal = found.get("opens", []), found.get("equal", [])
    lift = found.get("lift")
    cells = [
        name,
        str(found.get("side", "–")),
        f"{len(opens)}/{len(forms)}",
        f"{len(equal)}/{len(forms)}",
        "–" if lift is None else f"{lift:.0e}",
        *(found.get(column, "–") for column in ("lrp", "gradcam", "ig")),
        f"{found['seconds']:.0f}" if "seconds" in found else found.get("crash", "–"),
    ]
    return "| " + " | ".join(cells) + " |"


def notes(rows):
    """Forms that did not open, and crashes."""
    for name, found in rows:
        for form, why in found.get("failures", {}).items():
            yield f"- {name}, {form}: {why}"
        if "crash" in found:
            yield f"- {name}: {found['crash']}"


def table(rows, forms):
    """The whole result as Markdown."""
    out = io.StringIO()
    print("| architecture | " + " | ".join(COLUMNS) + " |", file=out)
    print("|" + " --- |" * (len(COLUMNS) + 1), file=out)
    for name, found in rows:
        print(line(name, found, forms), file=out)
    count = len(rows)
    for column in ("lrp", "gradcam", "ig"):
        right = sum(str(found.get(column, "")).startswith("yes") for _, found in rows)
        print(f"{'' if column != 'lrp' else chr(10)}{column}: {right} of {count}", file=out)
    for label in ("opens", "equal"):
        print(f"{label}: {sum(len(f.get(label, [])) for _, f in rows)} of {count * len(forms)}", file=out)
    print(*notes(rows), sep="\n", file=out)
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--forms", default="eager,script,trace,export,onnx")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=float, default=240.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--side", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    forms = [form for form in given.forms.split(",") if form]
    only = [part for part in given.only.split(",") if part]
    names = [name for name in NAMES if not only or any(name.endswith(f":{part}") or name == part for part in only)]
    found = {}
    from concurrent.futures import ThreadPoolExecutor, as_completed

    import timm  # noqa: F401 - in the parent, so that every child has them
    import torchvision  # noqa: F401

    from fairaudit.models.open import open_model  # noqa: F401
    from fairaudit.saliency.registry import method  # noqa: F401

    with ThreadPoolExecutor(given.processes) as pool:
        jobs = [pool.submit(limited, name, forms, given.threads, given.limit, given.side) for name in names]
        for job in as_completed(jobs):
            name, result = job.result()
            found[name] = result
            print(line(name, result, forms), flush=True)
            if given.out is not None:
                given.out.write_text(table([(n, found[n]) for n in names if n in found], forms))
    print("\n" + table([(name, found[name]) for name in names], forms))


if __name__ == "__main__":
    main()
