"""Further words of a report: audits, states of the gate, kinds of intervals, uses, changes, mitigation methods."""

from __future__ import annotations

from fairaudit.registry import Registry
from fairaudit.tables.terms import Kind, Term


def _word(kind: Kind, name: str, sentence: str, advice: str = "") -> Term:
    return Term(kind=kind, name=name, sentence=sentence, advice=advice)


AUDITS = (
    _word("audit", "fairness", "How the decisions about groups differ: rates, gaps, scores."),
    _word("audit", "counterfactual", "How decisions change when the attribute of an image is changed by a generator."),
    _word("audit", "roi-metrics", "How much of the relevance of the maps lies in a region, and what it depends on."),
    _word("audit", "causal", "How decisions change when a region is painted over."),
    _word("audit", "swap", "How decisions change when a region shows what it shows in an image of another group."),
    _word("audit", "saliency", "Whether maps of an attribution method may be relied on for this model."),
    _word("audit", "discovery", "Where on the images relevance differs between groups, with no region named."),
    _word("audit", "cf-align", "Whether other classifiers follow when images are changed to move the model's answer."),
    _word("audit", "cf-rectify", "A model freed of the directions that other classifiers follow, before and after."),
    _word(
        "audit", "prune", "What is left of task and attribute when weights are pruned so that the attribute is hidden."
    ),
    _word("audit", "mitigate", "Mitigation methods side by side: outcome, reason and cost."),
    _word("audit", "selftest", "How often the audits find biases that were planted, and cry where there is none."),
)
STATES = (
    _word("gate state", "pass", "The whole interval is within the limit.", "Go on."),
    _word("gate state", "fail", "The whole interval is beyond the limit.", "Stop the release and read the verdicts."),
    _word(
        "gate state",
        "inconclusive",
        "The interval has ends on both sides of the limit, or the number does not exist.",
        "Audit more images; the rule says about how many of which group.",
    ),
    _word(
        "gate state",
        "incomplete",
        "More images could not be scored than are allowed (--max-excluded).",
        "See the excluded rows and their reasons.",
    ),
    _word(
        "gate state",
        "not judged",
        "This command does not measure what the rule is about; it never counts as passed.",
        "Run fairaudit audit, or take the rule out of this configuration.",
    ),
    _word("gate state", "none", "No rule asks about anything.", "Write gates into fairaudit.yaml."),
)
INTERVALS = (
    _word("interval", "wilson", "Wilson's interval of a rate: good for few images, never outside of 0 to 1."),
    _word("interval", "bootstrap", "Images are drawn again and again, and the number computed anew from each draw."),
    _word(
        "interval", "cluster-bootstrap", "As bootstrap, with all images of a person, or other cluster, drawn together."
    ),
    _word("interval", "normal-bootstrap", "The spread of a bootstrap around the estimate, as a normal distribution."),
    _word("interval", "normal", "The estimate with its standard error, as a normal distribution."),
    _word("interval", "paired", "Both models on the same images: only images that they decide differently count."),
    _word(
        "interval",
        "paired-bootstrap",
        "Images are drawn again with both models' answers, so that what is alike cancels.",
    ),
    _word("interval", "paired-cluster-bootstrap", "As paired-bootstrap, with all images of a cluster drawn together."),
    _word(
        "interval", "simultaneous", "Holds for all groups at once: right however many groups the largest is taken of."
    ),
    _word("interval", "max-t", "Holds for all comparisons at once, by the largest of them in every draw."),
    _word("interval", "t", "Student's interval of a mean."),
    _word("interval", "delong", "DeLong's interval of an area under the ROC curve."),
    _word("interval", "two-reports", "From the intervals of two reports, without the images: wider than a paired one."),
)
USES = (
    _word("use", "yes", "The model uses it: the whole interval is beyond the limit."),
    _word("use", "no", "The model does not use it by more than the limit."),
    _word("use", "open", "Too little was measured to say whether the model uses it.", "Audit more images."),
    _word(
        "use", "disagree", "Witnesses stand on both sides of the limit.", "Look at their figures; trust neither yet."
    ),
    _word("use", "unknown", "Nothing was asked that could say it.", "Name a region that shows the attribute."),
)
CHANGES = (
    _word("change", "better", "The whole interval of the change is on the good side of 0."),
    _word("change", "worse", "The whole interval of the change is on the bad side of 0."),
    _word("change", "same", "Both models have the same value."),
    _word("change", "differs", "The change is not 0, and neither way is the better one."),
    _word("change", "unclear", "The interval of the change holds 0.", "Compare on more images."),
    _word(
        "change",
        "no interval",
        "The change is known, and not how sure it is.",
        "Compare runs whose stores are at hand.",
    ),
)


MAPS = (_word("method", "maps", "Maps that another program made, read from a file (fairaudit roi-metrics --maps)."),)
FILLS = (
    _word("fill", "swap", "The region shows what it shows in an image of another group."),
    _word("fill", "inpaint", "The region is painted over smoothly from its border."),
    _word("fill", "blur", "The region shows a blurred copy of itself."),
    _word("fill", "mean", "The region shows the mean colour of the rest of the image."),
    _word("fill", "grey", "The region shows one grey."),
)


def _mitigation(name: str, sentence: str, source: str = "") -> Term:
    advice = "Compare it with the control, fine-tune, before anything else (fairaudit mitigate)."
    return Term(kind="mitigation", name=name, sentence=sentence, advice=advice, source=source)


MITIGATIONS = (
    _mitigation("vanilla", "The model as it came."),
    _mitigation(
        "cia-cvae",
        "Every image is also shown as a conditional VAE draws it on the way to another attribute value.",
        "Qiang et al., IJCAI 2022",
    ),
    _mitigation("all", "All methods that were tried, taken together."),
    _mitigation("fine-tune", "Continued training on the same rows; the control.", ""),
    _mitigation("fine-tune-balanced", "Continued training on balanced rows; the second control.", ""),
    _mitigation(
        "reweight", "Every cell of attribute and target weighs the same in the loss.", "Kamiran and Calders 2012"
    ),
    _mitigation("resample", "Every cell of attribute and target is drawn equally often.", "Idrissi et al., CLeaR 2022"),
    _mitigation("groupdro", "The cell with the largest loss counts most.", "Sagawa et al., ICLR 2020"),
    _mitigation("dp-l2", "Demographic parity in squared form joins the loss.", "Hänel et al., ACCV 2022"),
    _mitigation("dp-mi", "Demographic parity as information joins the loss.", "Hänel et al., ACCV 2022"),
    _mitigation("eo-l2", "Equalized odds in squared form joins the loss.", "Hänel et al., ACCV 2022"),
    _mitigation("eo-mi", "Equalized odds as information joins the loss.", "Hänel et al., ACCV 2022"),
    _mitigation("iou-l2", "The spread of the groups' overlap joins the loss.", "Hänel et al., ACCV 2022"),
    _mitigation(
        "savani-aft",
        "The soft gap of a batch joins the loss where it is above a tolerance.",
        "Savani et al., NeurIPS 2020, without a critic",
    ),
    _mitigation(
        "zhang-al",
        "The task's gradient loses what would help an adversary that reads the attribute from the answers.",
        "Zhang et al., AIES 2018",
    ),
    _mitigation(
        "laftr",
        "An adversary that reads the attribute from the features is worked against.",
        "Madras et al., ICML 2018",
    ),
    _mitigation(
        "flac",
        "Features of other attribute values are pulled together within a target value, and apart across.",
        "Sarridis et al. 2023",
    ),
    _mitigation("jtt", "What a briefly trained network gets wrong is drawn more often.", "Liu et al., ICML 2021"),
    _mitigation(
        "lff",
        "A second network learns from what a first, biased one finds hard; both from new weights.",
        "Nam et al., NeurIPS 2020",
    ),
    _mitigation("afr", "Only the last layer is retrained, on rows the model finds hard.", "Qiu et al., ICML 2023"),
    _mitigation("dfr", "Only the last layer is retrained, on balanced rows.", "Kirichenko et al., ICLR 2023"),
    _mitigation(
        "leace", "No linear reader finds the attribute in the features any more.", "Belrose et al., NeurIPS 2023"
    ),
    _mitigation("p-clarc", "The direction of the attribute is projected out of the features.", "Anders et al. 2022"),
    _mitigation(
        "p-clarc-conv",
        "The direction of the attribute is projected out behind the convolution that does best.",
        "Anders et al. 2022",
    ),
    _mitigation(
        "a-clarc",
        "Training goes on with the attribute's direction set to that of its presence in every image.",
        "Anders et al. 2022",
    ),
    _mitigation(
        "rr-clarc",
        "The answer's derivative in the direction of the attribute is penalised.",
        "Dreyer et al., AAAI 2024",
    ),
    _mitigation("replace-region", "Half of the regions show something else while training goes on.", ""),
    _mitigation(
        "region-gradient", "The gradient of the answer inside the region is penalised.", "Ross et al., IJCAI 2017"
    ),
    _mitigation(
        "prior-training",
        "An adversary on the attribute, and the prior that the evidence lies outside the region.",
        "Wang et al. 2021, as far as it is described",
    ),
    _mitigation(
        "cia",
        "Every image is also shown with its attribute changed, under the same label.",
        "Qiang et al., IJCAI 2022, with exact twins in place of drawn ones",
    ),
    _mitigation("ffw", "Weights are pruned so that the features hide the attribute.", "Nahon et al., ECCV 2024"),
    _mitigation(
        "thropt",
        "One other threshold for all, chosen for the smallest gap; the evidence stays as it is.",
        "Hardt et al., NeurIPS 2016, with one threshold as in the saliency paper's program",
    ),
    _mitigation(
        "thropt-group",
        "A threshold per group, partly random; a rule that needs the attribute of every image.",
        "Hardt et al., NeurIPS 2016",
    ),
)
WORDS: Registry[Term] = Registry(
    "word of a report",
    [
        (f"{word.kind} {word.name}", word)
        for word in (*AUDITS, *STATES, *INTERVALS, *USES, *CHANGES, *MAPS, *FILLS, *MITIGATIONS)
    ],
)
"""Kind and name → word; a name may be of two kinds."""
