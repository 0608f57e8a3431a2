"""onnxruntime, imported in this one place, so that it tells nobody."""

from __future__ import annotations

import os
from typing import Any


def load_onnxruntime() -> Any:
    """Import onnxruntime with its telemetry off; return the module.

    From 1.29 on its wheels report to Microsoft and keep an identifier below the home folder. The
    variable must be set before the import; on Windows, which does not read it, the call must do.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
