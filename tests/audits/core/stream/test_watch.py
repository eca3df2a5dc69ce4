"""A batch that never ends: the watch ends the process with one paragraph, and lets go of one that ends."""

from __future__ import annotations

import subprocess
import sys
import time

from fairaudit.audits.core.stream.watch import watched


def test_nothing_happens_to_what_ends_in_time():
    with watched(0.05, "m"):
        pass
    with watched(None, "m"):
        pass
    time.sleep(0.1)  # the timer would have ended the tests


def test_what_does_not_end_is_told_and_exits_with_2():
    code = "import time\n"
    code += "from fairaudit.audits.core.stream.watch import watched\nwith watched(0.1, 'm.pt'):\n    time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The model did not finish a batch in time.")
    assert "--timeout-per-batch" in done.stderr
    assert "m.pt" in done.stderr
