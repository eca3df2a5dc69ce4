"""The options that several commands share, by group, each described once."""

from fairaudit.cli.options.counterfactual import COUNTERFACTUALS, Cvae, Twins
from fairaudit.cli.options.data import (
    DATA,
    Attribute,
    Baseline,
    ConfigFile,
    DataFile,
    Limit,
    Models,
    RegionBox,
    Roi,
    Size,
    Split,
    Target,
)
from fairaudit.cli.options.gate import GATE, FailOnOption, MaxExcluded
from fairaudit.cli.options.model import MODEL, Arch, Classes, OutputKind, Trust
from fairaudit.cli.options.output import OUTPUT, AsJson, DryRun, Formats, Images, Output, Quiet, Verbose
from fairaudit.cli.options.relevance import RELEVANCE, Convention, Explain, MapsFormat, Saliency
from fairaudit.cli.options.run import RUN, BatchSize, Device, Fresh, PrecisionOption, Seed, Workers

__all__ = [
    "COUNTERFACTUALS",
    "DATA",
    "GATE",
    "MODEL",
    "OUTPUT",
    "RELEVANCE",
    "RUN",
    "Arch",
    "AsJson",
    "Attribute",
    "Baseline",
    "BatchSize",
    "Classes",
    "ConfigFile",
    "Convention",
    "Cvae",
    "DataFile",
    "Device",
    "DryRun",
    "Explain",
    "FailOnOption",
    "Formats",
    "Fresh",
    "Images",
    "Limit",
    "MapsFormat",
    "MaxExcluded",
    "Models",
    "Output",
    "OutputKind",
    "PrecisionOption",
    "Quiet",
    "RegionBox",
    "Roi",
    "Saliency",
    "Seed",
    "Size",
    "Split",
    "Target",
    "Trust",
    "Twins",
    "Verbose",
    "Workers",
]
