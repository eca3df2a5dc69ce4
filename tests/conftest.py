"""Fixtures that several packages share; the full demonstration is made once per session."""

import contextlib
import functools
import gc
import hashlib
import importlib
import importlib.util
import io
import os
import sys
import tempfile
import time
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer.testing
from hypothesis import settings
from hypothesis.internal.conjecture import providers

from fairaudit.report.figures import style

# A busy machine is no failure: examples have no time limit of their own. A release is not refused by chance either: the
# same examples every time, and others where they are asked for (FAIRAUDIT_EXAMPLES=new).
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None)
settings.load_profile("new" if os.environ.get("FAIRAUDIT_EXAMPLES") == "new" else "steady")
# Nor do they depend on which modules a worker has loaded, whose constants would be among them.
providers._get_local_constants = lambda: providers._local_constants


class _Rfc3987(types.ModuleType):
    """What jsonschema asks about addresses; the module builds three dozen grammars when it is imported."""

    def is_valid_syntax(self, term: str, value: str) -> bool:
        """Its answer, for which it is imported once."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return importlib.import_module(self.__name__).is_valid_syntax(term, value)


if importlib.util.find_spec("rfc3987_syntax") is not None:
    sys.modules.setdefault("rfc3987_syntax", _Rfc3987("rfc3987_syntax"))
gc.disable()  # until everything is collected, of which next to nothing is garbage
os.environ.setdefault("MPLBACKEND", "Agg")
# Every worker computes on one thread: several that each take all cores wait for one another most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test cuts the power: what is written need not be on the disk before it goes on.
os.fsync = lambda _descriptor: None
# Python keeps what it compiled, whatever the machine's setting: every program that a test starts would compile it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Run stores are sealed with a secret of the tests, and none is written into the home folder.
os.environ.setdefault("FAIRAUDIT_STORE_KEY", "tests")


def words_of(report):
    """(kind, word) of every name in a report that is not the data's or the user's own."""
    found = {("exit code", str(report.gate.exit_code)), ("gate state", report.gate.state)}
    found |= {("gate state", rule.state) for rule in report.gate.rules}
    for verdict in report.verdicts:
        found |= {("verdict", verdict.verdict), ("use", verdict.attribute_used), ("use", verdict.region_used)}
    for m in report.measurements:
        found |= {("metric", m.metric), ("status", m.status), ("audit", m.audit), ("interval", m.interval)}
        if m.audit in ("mitigate", "saliency", "roi-metrics"):  # elsewhere the user's own names
            # A variant at one φ of several is explained as the variant, and two methods compared as either.
            found |= {("any", name) for name in (m.method or "").partition(" (φ ")[0].split(" against ") if name}
    return {(kind, word) for kind, word in found if word is not None}


@pytest.fixture(scope="session", autouse=True)
def every_name_is_explained():
    """Whatever report any test writes, of whatever command: `fairaudit explain` knows every name in it."""
    from fairaudit.report.explain import explanations
    from fairaudit.results import store

    known = {(kind, each.name) for each in explanations() for kind in (each.kind, "any")}
    written = store.report_text

    def checked(report):
        unknown = sorted(words_of(report) - known)
        assert not unknown, f"fairaudit explain does not know {unknown}"
        return written(report)

    store.report_text = checked
    yield checked
    store.report_text = written


PLAIN = [False]
"""Whether figures are one pixel: building and rendering them takes four fifths of a small audit."""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)
"""A PNG of one black pixel."""


class Blank:
    """A figure of which nothing is built: whatever is asked of it, or of what it answers, is as blank."""

    def __getattr__(self, name):
        if name.startswith("__"):  # numpy asks for protocols
            raise AttributeError(name)
        return self

    __call__ = __getitem__ = lambda self, *_, **__: self

    def __iter__(self):
        return iter(())

    def subplots(self, down=1, across=1, *, squeeze=True, **_):
        """As many axes, in the same shape."""
        grid = np.full((down, across), self, dtype=object)
        return grid if not squeeze else grid.squeeze().item() if grid.size == 1 else grid.squeeze()

    def get_xlim(self):
        return 0.0, 1.0

    def get_figheight(self):
        return 1.0

    def get_size_inches(self):
        return 8.0, 5.0

    def get_legend_handles_labels(self):
        return [], []

    get_ylim = get_xlim


def _unbuilt_where_it_is_not_looked_at():
    """Figures are taken from `style` by name, so that it is changed before any module of figures is imported."""
    build, render = style.new_figure, style.png
    style.new_figure = lambda *size, **more: Blank() if PLAIN[0] else build(*size, **more)
    style.png = lambda figure: PIXEL if isinstance(figure, Blank) else render(figure)


def _nothing_frozen_for_a_pixel():
    """The test process has frozen about a million objects, which every drawing of figures would count."""
    frozen = drawn._older_objects_left_alone
    drawn._older_objects_left_alone = lambda: contextlib.nullcontext() if PLAIN[0] else frozen()


_unbuilt_where_it_is_not_looked_at()
from fairaudit.audits.core.report import drawn  # noqa: E402 (it may import figures)

_nothing_frozen_for_a_pixel()
# Typer builds every command anew for each that a test runs, which takes longer than most refusals.
typer.testing._get_command = functools.cache(typer.testing._get_command)


LONGEST = (
    *("audits/demo/test_demo.py", "cli/test_ray.py", "audits/test_biased_mnist.py", "audits/pruning/test_run.py"),
    *(
        "cli/test_resume.py",
        "cli/test_fairness.py",
        "cli/test_readme_runs.py",
        "test_fuzz.py",
        "pruning/test_protocol.py",
    ),
    *("demo/test_make.py", "models/lift/test_lift.py", "test_gpu_benchmark.py", "cli/test_roi_metrics.py"),
    *("audits/mitigation/test_run.py", "cli/test_mitigate.py", "cli/test_prune.py", "cli/test_jobs.py"),
    *("audits/test_twin_alignment.py", "audits/discovery/test_audit.py", "cli/test_selftest.py"),
)
"""Files that take longest, which begin first: none is left for one worker while the others have nothing to do."""


def pytest_configure(config):
    """Workers take files in the order of the collection, not by the number of their tests."""
    assert all((Path(__file__).parent / name).is_file() for name in LONGEST)
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """The longest files first, the others in their order."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish():
    """What all tests share is looked through by no garbage collection: eight thousand tests and every module."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_runtest_setup(item):
    """Before any fixture: whether this test's figures are built."""
    of_figures = item.path.relative_to(Path(__file__).parent).parts[0] == "report"
    PLAIN[0] = not of_figures and item.get_closest_marker("drawn") is None


NOBODY = 65534
"""A user that owns nothing."""


@contextlib.contextmanager
def without_privileges(user):
    """As this user where this process is root, which may write everywhere; as it is where it is not."""
    root = os.geteuid() == 0
    if root:
        try:
            os.setresuid(user, user, 0)
        except OSError:
            pytest.skip("root may not become another user here")
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


@pytest.fixture
def read_only():
    """`with read_only() as folder:` an empty folder that may be read and not written, by root no more than by others.

    It is no folder of pytest's, which lie where root alone may look. What is used inside has to be imported before.
    """

    @contextlib.contextmanager
    def opened():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o555)
            with without_privileges(NOBODY):
                if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
                    pytest.skip("temporary files lie where root alone may look")
                yield folder
            folder.chmod(0o700)

    return opened


MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist"


@contextlib.contextmanager
def scripts():
    """Loads programs beside the tests, which are no modules of any package."""
    loaded = []

    def load(path):
        spec = importlib.util.spec_from_file_location(f"script_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        loaded.append(spec.name)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def script():
    """Loads a program beside the tests."""
    with scripts() as load:
        yield load


def once(folder, make):
    """Makes a folder's content in one worker of all, while the others wait for it."""
    done, failed = folder.with_suffix(".done"), folder.with_suffix(".failed")
    try:
        folder.with_suffix(".lock").mkdir()
    except FileExistsError:
        while not (done.exists() or failed.exists()):
            time.sleep(0.5)
        assert done.exists(), f"another worker could not make {folder.name}"
        return
    try:
        make()
        done.touch()
    except BaseException:
        failed.touch()
        raise


def common(tmp_path_factory, worker_id):
    """The folder that all workers share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


def as_trained(scene, path, **_):
    """In place of training: the network that it gave once, with seed 0 and the full recipe."""
    from safetensors.torch import load_file

    from fairaudit.demo.network import smile_network
    from fairaudit.demo.train import save_script

    network = smile_network()
    network.load_state_dict(load_file(Path(__file__).parent / "demo" / f"smile-{path.stem}.safetensors"))
    save_script(network, path)


@contextlib.contextmanager
def digits_as_trained(name):
    """In place of training on Biased-MNIST's digits: "biased" or "even", with seed 0 and as many epochs as it took."""
    from safetensors.torch import load_file

    from fairaudit.demo import biased_mnist

    stored = load_file(Path(__file__).parent / "demo" / f"digits-{name}.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(biased_mnist, "train", lambda network, *_, **__: network.load_state_dict(stored))
        patch.setattr(biased_mnist, "Loader", _FirstRows)
        yield


class _FirstRows:
    """A loader of the first ten rows, for images that nothing is trained on."""

    def __init__(self, *arguments, **settings):
        from fairaudit.data.loader import Loader

        self.loader = Loader(*arguments, **settings)

    def load(self, rows):
        return self.loader.load(rows[:10])


@pytest.fixture(scope="module")
def integrated():
    """Integrated gradients of a model and an image that several audits of a file ask for are computed once."""
    with integrated_once():
        yield


@pytest.fixture(scope="session")
def trained_digits():
    """Models of digits that are trained once: `with trained_digits("even"):` around the script that trains."""
    return digits_as_trained


def made_demo(folder, **recipe):
    """The demonstration with seed 0 before any audit: its faces, its two trained models and its configuration."""
    from fairaudit.demo import make

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "_train", as_trained)
        once(folder, lambda: make.make_demo(folder, seed=0, recipe=make.Recipe(**recipe)))
    return make.demo_paths(folder)


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory, worker_id):
    """The demonstration before any audit: half of its faces to train on, 400 to audit; one worker makes it for all."""
    return made_demo(common(tmp_path_factory, worker_id) / "demo", train_images=1200, test_images=400)


@contextlib.contextmanager
def integrated_once():
    """Integrated gradients of the same model and the same image, of which a second audit asks, are computed once."""
    import torch

    from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients

    compute, known = IntegratedGradients.attribute, {}

    def attribute(self, classifier, images, classes, *, seed=0):
        weights = [values.detach().numpy().tobytes() for values in classifier.module.state_dict().values()]
        model = hashlib.sha256(b"".join([repr(self).encode(), *weights])).digest()
        keys = [
            (model, hashlib.sha256(image.numpy().tobytes()).digest(), int(code))
            for image, code in zip(images, classes, strict=True)
        ]
        new = [row for row, key in enumerate(keys) if key not in known]
        made = compute(self, classifier, images[new], classes[new], seed=seed)
        known.update(zip([keys[row] for row in new], zip(made.maps, made.residual, strict=True), strict=True))
        maps, residual = (torch.stack([known[key][part] for key in keys]) for part in (0, 1))
        return replace(made, maps=maps, residual=residual)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IntegratedGradients, "attribute", attribute)
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory, worker_id):
    """The demonstration on 300 test faces: its folder, its two models and both reports; one worker makes it for all.

    Figures are those of the first report; of the second they are one pixel. A fifth of the usual replicates: an end of
    an interval moves by less than a twentieth of its width.
    """
    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.demo import demo as audited
    from fairaudit.results.store import read_report

    paths = made_demo(common(tmp_path_factory, worker_id) / "demo-audited", train_images=48, test_images=300)
    folder = paths.folder
    PLAIN[0] = False
    audit = audited._audited

    def one(found, model, *more, **settings):
        PLAIN[0] = model == found.balanced  # the other report has the same figures
        return audit(found, model, *more, **settings)

    def audits():
        text = paths.config.read_text(encoding="utf-8")
        paths.config.write_text(text.replace("\naudit:\n", "\naudit:\n  replicates: 2000\n"), encoding="utf-8")
        audited.audit_demo(paths, workers=1, progress=Silent())

    with integrated_once(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(audited, "_audited", one)
        once(folder.with_name("demo-audits"), audits)
    return audited.concluded(folder, read_report(folder / "report"), read_report(folder / "report-balanced"))


@pytest.fixture(scope="session")
def mnist_folder():
    """Real digits, where they are beside the checkout."""
    if not (MNIST / "t10k-images-idx3-ubyte.gz").is_file():
        pytest.skip("the MNIST test set is not beside the checkout")
    return MNIST


@pytest.fixture(scope="session")
def biased_mnist(tmp_path_factory, worker_id, mnist_folder):
    """What the shipped script makes of real digits, with the network that its training gave once."""
    folder = common(tmp_path_factory, worker_id) / "biased_mnist"

    def make():
        with scripts() as load, digits_as_trained("biased"), contextlib.redirect_stdout(io.StringIO()):
            program = load(Path(__file__).parents[1] / "example_configs" / "train_biased_mnist.py")
            assert program.main(["--mnist", str(mnist_folder), "--out", str(folder)]) == 0

    once(folder, make)
    return folder
