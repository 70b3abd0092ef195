"""The way from a number down to what it is made of, part by part."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tuicnn.specimen.address import Address
from tuicnn.specimen.explanation import Explanation
from tuicnn.specimen.specimen import Specimen

__all__ = ["descend"]


def descend(data: st.DataObject, specimen: Specimen, address: Address) -> Explanation:
    """Follow the largest parts or any, each of which has the value that its own address has; where the way ends."""
    largest = data.draw(st.booleans())
    for _ in range(200):
        found = specimen.explain(address)
        ways = [part for part in found.parts if part.address is not None]
        if not ways:
            break
        part = max(ways, key=lambda part: abs(part.contribution)) if largest else data.draw(st.sampled_from(ways))
        assert part.address is not None
        value = specimen.explain(part.address).value
        assert part.value == pytest.approx(value, abs=1e-9 * (1 + abs(value)), rel=1e-9), f"{address}: {part}"
        address = part.address
    return found
