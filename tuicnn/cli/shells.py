"""Completion in bash, zsh and fish by click, which asks `tuicnn` itself at each press of Tab.

What is click's own stays. Added is a word that goes on where it ends, such as `optim.lr=`: no space is put behind it.
Bash, which cuts words at each `=`, is answered with what follows the last one.
"""

from __future__ import annotations

import os
from typing import Any

from click import Command
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

__all__ = ["COMPLETE", "PREFIX", "SHELLS", "script"]

#: the variable with which a shell asks for completions
COMPLETE = "_TUICNN_COMPLETE"
#: the type of a completion that goes on where it ends
PREFIX = "prefix"


@add_completion_class
class Bash(BashComplete):
    """Version 4.4 or later."""

    source_template = r"""%(complete_func)s() {
    local IFS=$'\n' type value
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            prefix) compopt -o nospace; COMPREPLY+=("$(printf '%%q' "$value")") ;;
            plain) COMPREPLY+=("$(printf '%%q' "$value")") ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        words = split_arg_string(os.environ["COMP_WORDS"])
        number = int(os.environ["COMP_CWORD"])
        words += [""] * (number + 1 - len(words))
        joined: list[str] = []
        for word in words[: number + 1]:
            if joined and (word == "=" or joined[-1].endswith("=")):
                joined[-1] += word
            else:
                joined.append(word)
        name, equals, _ = joined[-1].rpartition("=")
        self._typed = name + equals
        return joined[1:-1], joined[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{str(item.value).removeprefix(self._typed)}"


@add_completion_class
class Zsh(ZshComplete):
    """Any version with the completion system, `compinit`."""

    source_template = ZshComplete.source_template.replace(
        """        elif [[ "$type" == "dir" ]]""",
        """        elif [[ "$type" == "prefix" ]]; then
            compadd -U -S '' -V unsorted -- "$key"
        elif [[ "$type" == "dir" ]]""",
    )


@add_completion_class
class Fish(FishComplete):
    """It puts no space behind `=`, `.` and `[` of its own accord."""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        if item.type == PREFIX:
            item = CompletionItem(item.value, help=item.help)
        return super().format_completion(item)


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def script(shell: str, program: Command) -> str:
    """The text that a shell reads once, to complete `tuicnn` from then on."""
    return SHELLS[shell](program, {}, "tuicnn", COMPLETE).source()
