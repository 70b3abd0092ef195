"""`python -m tuicnn.language.textmate` writes the grammars for editors in `grammars/` anew."""

from __future__ import annotations

import sys
from pathlib import Path

from tuicnn.language.textmate.grammars import FILES

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "grammars")
for name, grammar in FILES.items():
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(grammar(), encoding="utf-8")
