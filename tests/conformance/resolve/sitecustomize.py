"""Loaded by Python at start when this folder is on PYTHONPATH: for tools run as programs."""

import localhost_names

localhost_names.install()
