"""For all tests."""

from __future__ import annotations

import os
import signal

# Tests that import onnxruntime by themselves must not leave its identifier in a developer's home.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# A shell starts a background job with SIGINT ignored, and every process it starts inherits that:
# the tests that interrupt a command would then wait for nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
