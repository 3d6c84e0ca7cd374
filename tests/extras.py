"""What the default install lacks: a test that needs it is skipped and names the command."""

from importlib.util import find_spec

import pytest

NOT_INSTALLED = "the dev extra is not installed: make env EXTRAS=cpu,dev"


def skip_without(module):
    """Skip a test, or a file of tests when called at its top, where a module is not installed."""
    if find_spec(module) is None:
        pytest.skip(NOT_INSTALLED, allow_module_level=True)
