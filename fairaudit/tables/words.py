"""Further words of a report: audits, states of the gate, kinds of intervals, uses, changes, mitigation methods."""

from __future__ import annotations

from fairaudit.registry import Registry
from fairaudit.tables.terms import Kind, Term
from fairaudit.tables.vocabulary import VOCABULARY


def _word(kind: Kind, name: str, sentence: str, advice: str = "") -> Term:
    return Term(kind=kind, name=name, sentence=sentence, advice=advice)


AUDITS = (
    _word(
        "audit",
        "fairness",
        "How decisions and scores differ between groups: rates per group and the gaps between them.",
    ),
    _word("audit", "counterfactual", "How decisions change when a generator changes the attribute of an image."),
    _word(
        "audit",
        "roi-metrics",
        "How much of the relevance in attribution maps lies in a region, and what that share depends on.",
    ),
    _word("audit", "causal", "How decisions change when a region is painted over."),
    _word(
        "audit", "swap", "How decisions change when a region gets the content that it has in an image of another group."
    ),
    _word("audit", "saliency", "Whether the maps of an attribution method can be relied on for this model."),
    _word("audit", "discovery", "Where in the images relevance differs between groups; no region has to be named."),
    _word(
        "audit",
        "cf-align",
        "Whether the scores of other classifiers follow when images are changed to move the score of this model.",
    ),
    _word(
        "audit",
        "cf-rectify",
        "A model before and after a multiple of another classifier was added, so that the other one no longer "
        "follows it.",
    ),
    _word(
        "audit",
        "prune",
        "How much of task and attribute is left in a model whose weights were pruned to hide the attribute.",
    ),
    _word(
        "audit",
        "mitigate",
        "Mitigation methods side by side: gaps between groups, reliance on the attribute, and cost.",
    ),
    _word(
        "audit",
        "selftest",
        "How often the audits find biases that were planted, and how often they report one where there is none.",
    ),
)
STATES = (
    _word("gate state", "pass", "The whole interval is within the limit.", "Go on."),
    _word("gate state", "fail", "The whole interval is beyond the limit.", "Stop the release and read the verdicts."),
    _word(
        "gate state",
        "inconclusive",
        "The interval contains the limit, or the number does not exist.",
        "Audit more images; the rule says which and about how many.",
    ),
    _word(
        "gate state",
        "incomplete",
        "More images could not be scored than are allowed (--max-excluded).",
        "Read the list of excluded rows; it gives the reason for each.",
    ),
    _word(
        "gate state",
        "not judged",
        "This command does not measure what the rule asks for; the rule never counts as passed.",
        "Run fairaudit audit, or remove the rule from this configuration.",
    ),
    _word("gate state", "none", "There is no rule.", "Add rules under gates in fairaudit.yaml."),
)
INTERVALS = (
    _word("interval", "wilson", "Wilson's interval for a rate: suitable for few images, and never outside 0 to 1."),
    _word(
        "interval",
        "bootstrap",
        "Images are drawn at random, with replacement, many times; the number is computed for every draw.",
    ),
    _word(
        "interval",
        "cluster-bootstrap",
        "Like bootstrap, but all images of a person, or of another cluster, are drawn together.",
    ),
    _word(
        "interval",
        "normal-bootstrap",
        "A normal distribution around the estimate, with the standard error of a bootstrap.",
    ),
    _word("interval", "normal", "A normal distribution around the estimate, with its standard error."),
    _word("interval", "paired", "Two models on the same images: only the images that they decide differently count."),
    _word(
        "interval",
        "paired-bootstrap",
        "Like bootstrap, with both models' answers to an image drawn together: what they have in common cancels.",
    ),
    _word(
        "interval", "paired-cluster-bootstrap", "Like paired-bootstrap, but all images of a cluster are drawn together."
    ),
    _word(
        "interval",
        "simultaneous",
        "Holds for all groups at once, so it stays valid when the largest of many groups is picked.",
    ),
    _word(
        "interval", "max-t", "Holds for all pairs of groups at once, so it stays valid when the largest gap is picked."
    ),
    _word("interval", "t", "Student's t interval for a mean."),
    _word("interval", "delong", "DeLong's interval for the area under a ROC curve."),
    _word(
        "interval",
        "two-reports",
        "Made from the intervals of two reports, without their images: wider than a paired interval.",
    ),
)
USES = (
    _word("use", "yes", "The model uses the attribute: the whole interval is beyond the limit."),
    _word("use", "no", "The model does not use the attribute by more than the limit."),
    _word(
        "use", "open", "The intervals are too wide to say whether the model uses the attribute.", "Audit more images."
    ),
    _word(
        "use",
        "disagree",
        "Some measurements say that the model uses the attribute, others that it does not.",
        "Compare their figures; rely on none of them yet.",
    ),
    _word(
        "use",
        "unknown",
        "Nothing was measured that could say whether the model uses the attribute.",
        "Name a region that shows the attribute.",
    ),
)
CHANGES = (
    _word("change", "better", "The whole interval of the change is on the better side of 0."),
    _word("change", "worse", "The whole interval of the change is on the worse side of 0."),
    _word("change", "same", "Both models have the same value."),
    _word("change", "differs", "The change is not 0, and for this metric neither direction is better."),
    _word("change", "unclear", "The interval of the change contains 0.", "Compare on more images."),
    _word(
        "change",
        "no interval",
        "The change is known, but not its uncertainty.",
        "Compare runs whose run.sqlite still exists.",
    ),
)


MAPS = (_word("method", "maps", "Maps that another program made, read from a file (fairaudit roi-metrics --maps)."),)
FILLS = (
    _word("fill", "swap", "The region gets the content that it has in an image of another group."),
    _word("fill", "inpaint", "The region is filled smoothly from its border."),
    _word("fill", "blur", "The region is blurred."),
    _word("fill", "mean", "The region is filled with the mean colour of the rest of the image."),
    _word("fill", "grey", "The region is filled with one grey."),
)


def _mitigation(name: str, sentence: str, source: str = "") -> Term:
    advice = "Compare it with the control, fine-tune, first (fairaudit mitigate)."
    return Term(kind="mitigation", name=name, sentence=sentence, advice=advice, source=source)


MITIGATIONS = (
    _mitigation("vanilla", "The model without any change."),
    _mitigation(
        "cia-cvae",
        "Every image is also shown as a conditional VAE draws it with other values of the attribute.",
        "Qiang et al., IJCAI 2022",
    ),
    _mitigation("all", "All methods of the comparison, taken together."),
    _mitigation("fine-tune", "Training continues on the same rows; the control.", ""),
    _mitigation(
        "fine-tune-balanced", "Training continues on rows balanced over attribute and target; the second control.", ""
    ),
    _mitigation(
        "reweight",
        "Every combination of attribute and target has the same weight in the loss.",
        "Kamiran and Calders 2012",
    ),
    _mitigation(
        "resample", "Every combination of attribute and target is drawn equally often.", "Idrissi et al., CLeaR 2022"
    ),
    _mitigation(
        "groupdro",
        "The combination of attribute and target with the largest loss counts most.",
        "Sagawa et al., ICLR 2020",
    ),
    _mitigation(
        "dp-l2", "The squared distance from demographic parity is added to the loss.", "Hänel et al., ACCV 2022"
    ),
    _mitigation(
        "dp-mi", "The mutual information of decision and group is added to the loss.", "Hänel et al., ACCV 2022"
    ),
    _mitigation("eo-l2", "The squared distance from equalized odds is added to the loss.", "Hänel et al., ACCV 2022"),
    _mitigation(
        "eo-mi",
        "The mutual information of decision and group, given the label, is added to the loss.",
        "Hänel et al., ACCV 2022",
    ),
    _mitigation(
        "iou-l2",
        "The spread of the groups' overlap of decisions and labels (IoU) is added to the loss.",
        "Hänel et al., ACCV 2022",
    ),
    _mitigation(
        "savani-aft",
        "The gap between groups in a batch, from probabilities, is added to the loss where it is above a tolerance.",
        "Savani et al., NeurIPS 2020, without a critic",
    ),
    _mitigation(
        "zhang-al",
        "An adversary predicts the attribute from the model's output; what would help it is removed from the task's "
        "gradient.",
        "Zhang et al., AIES 2018",
    ),
    _mitigation(
        "laftr",
        "An adversary predicts the attribute from the features; the features are trained so that it fails.",
        "Madras et al., ICML 2018",
    ),
    _mitigation(
        "flac",
        "Images with the same label and different attribute values get similar features; images with different "
        "labels do not.",
        "Sarridis et al. 2023",
    ),
    _mitigation(
        "jtt", "Images that a briefly trained network gets wrong are drawn more often.", "Liu et al., ICML 2021"
    ),
    _mitigation(
        "lff",
        "A second network learns most from the images that a first, biased one finds hard; both start from new "
        "weights.",
        "Nam et al., NeurIPS 2020",
    ),
    _mitigation(
        "afr",
        "Only the last layer is retrained, with more weight on rows that the model finds hard.",
        "Qiu et al., ICML 2023",
    ),
    _mitigation("dfr", "Only the last layer is retrained, on balanced rows.", "Kirichenko et al., ICLR 2023"),
    _mitigation(
        "leace",
        "The features are changed as little as possible so that no linear classifier finds the attribute in them.",
        "Belrose et al., NeurIPS 2023",
    ),
    _mitigation("p-clarc", "The direction of the attribute is projected out of the features.", "Anders et al. 2022"),
    _mitigation(
        "p-clarc-conv",
        "The direction of the attribute is projected out after a convolution, the one with the best result.",
        "Anders et al. 2022",
    ),
    _mitigation(
        "a-clarc",
        "Training continues with the features of every image moved to where the attribute is present.",
        "Anders et al. 2022",
    ),
    _mitigation(
        "rr-clarc",
        "The derivative of the output in the direction of the attribute is penalised.",
        "Dreyer et al., AAAI 2024",
    ),
    _mitigation("replace-region", "Training continues with other content in half of the regions.", ""),
    _mitigation(
        "region-gradient", "The gradient of the output inside the region is penalised.", "Ross et al., IJCAI 2017"
    ),
    _mitigation(
        "prior-training",
        "An adversary against the attribute, and the assumption that the evidence lies outside the region.",
        "Wang et al. 2021, as far as it is described",
    ),
    _mitigation(
        "cia",
        "Every image is also shown with its attribute changed and the same label.",
        "Qiang et al., IJCAI 2022, with exact twins in place of drawn ones",
    ),
    _mitigation("ffw", "Weights are pruned so that the features hide the attribute.", "Nahon et al., ECCV 2024"),
    _mitigation(
        "thropt",
        "Another threshold for all groups, chosen for the smallest gap; what the model looks at does not change.",
        "Hardt et al., NeurIPS 2016, with one threshold as in the saliency paper's program",
    ),
    _mitigation(
        "thropt-group",
        "A threshold per group, in part random; it needs the attribute of every image that is decided.",
        "Hardt et al., NeurIPS 2016",
    ),
)
WORDS: Registry[Term] = Registry(
    "word of a report",
    [
        (f"{word.kind} {word.name}", word)
        for word in (*VOCABULARY, *AUDITS, *STATES, *INTERVALS, *USES, *CHANGES, *MAPS, *FILLS, *MITIGATIONS)
    ],
)
"""Kind and name → word; a name may be of two kinds."""
