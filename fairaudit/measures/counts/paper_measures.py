"""Independence and overlap measures for categorical target and attribute (Hänel et al., ACCV 2022), hard or soft.

All are functions of the joint J[s, t, a] of attribute s, true class t and decision a. With counts they are the
measures of the decisions; with sums of predicted probabilities they are the paper's losses, evaluated
on the whole set and not averaged over batches, which would bias them. J need not be normalised. Logarithms are
natural, 0 log 0 = 0.

Cells without images are left out instead of making the whole measure 0: an absent attribute value, or an absent pair of
attribute value and true class, simply has no conditional distribution to compare.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from fairaudit.measures.counts.confusion import Floats
from fairaudit.ratio import ratio


def dp_l2(joint: ArrayLike) -> Floats:
    """Demographic parity in squared form, eq. 3: Σ_ab [p(a | s=b) − p(a)]².

    In [0, 2·K_s], lower is better, 0 when decisions do not depend on the attribute. NaN without images.

    Args:
        joint: [..., group, true, predicted].

    >>> dp_l2([[[8, 2], [0, 0]], [[0, 0], [4, 6]]]).round(4).item()  # p(a|s) = (.8,.2), (.4,.6); p(a) = (.6,.4)
    0.16
    """
    table = _joint(joint).sum(-2)
    given = ratio(table, table.sum(-1, keepdims=True))
    overall = ratio(table.sum(-2), table.sum((-2, -1))[..., None])
    return _defined(np.nansum((given - overall[..., None, :]) ** 2, axis=(-2, -1)), table.sum((-2, -1)))


def dp_mi(joint: ArrayLike) -> Floats:
    """Demographic parity as mutual information of decision and attribute, eq. 4: H(a) + H(s) − H(a, s), in nats.

    In [0, log min(K_s, K_t)], lower is better. NaN without images.

    Args:
        joint: [..., group, true, predicted].

    >>> dp_mi([[[0, 5], [0, 0]], [[0, 0], [5, 0]]]).round(4).item()  # the decision is the attribute: log 2
    0.6931
    """
    return mutual_information(_joint(joint).sum(-2))


def eo_l2(joint: ArrayLike) -> Floats:
    """Equalized odds in squared form, eq. 6: Σ_abc [p(a | t=b, s=c) − p(a | t=b)]².

    In [0, 2·K_s·K_t], lower is better, 0 for a perfect classifier. NaN without images.

    Args:
        joint: [..., group, true, predicted].

    >>> eo_l2([[[8, 2], [0, 0]], [[4, 6], [0, 0]]]).round(4).item()
    0.16
    """
    table = _joint(joint)
    given = ratio(table, table.sum(-1, keepdims=True))
    pooled = table.sum(-3)
    overall = ratio(pooled, pooled.sum(-1, keepdims=True))
    squares = (given - overall[..., None, :, :]) ** 2
    return _defined(np.nansum(squares, axis=(-3, -2, -1)), table.sum((-3, -2, -1)))


def eo_mi(joint: ArrayLike) -> Floats:
    """Equalized odds as information, eq. 7: Σ_b [H(a | t=b) + H(s | t=b) − H(a, s | t=b)], in nats.

    The sum over true classes is not weighted by how frequent they are, as in the paper, so it is not the conditional
    mutual information. In [0, K_t log min(K_s, K_t)], lower is better. A class without images adds nothing. NaN
    without images.

    Args:
        joint: [..., group, true, predicted].

    >>> eo_mi([[[0, 5], [5, 0]], [[5, 0], [0, 5]]]).round(4).item()  # log 2 for either class
    1.3863
    """
    table = _joint(joint)
    per_class = mutual_information(np.moveaxis(table, -2, -3))
    return _defined(np.nansum(per_class, axis=-1), table.sum((-3, -2, -1)))


def group_iou(joint: ArrayLike) -> Floats:
    """IOU of every group, eqs. 10 and 11: mean over classes of J[b,a,a] / (J[b,a,·] + J[b,·,a] − J[b,a,a]).

    In [0, 1], higher is better; [..., group]. A class without any true image in a group is left out of that group's
    mean (its overlap would be 0 whatever the model does). NaN for a group without images.

    Args:
        joint: [..., group, true, predicted].

    >>> group_iou([[[3, 1], [0, 4]]]).round(4).tolist()  # 3/4 and 4/5
    [0.775]
    """
    return _mean_iou(_joint(joint))


def iou_l2(joint: ArrayLike) -> Floats:
    """Squared spread of overlap, eq. 12: Σ_b [IOU(b) − IOU]², IOU over all images together (eqs. 8 and 9).

    In [0, K_s], lower is better, 0 for a perfect classifier. (The authors' program divides it by K_s.) NaN without
    images.

    Args:
        joint: [..., group, true, predicted].

    >>> iou_l2([[[4, 0], [0, 4]], [[2, 2], [2, 2]]]).round(4).item()  # IOU 1 and 1/3, together 3/5
    0.2311
    """
    table = _joint(joint)
    overall = _mean_iou(table.sum(-3))
    return _defined(np.nansum((_mean_iou(table) - overall[..., None]) ** 2, axis=-1), table.sum((-3, -2, -1)))


def iou_std(joint: ArrayLike) -> Floats:
    """The spread σ_IOU: standard deviation of IOU(b) over groups, with K − 1 below the line.

    In [0, 1/√2], lower is better. Groups without images are left out; NaN with fewer than two groups. The paper
    reports it for hard decisions.

    Args:
        joint: [..., group, true, predicted].

    >>> iou_std([[[4, 0], [0, 4]], [[2, 2], [2, 2]]]).round(4).item()  # |1 − 1/3| / √2
    0.4714
    """
    return spread(group_iou(joint))


def spread(values: ArrayLike) -> Floats:
    """Standard deviation over the last axis with K − 1 below the line, unknown values left out; NaN for fewer than two.

    >>> spread([[1.0, 3.0, np.nan], [2.0, np.nan, np.nan]]).round(4).tolist()
    [1.4142, nan]
    """
    values = np.asarray(values, np.float64)
    known = ~np.isnan(values)
    number = known.sum(-1)
    mean = ratio(np.nansum(values, -1), number)
    squares = np.nansum((values - mean[..., None]) ** 2, axis=-1)
    return np.sqrt(ratio(np.where(number > 1, squares, np.nan), number - 1))


def mutual_information(table: ArrayLike) -> Floats:
    """Mutual information of the last two axes of a table of counts or probabilities, in nats; never below 0.

    I = Σ p(x, y) log [p(x, y) / (p(x) p(y))], computed in float64. NaN for an empty table.

    Args:
        table: [..., x, y].

    >>> mutual_information([[5, 0], [0, 5]]).round(4).item(), mutual_information([[2, 4], [1, 2]]).item()
    (0.6931, 0.0)
    """
    values = np.asarray(table, np.float64)
    total = values.sum((-2, -1), keepdims=True)
    p = ratio(values, total)
    product = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    log_ratio = xlogy(p, ratio(p, product))
    terms = np.where(np.isnan(product) | (product > 0), log_ratio, 0.0)
    return np.asarray(np.maximum(terms.sum((-2, -1)), 0.0), np.float64)


PAPER_MEASURES = MappingProxyType(
    {"dp_l2": dp_l2, "dp_mi": dp_mi, "eo_l2": eo_l2, "eo_mi": eo_mi, "iou_l2": iou_l2, "iou_std": iou_std}
)
"""Name → measure of the joint."""


def _mean_iou(table: Floats) -> Floats:
    """Mean over classes that have true images: [..., true, predicted] → [...]."""
    right = np.diagonal(table, axis1=-2, axis2=-1)
    actual = table.sum(-1)
    overlap = ratio(right, actual + table.sum(-2) - right)
    exists = actual > 0
    return ratio(np.where(exists, overlap, 0.0).sum(-1), exists.sum(-1))


def _joint(joint: ArrayLike) -> Floats:
    table = np.asarray(joint, np.float64)
    if table.ndim < 3 or table.shape[-1] != table.shape[-2]:
        raise ValueError(f"the joint needs shape [..., group, true, predicted], found {table.shape}")
    return table


def _defined(values: Floats, total: Floats) -> Floats:
    return np.where(total > 0, values, np.nan)
