"""Words of a report that are not metrics: joint verdicts, statuses of numbers, exit codes and attribution methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fairaudit.registry import Registry

Kind = Literal[
    "verdict", "status", "exit code", "method", "audit", "gate state", "interval", "use", "change", "fill", "mitigation"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word and its meaning."""

    kind: Kind
    """What sort of word it is."""
    name: str
    """As reports, the terminal and options spell it."""
    sentence: str
    """What it says, in one plain sentence."""
    advice: str
    """What to do about it."""
    source: str = ""
    """Where it comes from; empty for words of our own."""


def _verdict(name: str, sentence: str, advice: str) -> Term:
    return Term(kind="verdict", name=name, sentence=sentence, advice=advice)


VERDICTS = (
    _verdict(
        "no evidence",
        "Enough was measured, and neither a gap between groups nor a reliance on the attribute is above its limit.",
        "Nothing to do for this attribute; it says nothing about others.",
    ),
    _verdict(
        "unequal outcome",
        "Groups are treated unequally by more than is tolerated; whether the region plays a part is open.",
        "Look at the groups' own rates and wrong images; name a region that shows the attribute to learn the reason.",
    ),
    _verdict(
        "spurious but equal",
        "The model uses the attribute shown in the region, though the groups' outcomes are equal on these images.",
        "Do not rely on it: the same model treats groups unequally as soon as the data change. Take the cue away.",
    ),
    _verdict(
        "unequal and for the wrong reason",
        "Groups are treated unequally, and the model uses the attribute shown in the region.",
        "Do not release it: balance the cue in the training data or mitigate, and audit again.",
    ),
    _verdict(
        "unequal, not by this cue",
        "Groups are treated unequally, but the model was not found to read the attribute in this region.",
        "Look for another cue (fairaudit roi-metrics --discover), for label errors, or for too few images of a group.",
    ),
    _verdict(
        "undecided",
        "The intervals are too wide, or the witnesses disagree, to say one thing or the other.",
        "The verdict says what is lacking and about how many more images would decide it.",
    ),
)
STATUSES = (
    Term(
        kind="status",
        name="ok",
        sentence="The number exists and may be used.",
        advice="Read its interval with it.",
    ),
    Term(
        kind="status",
        name="undefined",
        sentence="There is no such number here, such as a true positive rate of a group without positives.",
        advice="The reason says what is missing; it never counts as passed.",
    ),
    Term(
        kind="status",
        name="unusable",
        sentence="The number exists, but the way that it was made failed its own trial.",
        advice="Use another method; it never counts as passed.",
    ),
    Term(
        kind="status",
        name="suppressed",
        sentence="The number rests on too few images to be printed (fairaudit fairness --min-cell).",
        advice="Collect more images of this group; disparities still count them.",
    ),
)


def _code(number: int, sentence: str, advice: str) -> Term:
    return Term(kind="exit code", name=str(number), sentence=sentence, advice=advice)


EXIT_CODES = (
    _code(
        0, "No rule stands in the way.", "Go on; with `fairaudit audit --fail-on never`, read the gate's table first."
    ),
    _code(1, "fairaudit itself failed.", "Please report it, with everything that it printed."),
    _code(
        2, "The command, a file or the data is not as it has to be.", "The message says what, where, and what to do."
    ),
    _code(3, "A rule failed with its whole interval.", "Stop the release and read the report's verdicts."),
    _code(4, "A rule could not be decided.", "The report says how many more images of which group would decide it."),
    _code(5, "Too many images or measurements are missing.", "See the excluded rows and their reasons."),
    _code(130, "The run was interrupted.", "The same command again goes on where it stopped."),
)
_LOOK = "Look at its overlays, and at whether it passes its trial for this model (fairaudit saliency)."


def _method(name: str, sentence: str, source: str, advice: str = _LOOK) -> Term:
    return Term(kind="method", name=name, sentence=sentence, advice=advice, source=source)


_LRP = "Relevance is handed back from the output to the pixels, layer by layer, without getting lost"
METHODS = (
    _method(
        "gradient",
        "How much the score would change if a pixel changed a little.",
        "Simonyan et al. (2013)",
    ),
    _method(
        "input_x_gradient",
        "The gradient times the pixel itself: what the pixel contributes if the model were linear.",
        "Shrikumar et al. (2016), section 3.2",
    ),
    _method(
        "guided_backpropagation",
        "The gradient with what is negative at a ReLU left out on the way down; it tends to draw edges whatever is "
        "decided.",
        "Springenberg et al. (2015), section 3.4",
    ),
    _method(
        "smoothgrad",
        "The gradient averaged over noisy copies of the image, which takes out its jitter.",
        "Smilkov et al. (2017), section 3",
    ),
    _method(
        "integrated_gradients",
        "What each pixel contributes on the way from a plain reference image to the image; the map sums to the change "
        "of the score.",
        "Sundararajan et al. (2017)",
    ),
    _method(
        "blur_ig",
        "The same on the way from a blurred image to the sharp one, so that no reference colour has to be chosen.",
        "Xu et al. (2020)",
    ),
    _method(
        "guided_ig",
        "The same along a way that changes the least important pixels first, which avoids noisy detours.",
        "Kapishnikov et al. (2021), algorithm 1",
    ),
    _method(
        "expected_gradients",
        "The same averaged over many real images as references.",
        "Erion et al. (2021), eq. 3",
    ),
    _method(
        "cgi",
        "The same on the way from the picture with the attribute flipped, as a generator draws it.",
        "Qiang et al. (IJCAI 2022), eq. 7",
    ),
    _method(
        "gradcam",
        "Where the last feature map, or the patches of a transformer, see the class: coarse, but steady.",
        "Selvaraju et al. (2017), eqs. 1 and 2",
    ),
    _method("lrp", f"{_LRP}; the rules are those that suit the layers.", "Bach et al. (2015)"),
    _method("lrp_epsilon", f"{_LRP}; the plain rule everywhere.", "Bach et al. (2015), eq. 58"),
    _method(
        "lrp_epsilon_plus",
        f"{_LRP}; in convolutions only what speaks for the class is followed.",
        "Montavon et al. (2017), eq. 14",
    ),
    _method(
        "lrp_epsilon_plus_flat",
        f"{_LRP}; as epsilon_plus, and spread evenly in the first layer, so that dark pixels are not overlooked.",
        "Lapuschkin et al. (2019)",
    ),
    _method(
        "lrp_epsilon_alpha2_beta1",
        f"{_LRP}; in convolutions evidence for the class counts twice and evidence against it once.",
        "Bach et al. (2015), eq. 60",
    ),
    _method(
        "lrp_epsilon_gamma_box",
        f"{_LRP}; in convolutions evidence for the class counts a little more, and the first layer knows the range of "
        "pixels.",
        "Montavon et al. (2019), section 10.2.3",
    ),
    _method(
        "lrp_gamma",
        f"{_LRP}; contributions of the output's own sign count a little more, for networks with norms and attention.",
        "Montavon et al. (2019), section 10.2.3; Achtibat et al. (2024)",
    ),
    _method(
        "occlusion",
        "How much the score falls when a patch of the image is covered; slow, and valid for every model.",
        "Zeiler and Fergus (2014)",
    ),
    _method(
        "random",
        "No explanation at all: noise that every other method has to beat.",
        "",
        "Never gate on it; it is the control.",
    ),
)
TERMS: Registry[Term] = Registry(
    "verdict, status, exit code or attribution method",
    [(term.name, term) for term in (*VERDICTS, *STATUSES, *EXIT_CODES, *METHODS)],
)
"""Name → term."""


def term(name: str) -> Term:
    """The meaning of a word of a report.

    Raises:
        UsageError: there is no such word; the nearest one is suggested.

    >>> term("5").sentence
    'Too many images or measurements are missing.'
    """
    return TERMS[name]


def of_kind(kind: Kind) -> tuple[Term, ...]:
    """All words of one kind, in their order.

    >>> [term.name for term in of_kind("status")]
    ['ok', 'undefined', 'unusable', 'suppressed']
    """
    return tuple(TERMS[name] for name in TERMS if TERMS[name].kind == kind)
