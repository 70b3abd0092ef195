"""Tree to plan: checks of names, arguments, blocks, shapes, costs, and of the network as a whole."""
