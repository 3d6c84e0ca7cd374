"""The whole check runs with the network cut, in this process and in those that it starts."""

import subprocess
import sys

import pytest

# What ``socket`` reports before it connects; nothing is sent.
OUTSIDE = "sys.audit('socket.connect', None, ('192.0.2.1', 80))"
LOOK_UP = "sys.audit('socket.getaddrinfo', 'example.org', 80, 0, 0, 0)"
INSIDE = "sys.audit('socket.connect', None, ('127.0.0.1', 80))"


@pytest.mark.parametrize("words", [OUTSIDE, LOOK_UP])
def test_nothing_beyond_this_computer_can_be_reached(words):
    with pytest.raises(ConnectionRefusedError, match="tests run without a network"):
        eval(words)
    child = subprocess.run(
        [sys.executable, "-c", f"import sys; {words}"], capture_output=True, text=True
    )
    assert child.returncode == 1 and "tests run without a network" in child.stderr


def test_this_computer_can_be_reached():
    eval(INSIDE)
    subprocess.run([sys.executable, "-c", f"import sys; {INSIDE}"], check=True)
