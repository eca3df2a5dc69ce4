"""Every method by its name."""

from __future__ import annotations

from fairaudit.mitigation.method import MitigationMethod
from fairaudit.mitigation.methods import fairness_loss
from fairaudit.mitigation.methods.a_clarc import A_CLARC
from fairaudit.mitigation.methods.afr import AFR
from fairaudit.mitigation.methods.cia import CIA, CIA_CVAE
from fairaudit.mitigation.methods.dfr import DFR
from fairaudit.mitigation.methods.ffw import FFW
from fairaudit.mitigation.methods.fine_tune import BALANCED, FINE_TUNE
from fairaudit.mitigation.methods.flac import FLAC
from fairaudit.mitigation.methods.group_dro import GROUP_DRO
from fairaudit.mitigation.methods.jtt import JTT
from fairaudit.mitigation.methods.laftr import LAFTR
from fairaudit.mitigation.methods.leace import LEACE
from fairaudit.mitigation.methods.lff import LFF
from fairaudit.mitigation.methods.p_clarc import P_CLARC, P_CLARC_CONV
from fairaudit.mitigation.methods.prior_training import PRIOR_TRAINING
from fairaudit.mitigation.methods.region_gradient import REGION_GRADIENT
from fairaudit.mitigation.methods.replace_region import REPLACE_REGION
from fairaudit.mitigation.methods.reweight import RESAMPLE, REWEIGHT
from fairaudit.mitigation.methods.rr_clarc import RR_CLARC
from fairaudit.mitigation.methods.savani_aft import SAVANI_AFT
from fairaudit.mitigation.methods.thr_opt import THR_OPT, THR_OPT_GROUP
from fairaudit.mitigation.methods.zhang_al import ZHANG_AL
from fairaudit.registry import Registry

CONTROL = FINE_TUNE.name
"""The method that every other is also held against."""
_ALL = (
    FINE_TUNE, BALANCED, REWEIGHT, RESAMPLE, GROUP_DRO, *fairness_loss.METHODS, SAVANI_AFT, ZHANG_AL, LAFTR, FLAC, JTT,
    LFF, AFR, DFR, LEACE, P_CLARC, P_CLARC_CONV, A_CLARC, RR_CLARC, REPLACE_REGION, REGION_GRADIENT, PRIOR_TRAINING,
    CIA, CIA_CVAE, FFW, THR_OPT, THR_OPT_GROUP,
)  # fmt: skip
METHODS: Registry[MitigationMethod] = Registry("mitigation method", [(method.name, method) for method in _ALL])
"""Name → method, controls first."""
EVERY = tuple(method.name for method in _ALL)
"""All names, in the order of the table."""
SHORT = ("fine-tune", "fine-tune-balanced", "reweight", "groupdro", "eo-mi", "replace-region", "dfr", "thropt")
"""What `--method default` runs: both controls, and what has done well for its cost."""
