"""Tree to plan: names, arguments, blocks, shapes, costs, and what concerns the network as a whole."""
