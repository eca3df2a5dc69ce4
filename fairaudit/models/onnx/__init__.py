"""ONNX files: read without running anything, computed by torch, proven against another implementation."""
