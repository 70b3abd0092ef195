"""A coverage-guided fuzzer of the language (not a test: it runs as long as it is told to).

python -m pip install atheris
python -m tests.language.fuzz FOLDER -max_total_time=600

Inputs that reach something new are kept in FOLDER, which begins with the networks that come with tuicnn and with the
examples of the README. It stops at the first input that raises, breaks a law of `invariants.hold`, takes more than a
few seconds or too much memory, and leaves it as a file beside FOLDER; what is found belongs into test_fuzz.py.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def _fill(folder: Path) -> None:
    """Put the texts to start from into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "nets").glob("*.net")}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    texts |= {f"readme{i}": text for i, text in enumerate(re.findall(r"```net\n(.*?)```", readme, re.DOTALL))}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Fuzz until told to stop. Arguments are libFuzzer's, the corpus folder among them."""
    atheris: Any = importlib.import_module("atheris")
    for word in sys.argv[1:]:
        if not word.startswith("-"):
            _fill(Path(word))
    with atheris.instrument_imports(include=["tuicnn.language", "tuicnn.vocabulary", "tuicnn.layers"]):
        from .invariants import hold
    from .mutations import damage

    def one(data: bytes) -> None:
        hold(data.decode("utf-8", "surrogateescape"))

    def mutate(data: bytes, largest: int, seed: int) -> bytes:
        if seed % 4 == 0:
            return bytes(atheris.Mutate(data, largest))
        text = damage(data.decode("utf-8", "surrogateescape"), seed, 1 + seed % 3)
        return text.encode("utf-8", "surrogatepass")[:largest]

    atheris.Setup([*sys.argv, "-max_len=4000", "-timeout=5", "-rss_limit_mb=1000"], one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
