"""Networks that leave for other programs, and weights that come from them: ONNX, PyTorch, files of arrays."""
