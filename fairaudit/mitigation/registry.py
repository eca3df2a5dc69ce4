"""Every method by its name."""

from __future__ import annotations

from fairaudit.mitigation import fairness_loss
from fairaudit.mitigation.a_clarc import A_CLARC
from fairaudit.mitigation.afr import AFR
from fairaudit.mitigation.cia import CIA
from fairaudit.mitigation.dfr import DFR
from fairaudit.mitigation.ffw import FFW
from fairaudit.mitigation.fine_tune import BALANCED, FINE_TUNE
from fairaudit.mitigation.flac import FLAC
from fairaudit.mitigation.group_dro import GROUP_DRO
from fairaudit.mitigation.jtt import JTT
from fairaudit.mitigation.laftr import LAFTR
from fairaudit.mitigation.leace import LEACE
from fairaudit.mitigation.lff import LFF
from fairaudit.mitigation.method import Method
from fairaudit.mitigation.p_clarc import P_CLARC
from fairaudit.mitigation.prior_training import PRIOR_TRAINING
from fairaudit.mitigation.region_gradient import REGION_GRADIENT
from fairaudit.mitigation.replace_region import REPLACE_REGION
from fairaudit.mitigation.reweight import RESAMPLE, REWEIGHT
from fairaudit.mitigation.rr_clarc import RR_CLARC
from fairaudit.mitigation.savani_aft import SAVANI_AFT
from fairaudit.mitigation.thr_opt import THR_OPT, THR_OPT_GROUP
from fairaudit.mitigation.zhang_al import ZHANG_AL
from fairaudit.registry import Registry

CONTROL = FINE_TUNE.name
"""The method that every other is also held against."""
_ALL = (
    FINE_TUNE, BALANCED, REWEIGHT, RESAMPLE, GROUP_DRO, *fairness_loss.METHODS, SAVANI_AFT, ZHANG_AL, LAFTR, FLAC, JTT,
    LFF, AFR, DFR, LEACE, P_CLARC, A_CLARC, RR_CLARC, REPLACE_REGION, REGION_GRADIENT, PRIOR_TRAINING, CIA, FFW,
    THR_OPT, THR_OPT_GROUP,
)  # fmt: skip
METHODS: Registry[Method] = Registry("mitigation method", [(method.name, method) for method in _ALL])
"""Name → method, controls first."""
EVERY = tuple(method.name for method in _ALL)
"""All names, in the order of the table."""
SHORT = ("fine-tune", "fine-tune-balanced", "reweight", "groupdro", "eo-mi", "replace-region", "dfr", "thropt")
"""What `--method default` runs: both controls, and what has done well for its cost."""
