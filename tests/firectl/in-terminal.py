"""Runs a command line in a real terminal: types what stdin says, prints what the terminal showed, exits alike.

Lines of stdin are `wait <text>` (until it is shown), `type <text>` (and Enter) and `press <hex byte>`.
"""

import os
import pty
import select
import sys
import time

steps = [line.rstrip("\n").split(" ", 1) for line in sys.stdin]
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
shown = b""
searched = 0
deadline = time.monotonic() + 40


def read_some() -> bool:
    global shown
    if time.monotonic() > deadline:
        sys.exit("in-terminal: timed out; shown so far: " + repr(shown))
    if not select.select([terminal], [], [], 0.1)[0]:
        return True
    try:
        part = os.read(terminal, 65536)
    except OSError:
        return False
    shown += part
    return part != b""


for verb, text in steps:
    if verb == "wait":
        while text.encode() not in shown[searched:]:
            if not read_some():
                sys.exit("in-terminal: ended before it showed " + text + ": " + repr(shown))
        searched = shown.index(text.encode(), searched) + len(text)
    elif verb == "type":
        os.write(terminal, text.encode() + b"\r")
    elif verb == "press":
        os.write(terminal, bytes.fromhex(text))
while read_some():
    pass
sys.stdout.write(shown.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
