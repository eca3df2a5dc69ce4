"""General words that the sentences of reports use: groups, cells, relevance, twins and the like."""

from __future__ import annotations

from fairaudit.tables.terms import Term


def _word(name: str, sentence: str) -> Term:
    return Term(kind="word", name=name, sentence=sentence, advice="")


VOCABULARY = (
    _word("protected attribute", "A property of the people or things in the images whose groups are compared."),
    _word("group", "All images with the same value of a protected attribute, or of several attributes together."),
    _word("target value", "A value of the label that the model predicts; also called class."),
    _word("cell", "A combination of group and target value, such as the smiling faces with a necktie."),
    _word("aligned image", "An image whose group is the usual one for its target value in the training data."),
    _word("conflicting image", "An image whose group is not the usual one for its target value in the training data."),
    _word("shortcut", "Something that goes with the target in the training data without being what the task is about."),
    _word("outcome", "What the model decides: rates per group and the gaps between them."),
    _word("reason", "What the model decides by: where it looks and what changes its score."),
    _word(
        "relevance", "How much a pixel is evidence for the explained class, or against it, by an attribution method."
    ),
    _word("attribution map", "The relevance of every pixel of an image."),
    _word("overlay", "An attribution map, or the outline of a region, drawn over its image."),
    _word("relevance lift", "Relevance in a region over what an even spread of relevance would put there."),
    _word("control region", "A region of the same shape elsewhere in the image, for comparison."),
    _word("twin", "The same image with the protected attribute changed and nothing else."),
    _word("bottleneck", "The input of the last linear layer of a model: the features that it decides by."),
    _word("probe", "A small classifier that is trained on a model's features or images to predict an attribute."),
    _word("joint verdict", "A conclusion for one attribute and one region from outcome and reason together."),
    _word("leg", "One number of a joint verdict, with its interval and its limit."),
    _word(
        "witness", "A measurement that says whether a model uses an attribute: where it looks, or what moves its score."
    ),
    _word("gate", "All rules of a configuration together; they decide the exit code."),
    _word("baseline", "The model that another one is compared with, on the same images."),
)
"""In the order in which a newcomer meets them."""
