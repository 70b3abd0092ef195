"""tuicnn completion: what a shell reads to complete commands, nets, runs, layers and options."""

from __future__ import annotations

import click

from tuicnn.cli.group import main
from tuicnn.cli.output.streams import put
from tuicnn.cli.shells import SHELLS, script

__all__ = ["completion"]


@main.command()
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def completion(shell: str) -> None:
    """Print what a SHELL reads once, so that Tab completes tuicnn: commands, options, nets, runs, layers, values.

    \b
    tuicnn completion bash > ~/.local/share/bash-completion/completions/tuicnn
    tuicnn completion zsh > ~/.zfunc/_tuicnn        with fpath+=~/.zfunc before compinit in ~/.zshrc
    tuicnn completion fish > ~/.config/fish/completions/tuicnn.fish
    """
    put(script(shell, main))
