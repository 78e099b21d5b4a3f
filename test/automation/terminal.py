"""Runs a command in a terminal of its own, 80 columns wide, and writes what it wrote there: `terminal.py <command> …`.

`PRESS`: a pattern; once it is on the screen, Ctrl-C is pressed. The last line is the exit code.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios

press = os.environ.pop("PRESS", "")
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))

seen = b""
while select.select([terminal], [], [], 120)[0]:
    try:
        more = os.read(terminal, 65536)
    except OSError:
        # How Linux says that nobody writes any more.
        break
    if not more:
        break
    seen += more
    if press and re.search(press.encode(), seen):
        press = ""
        os.write(terminal, b"\x03")
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(seen)
print(f"\n{os.waitstatus_to_exitcode(status)}")
