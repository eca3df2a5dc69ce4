"""Words of a report that are not metrics: joint verdicts, statuses of numbers, exit codes and attribution methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fairaudit.registry import Registry

Kind = Literal[
    "verdict",
    "status",
    "exit code",
    "method",
    "audit",
    "gate state",
    "interval",
    "use",
    "change",
    "fill",
    "mitigation",
    "word",
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
        "Enough was measured; neither the gap between groups nor the reliance on the attribute is above its limit.",
        "Nothing to do for this attribute. The verdict says nothing about other attributes.",
    ),
    _verdict(
        "unequal outcome",
        "The gap between groups is above its limit; whether the model uses the region is open.",
        "Look at the rates and the wrong images of each group. Name a region that shows the attribute to learn the "
        "reason.",
    ),
    _verdict(
        "spurious but equal",
        "The model uses the attribute shown in the region, although the gap between groups is within its limit here.",
        "Do not rely on the equal outcome: it can end as soon as the data change. Mitigate the reliance on the region.",
    ),
    _verdict(
        "unequal and for the wrong reason",
        "The gap between groups is above its limit, and the model uses the attribute shown in the region.",
        "Do not release the model: balance attribute and target in its training data or mitigate, and audit again.",
    ),
    _verdict(
        "unequal, not by this cue",
        "The gap between groups is above its limit, but the model does not use the attribute shown in this region.",
        "Look for other regions (fairaudit roi-metrics --discover), wrong labels, and groups with few training images.",
    ),
    _verdict(
        "undecided",
        "The intervals are too wide, or the measurements contradict each other.",
        "The verdict says what is missing; where it can, also about how many more images would decide it.",
    ),
)
STATUSES = (
    Term(
        kind="status",
        name="ok",
        sentence="The number exists and can be used.",
        advice="Read it together with its interval.",
    ),
    Term(
        kind="status",
        name="undefined",
        sentence="The number does not exist here, like the true positive rate of a group without positives.",
        advice="The reason says what is missing. An undefined number never passes a rule.",
    ),
    Term(
        kind="status",
        name="unusable",
        sentence="The number exists, but its attribution method failed the checks for this model.",
        advice="Use another method. An unusable number never passes a rule.",
    ),
    Term(
        kind="status",
        name="suppressed",
        sentence="The number rests on too few images to be printed (fairaudit fairness --min-cell).",
        advice="Collect more images of this group. Gaps between groups include it all the same.",
    ),
)


def _code(number: int, sentence: str, advice: str) -> Term:
    return Term(kind="exit code", name=str(number), sentence=sentence, advice=advice)


EXIT_CODES = (
    _code(
        0,
        "No rule failed or was left open.",
        "Go on. With `fairaudit audit --fail-on never`, read the table of the gate first.",
    ),
    _code(1, "fairaudit itself crashed.", "Please report it, together with everything that was printed."),
    _code(
        2,
        "The command, a file or the data cannot be used as given.",
        "The message says what is wrong, where, and what to do.",
    ),
    _code(
        3,
        "A rule failed: the whole interval is beyond the limit, or a verdict is not allowed.",
        "Stop the release and read the verdicts of the report.",
    ),
    _code(
        4,
        "A rule could not be decided.",
        "The report says what would decide it: often more images, and of which group.",
    ),
    _code(
        5,
        "More images could not be scored than are allowed (--max-excluded).",
        "See the excluded rows and their reasons.",
    ),
    _code(130, "The run was interrupted.", "Run the same command again: it continues where it stopped."),
)
_LOOK = "Look at its overlays, and at whether it passes its checks for this model (fairaudit saliency)."


def _method(name: str, sentence: str, source: str, advice: str = _LOOK) -> Term:
    return Term(kind="method", name=name, sentence=sentence, advice=advice, source=source)


_LRP = "Relevance is passed back from the output to the pixels, layer by layer, and its sum is kept"
METHODS = (
    _method(
        "gradient",
        "How much the score changes when a pixel changes a little.",
        "Simonyan et al. (2013)",
    ),
    _method(
        "input_x_gradient",
        "The gradient times the pixel value: what the pixel would contribute if the model were linear.",
        "Shrikumar et al. (2016), section 3.2",
    ),
    _method(
        "guided_backpropagation",
        "The gradient, with negative values left out at every ReLU; it tends to show edges, whatever the decision.",
        "Springenberg et al. (2015), section 3.4",
    ),
    _method(
        "smoothgrad",
        "The gradient averaged over noisy copies of the image, which removes much of its noise.",
        "Smilkov et al. (2017), section 3",
    ),
    _method(
        "integrated_gradients",
        "What each pixel contributes on the path from a plain reference image to the image; the map sums to the "
        "change of the score.",
        "Sundararajan et al. (2017)",
    ),
    _method(
        "blur_ig",
        "Integrated gradients on the path from a blurred image to the image, so that no reference colour is needed.",
        "Xu et al. (2020)",
    ),
    _method(
        "guided_ig",
        "Integrated gradients on a path that changes the least important pixels first, which makes less noisy maps.",
        "Kapishnikov et al. (2021), algorithm 1",
    ),
    _method(
        "expected_gradients",
        "Integrated gradients averaged over many real images as references.",
        "Erion et al. (2021), eq. 3",
    ),
    _method(
        "cgi",
        "Integrated gradients on the path from the image with its attribute flipped, as a generator draws it.",
        "Qiang et al. (IJCAI 2022), eq. 7",
    ),
    _method(
        "gradcam",
        "Where the last feature map, or the patches of a transformer, respond to the class: coarse, with little noise.",
        "Selvaraju et al. (2017), eqs. 1 and 2",
    ),
    _method("lrp", f"{_LRP}; the rules are chosen for the layers of the model.", "Bach et al. (2015)"),
    _method("lrp_epsilon", f"{_LRP}; the plain rule everywhere.", "Bach et al. (2015), eq. 58"),
    _method(
        "lrp_epsilon_plus",
        f"{_LRP}; in convolutions only evidence for the class is followed.",
        "Montavon et al. (2017), eq. 14",
    ),
    _method(
        "lrp_epsilon_plus_flat",
        f"{_LRP}; like lrp_epsilon_plus, but spread evenly in the first layer, so that dark pixels count too.",
        "Lapuschkin et al. (2019)",
    ),
    _method(
        "lrp_epsilon_alpha2_beta1",
        f"{_LRP}; in convolutions evidence for the class counts twice and evidence against it once.",
        "Bach et al. (2015), eq. 60",
    ),
    _method(
        "lrp_epsilon_gamma_box",
        f"{_LRP}; in convolutions evidence for the class counts a little more; the first layer takes the range of "
        "pixel values into account.",
        "Montavon et al. (2019), section 10.2.3",
    ),
    _method(
        "lrp_gamma",
        f"{_LRP}; contributions with the sign of the output count a little more. For networks with normalisation "
        "layers and attention.",
        "Montavon et al. (2019), section 10.2.3; Achtibat et al. (2024)",
    ),
    _method(
        "occlusion",
        "How much the score falls when a patch of the image is covered; slow, but valid for every model.",
        "Zeiler and Fergus (2014)",
    ),
    _method(
        "random",
        "Random maps: the control that every other method has to beat.",
        "",
        "Never write a rule on it; it is the control.",
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
    'More images could not be scored than are allowed (--max-excluded).'
    """
    return TERMS[name]


def of_kind(kind: Kind) -> tuple[Term, ...]:
    """All words of one kind, in their order.

    >>> [term.name for term in of_kind("status")]
    ['ok', 'undefined', 'unusable', 'suppressed']
    """
    return tuple(TERMS[name] for name in TERMS if TERMS[name].kind == kind)
