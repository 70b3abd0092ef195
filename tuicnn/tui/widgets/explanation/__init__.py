"""How a number's explanation is drawn: one module for each way to lay it out, chosen by what the explanation has."""
