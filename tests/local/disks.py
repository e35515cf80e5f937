"""Disks that fill up: a small tmpfs where we may mount one, else the test is skipped and says so."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(*, megabytes: int, inodes: int = 0) -> Iterator[Path]:
    """A folder on a disk of its own of so many megabytes (and inodes), gone afterwards."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    options = f"size={megabytes}m,mode=700" + (f",nr_inodes={inodes}" if inodes else "")
    with tempfile.TemporaryDirectory(prefix="rollwatch-disk-") as name:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", name], capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
        processors = os.sched_getaffinity(0)
        # Each processor keeps a few blocks of such a disk to itself: a thread on another one found room where it was full.
        os.sched_setaffinity(0, {min(processors)})
        try:
            yield Path(name)
        finally:
            os.sched_setaffinity(0, processors)
            subprocess.run(["umount", "-l", name], check=True)
