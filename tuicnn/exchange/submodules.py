"""What a plan's layers are called, and how they are written, as submodules of a `torch.nn.Module`.

Needs no PyTorch: it is for whoever writes a module, and for whoever makes one.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuicnn.language.plan import Node, Plan

__all__ = ["RESERVED", "submodule_names", "submodules_of"]

#: attributes of `torch.nn.Module` and `torch.fx.GraphModule`, and what a module that we write calls otherwise
_RESERVED = """
    T_destination add_module add_submodule apply bfloat16 buffers call_super_init children code compile cpu cuda
    delete_all_unused_submodules delete_submodule double dump_patches eval extra_repr float forward get_buffer
    get_extra_state get_parameter get_submodule graph half ipu load_state_dict meta modules mtia named_buffers
    named_children named_modules named_parameters parameters print_readable recompile register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule shape_env share_memory state_dict to to_empty to_folder train training type xpu
    zero_grad
    image logits mean nn normalised p self std super torch x
"""
RESERVED = frozenset(_RESERVED.split())


def submodule_names(plan: Plan) -> dict[str, str]:
    """What each node's submodule is called: as the node, where PyTorch and Python allow it."""
    taken, names = {node.name for node in plan.nodes}, {}
    for node in plan.nodes:
        name = _identifier(node.name)
        if name != node.name or not _allowed(name):
            while name in taken or not _allowed(name):
                name = f"{name}_"
            taken.add(name)
        names[node.name] = name
    return names


def submodules_of(node: Node, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The modules of a layer with one input, in turn, each with its name and as it is written behind `nn.`.

    The one with the weights has the name of the node in `names`, those of all nodes; without weights, the first that is
    more than a border or another shape.
    """
    written = node.layer.torch(*node.input_shapes)
    own = len(written) - 1
    if not node.layer.weights(*node.input_shapes):
        own = next((place for place, text in enumerate(written) if not re.match(r"\w+Pad2d|Unflatten", text)), own)
    found, taken = [], set(names.values())
    for place, text in enumerate(written):
        name = names[node.name]
        while place != own and name in taken:
            name += "_before" if place < own else "_after"
        taken.add(name)
        found.append((name, text))
    return found


def _identifier(name: str) -> str:
    """A node's name as one that Python reads as it stands, and that does not begin with `_`."""
    plain = unicodedata.normalize("NFKC", name)
    found = "".join(c if c.isalnum() and f"a{c}".isidentifier() else "_" for c in plain).lstrip("_")
    return found if found.isidentifier() else f"layer{found}"


def _allowed(name: str) -> bool:
    return not (keyword.iskeyword(name) or name in RESERVED)
