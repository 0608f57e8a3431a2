"""For all tests."""

from __future__ import annotations

import os

# Tests that import onnxruntime by themselves must not leave its identifier in a developer's home.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
