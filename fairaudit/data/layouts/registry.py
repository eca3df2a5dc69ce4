"""Dataset layouts by name; each turns a folder into a table and its images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.celeba import read_celeba
from fairaudit.data.layouts.cifar10 import read_cifar10
from fairaudit.data.layouts.imagefolder import read_imagefolder
from fairaudit.data.layouts.isic import read_isic
from fairaudit.data.layouts.mnist import read_mnist
from fairaudit.data.layouts.utkface import read_utkface
from fairaudit.data.layouts.wilds import read_wilds
from fairaudit.registry import Registry

LAYOUTS: Registry[Callable[[Path], Dataset]] = Registry(
    "dataset layout",
    [
        ("celeba", read_celeba),
        ("wilds", read_wilds),
        ("imagefolder", read_imagefolder),
        ("mnist", read_mnist),
        ("cifar10", read_cifar10),
        ("utkface", read_utkface),
        ("isic", read_isic),
    ],
)
