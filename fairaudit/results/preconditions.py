"""Names of the gate's rules that nobody writes: what must hold before any number says something about the model."""

from __future__ import annotations

from typing import Final

LABELS: Final = "decisions go with the labels"
"""Otherwise outputs, labels or images are probably misread."""
SCALE: Final = "input scaled as in training"
"""Otherwise the model was probably given other inputs than it was trained on."""
VARY: Final = "decisions vary"
"""Otherwise all images got the same decision, which is no evidence of equal treatment."""
COMPARED: Final = "groups were compared"
"""Otherwise no gap between groups could be computed."""
