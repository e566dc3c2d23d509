"""Runs a command for as long as somebody holds the other end of our standard input.

However the test process ends, by SIGKILL too, its end of the pipe closes; then the command and all
that it started are ended, and the folder that they ran in is removed.

    guard.py FOLDER COMMAND...
"""

import os
import shutil
import signal
import subprocess
import sys

folder, command = sys.argv[1], sys.argv[2:]
child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, start_new_session=True)
try:
    sys.stdin.buffer.read()
finally:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    shutil.rmtree(folder, ignore_errors=True)
