"""Which architectures open, lift, and are explained by which method, in every form that a file of them can have.

By hand: python tests/benchmarks/architectures.py [--only vit_b_16,convnext_atto] [--processes 2] [--limit 240]
[--until 400] [--threads 1] [--forms eager,script,trace,export,onnx,dynamo] [--side 64] [--out FOLDER]

Random weights, heads that are not 0, settled batch norms. Each architecture runs in a process of its own with a time
limit (`--limit`), the heaviest first; one that takes longer, or ends the process, is a row that says so. `--until` is
the limit of all together. FOLDER/architectures.json and .md are written anew whenever something is known, so that what
was done stays when the run is killed.

Columns: forms that opened and gave the network's outputs to 1e-4 (to 4 times its own rounding where that is more: some
networks with random weights are off by 1e-3 in single precision), of those that torch could write; the lift's largest
deviation over the forms; forms whose LRP maps correlate with the first one's above 0.999; LRP, Grad-CAM and integrated
gradients on two images, "yes" or the reason; processor time of a lift in forward passes of the two images; processor
seconds in all. eager is a checkpoint opened with --arch, onnx is torch's first exporter, dynamo its newer one. --side
takes images of that size where the architecture can be built for them, and its own size elsewhere.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import multiprocessing
import os
import platform
import tempfile
import time
import traceback
import warnings
from multiprocessing.connection import wait
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
HEAVY = (
    *("timm:beit_base_patch16_224", "torchvision:maxvit_t", "timm:maxvit_tiny_tf_224", "timm:hrnet_w18_small"),
    *("torchvision:inception_v3", "torchvision:efficientnet_v2_s", "timm:coatnet_0_rw_224", "torchvision:swin_v2_t"),
    *("timm:vit_base_patch32_clip_224", "torchvision:vit_b_16", "timm:swinv2_cr_tiny_224", "torchvision:swin_t"),
    *("timm:swin_tiny_patch4_window7_224", "timm:res2net50_26w_4s", "timm:cspdarknet53", "torchvision:densenet121"),
    *("timm:densenet121", "torchvision:vgg11_bn", "timm:xcit_nano_12_p16_224", "timm:tf_efficientnetv2_b0"),
    *("timm:cait_xxs24_224", "timm:dla34", "timm:resnetv2_50x1_bit", "timm:dm_nfnet_f0", "torchvision:convnext_tiny"),
)
NAMES = [*HEAVY, *(name for name in NAMES if name not in HEAVY)]
COLUMNS = ("side", "opens", "equal", "lift", "LRP alike", "LRP", "Grad-CAM", "IG", "lift, passes", "seconds")


def called(source, name, arguments):
    """The network, and how `--arch` names it."""
    if source == "torchvision":
        from torchvision.models import get_model

        model = get_model(name, weights=None, **arguments)
    else:
        import timm

        model = timm.create_model(name, **arguments)
    inside = ", ".join(f"{key}={value!r}" for key, value in arguments.items() if key != "init_weights")
    return model, f"{source}:{name}({inside})"


def built(source, name, side):
    """The network for images of a side, how it is named, and the side; its own where it cannot be built for this."""
    if source == "torchvision":
        extra = {"aux_logits": False, "init_weights": True} if name in ("googlenet", "inception_v3") else {}
        own = 299 if name == "inception_v3" else 224
        if name.startswith("vit"):
            extra = {"image_size": side or own}
        elif name.startswith("maxvit") or name in ("alexnet", "squeezenet1_1", "inception_v3"):
            side = own
        return *called(source, name, {"num_classes": 5, **extra}), side or own
    if side is not None:
        try:
            return *called(source, name, {"num_classes": 5, "img_size": side}), side
        except (TypeError, AssertionError, RuntimeError, ValueError):
            pass
    model, arch = called(source, name, {"num_classes": 5})
    own = model.default_cfg["input_size"][1]
    return model, arch, own if side is None or model.default_cfg.get("fixed_input_size") else side


def network(name, side=None):
    """The network with outputs that depend on the image, how it is named, and the side of its images."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    source, _, plain = name.partition(":")
    model, arch, side = built(source, plain, side)
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
    return model.eval().requires_grad_(False), arch, side


def written(model, form, images, folder):
    """A file of the network in this form."""
    import torch

    path = folder / f"model.{ {'export': 'pt2', 'dynamo': 'onnx'}.get(form, form) }"
    if form == "eager":
        torch.save(model.state_dict(), path)
    elif form == "script":
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


def opened(path, arch, form, images):
    """The module that comes out of a file of this form."""
    from fairaudit.config.schema import ModelConfig, PreprocessConfig
    from fairaudit.models.open import open_model

    named = {"arch": arch} if form == "eager" else {}
    config = ModelConfig(output="softmax", classes=[f"c{i}" for i in range(5)], **named)
    preprocess = PreprocessConfig(size=tuple(images.shape[-2:]))
    return open_model(path, config=config, preprocess=preprocess, trust=True).module


def maps_of(known, images, method):
    """What a method found of the classes 1 and 3."""
    import torch

    from fairaudit.saliency.registry import method as make

    return make(method).attribute(known, images, torch.tensor([1, 3]))


def explained(known, images, method):
    """Yes, or the reason why not."""
    import torch

    from fairaudit.errors import FairauditError

    try:
        found = maps_of(known, images, method)
    except FairauditError as error:
        return f"refused: {error.problem}"
    if not bool(torch.isfinite(found.maps).all()) or not bool(found.maps.any()):
        return "NaN or 0"
    if found.residual is not None and float(found.residual.max()) > 0.1:
        return f"yes, gap {float(found.residual.max()):.2f}"
    return "yes"


def passes(module, images):
    """Processor time of a lift over that of a forward pass of the same images, each the smaller of two."""
    import torch

    from fairaudit.models.lift.lift import lift

    def seconds(way):
        begun = time.process_time()
        way()
        return time.process_time() - begun

    with torch.no_grad():
        forward = min(seconds(lambda: module(images)) for _ in range(3))
    return min(seconds(lambda: lift(module, images)) for _ in range(2)) / max(forward, 1e-9)


def told(error):
    """The first line of an error."""
    return f"{type(error).__name__}: {(str(error).strip() or 'nothing said').splitlines()[0][:240]}"


def rounding(model, images, wanted):
    """How far the network's own outputs are from those in double precision, of the largest one; 0 where it has none."""
    import torch

    try:
        with torch.no_grad():
            exact = copy.deepcopy(model).double()(images.double())
    except (RuntimeError, TypeError, ValueError):
        return 0.0
    return float((wanted - exact).abs().max() / exact.abs().max())


def over_forms(name, forms, side, found, send):
    """Opens, equal, lift and LRP of every form; the first form that opened, lifted, and the images."""
    import torch

    model, arch, side = network(name, side)
    found["side"] = side
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = model(images)
    found["rounding"] = rounding(model, images, wanted)
    most = max(1e-4, 4 * found["rounding"])
    found |= {"opens": [], "equal": [], "alike": [], "deviation": {}}
    found |= {"unwritten": {}, "failures": {}, "form_seconds": {}}
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for form in forms:
            begun = time.process_time()
            try:
                path = written(model, form, images, Path(folder))
            except Exception as error:
                found["unwritten"][form] = told(error)
                continue
            try:
                module = opened(path, arch, form, images)
                found["opens"].append(form)
                with torch.no_grad():
                    if float((module(images) - wanted).abs().max() / wanted.abs().max()) <= most:
                        found["equal"].append(form)
                fresh = Known(module, images)
                found["deviation"][form] = float(fresh.graph.deviation)
                mine = maps_of(fresh, images, "lrp").maps
                first = first or (fresh, mine)
                if float(torch.corrcoef(torch.stack((mine.flatten(), first[1].flatten())))[0, 1]) > 0.999:
                    found["alike"].append(form)
            except Exception as error:
                found["failures"][form] = told(error)
            found["form_seconds"][form] = round(time.process_time() - begun, 2)
            send(found)
    return (first[0] if first else None), model, images


def row(name, forms, threads, side, send):
    """All of one architecture, sent column by column so that a time limit keeps what is known."""
    import torch

    torch.set_num_threads(threads)
    warnings.simplefilter("ignore")
    start, found = time.process_time(), {}
    try:
        known, model, images = over_forms(name, forms, side, found, send)
        if known is not None:
            for column, method in (("lrp", "lrp"), ("gradcam", "gradcam"), ("ig", "integrated_gradients")):
                begun = time.process_time()
                found[column] = explained(known, images, method)
                found[f"{column}_seconds"] = round(time.process_time() - begun, 2)
                send(found)
        found["passes"] = passes(model, images)
    except Exception:
        found["crash"] = traceback.format_exc().strip().splitlines()[-1][:200]
    found["seconds"] = time.process_time() - start
    send(found)


def child(name, forms, threads, side, sender):
    """A process of one architecture: what its libraries print is dropped, tracebacks are in the row."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    row(name, forms, threads, side, sender.send)


class Job:
    """An architecture that is being run."""

    def __init__(self, name, *, forms, threads, side):
        context = multiprocessing.get_context("fork")  # imports are shared, and no thread of torch has run here
        self.name, self.begun, self.found = name, time.monotonic(), {}
        self.receiver, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=child, args=(name, forms, threads, side, sender))
        self.process.start()
        sender.close()

    def receive(self):
        """Take what it has sent; whether it is over."""
        try:
            while self.receiver.poll():
                self.found = self.receiver.recv()
        except (EOFError, OSError):
            if "seconds" not in self.found:
                self.process.join(5)
                self.found["crash"] = f"ended with code {self.process.exitcode}"
            return True
        return "seconds" in self.found

    def end(self, why=None):
        """Kill it if it still runs."""
        if why is not None:
            self.found["crash"] = why
            self.process.kill()
        self.process.join(20)
        if self.process.is_alive():
            self.process.kill()


def swept(names, *, processes, limit, until, changed, **how):
    """Every architecture in a process of its own, one thread here; `changed` gets all rows when one is new."""
    waiting, running, rows, end = list(names), [], {}, time.monotonic() + until
    while waiting or running:
        while waiting and len(running) < processes:
            running.append(Job(waiting.pop(0), **how))
        wait([job.receiver for job in running], timeout=1.0)
        late = time.monotonic() > end
        for job in list(running):
            over = job.receive()
            rows[job.name] = job.found
            if not over and (late or time.monotonic() > job.begun + limit):
                job.end("over the limit of all together" if late else "over its time limit")
                over = True
            elif over:
                job.end()
            if over:
                running.remove(job)
        if late:
            rows |= {name: {"crash": "not begun: over the limit of all together"} for name in waiting}
            waiting = []
        changed(rows)
    return rows


def line(name, found, forms):
    """A row of the table: forms are counted of those that torch wrote."""
    files = len(forms) - len(found.get("unwritten", ()))
    counts = (f"{len(found.get(key, []))}/{files}" for key in ("opens", "equal"))
    lifts = found.get("deviation") or {}
    cells = [
        name,
        str(found.get("side", "–")),
        *counts,
        f"{max(lifts.values()):.0e}" if lifts else "–",
        f"{len(found.get('alike', []))}/{files}",
        *(found.get(column, "–") for column in ("lrp", "gradcam", "ig")),
        f"{found['passes']:.1f}" if "passes" in found else "–",
        f"{found['seconds']:.0f}" if "seconds" in found else found.get("crash", "not finished"),
    ]
    return "| " + " | ".join(cells) + " |"


def notes(rows):
    """Forms that did not open, and crashes."""
    for name, found in rows:
        for form, why in found.get("unwritten", {}).items():
            yield f"- {name}, {form}: not written by torch: {why}"
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
    print("\n| form | written | opens | equal | lifted | LRP alike |\n|" + " --- |" * 6, file=out)
    for form in forms:
        counts = [
            sum(form in found.get(key, ()) for _, found in rows) for key in ("opens", "equal", "deviation", "alike")
        ]
        files = len(rows) - sum(form in found.get("unwritten", ()) for _, found in rows)
        print(f"| {form} | {files} | " + " | ".join(map(str, counts)) + " |", file=out)
    print(file=out)
    for column in ("lrp", "gradcam", "ig"):
        right = sum(str(found.get(column, "")).startswith("yes") for _, found in rows)
        print(f"{column}: {right} of {len(rows)}", file=out)
    print(f"finished: {sum('seconds' in found for _, found in rows)} of {len(rows)}", file=out)
    print(*notes(rows), sep="\n", file=out)
    return out.getvalue()


def versions():
    """Of the machine and of the libraries."""
    import importlib.metadata as metadata

    names = ("torch", "torchvision", "timm", "onnx", "onnxscript", "onnxruntime", "zennit")
    known = {part.metadata["Name"]: part.version for part in metadata.distributions()}
    return {"python": platform.python_version(), "cores": os.cpu_count()} | {n: known.get(n) for n in names}


def keeper(folder, names, forms):
    """A function that writes the two files, whole or not at all, and prints rows that are finished."""
    printed, before = set(), ""

    def changed(rows):
        nonlocal before
        for name, found in rows.items():
            if name not in printed and ("seconds" in found or "crash" in found):
                printed.add(name)
                print(line(name, found, forms), flush=True)
        text = json.dumps({"versions": versions_now, "forms": forms, "rows": rows}, indent=1)
        if folder is None or text == before:
            return
        before = text
        for suffix, content in (("json", text), ("md", table([(n, rows[n]) for n in names if n in rows], forms))):
            part = folder / f"architectures.{suffix}.part"
            part.write_text(content, encoding="utf-8")
            part.replace(folder / f"architectures.{suffix}")

    versions_now = versions()
    return changed


def imported():
    """Import what every process needs, before it is forked; what is not installed shows in the rows."""
    import importlib

    names = ("torchvision", "timm", "torch.export", "torch._dynamo", "torch.onnx", "onnx", "onnx.reference")
    ours = ("fairaudit.models.open", "fairaudit.saliency.registry", "fairaudit.models.lift.lift")
    for name in (*names, "onnxscript", "onnxruntime", *ours):
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"not imported: {name}: {error}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=float, default=240.0)
    parser.add_argument("--until", type=float, default=float("inf"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--side", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    forms = [form for form in given.forms.split(",") if form]
    only = [part for part in given.only.split(",") if part]
    names = [name for name in NAMES if not only or any(name.endswith(f":{part}") or name == part for part in only)]
    imported()
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
    rows = swept(
        names,
        processes=given.processes,
        limit=given.limit,
        until=given.until,
        changed=keeper(given.out, names, forms),
        forms=forms,
        threads=given.threads,
        side=given.side,
    )
    print("\n" + table([(name, rows[name]) for name in names], forms))


if __name__ == "__main__":
    main()
