"""A text with other values: `{"optim.lr": "1e-3", "w": "16"}`, as `--set` gives them on the command line."""

from __future__ import annotations

from tuicnn.language.overrides.applying import OverrideError, override
from tuicnn.language.overrides.checking import check_overridden, check_overridden_file

__all__ = ["OverrideError", "check_overridden", "check_overridden_file", "override"]
