"""A network's numbers, held still, each with an address: what it is made of, down to pixels and weights."""
