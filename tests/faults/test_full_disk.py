"""A disk that is really full, of a few pages in memory: what was written stands, the error says
that there is no room and in which file, and with room all goes on.

Each test is a process with mounts of its own, which the system undoes when the process ends.
"""

import os
import subprocess
import sys

import pytest
from faults.full_disk import KNOW_THEIR_PATH, NEW, SINKS

pytestmark = pytest.mark.thread_unsafe(reason="a process of its own does the work, once")

MOUNT = 'mount -t tmpfs -o nr_blocks=64,nr_inodes=50 tmpfs "$0" && exec "$@"'
# for who may mount, and for who may do so among mounts of their own only
WAYS = [["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]]


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """How a command begins that has a small disk, and the folder that the disk is then."""
    folder = str(tmp_path_factory.mktemp("disk"))
    why = "unshare is missing"
    for way in WAYS:
        command = [*way, "sh", "-c", MOUNT, folder]
        try:
            tried = subprocess.run([*command, "true"], capture_output=True, text=True)
        except FileNotFoundError:
            continue
        if tried.returncode == 0:
            return command, folder
        why = tried.stderr.strip()
    pytest.skip(f"nothing can be mounted here: {why}")


def holds(disk, case, *arguments):
    """Assert that a case comes to its end, and prints nothing else."""
    command, folder = disk
    python = [sys.executable, "-W", "always::ResourceWarning", "-m", "faults.full_disk"]
    done = subprocess.run(
        [*command, *python, folder, case, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        timeout=120,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("held\n", "", 0), done.stderr


@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("kind", SINKS)
def test_a_disk_that_fills_up(disk, new, kind):
    holds(disk, "fill", new, kind)


@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("kind", ["path", "OSFile", "descriptor"])
def test_a_batch_of_which_nothing_had_room_is_written_later(disk, new, kind):
    """Of an object nobody knows what it took; all others say so."""
    holds(disk, "go_on", new, kind)


@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("kind", SINKS)
def test_an_end_that_has_no_room(disk, new, kind):
    holds(disk, "end", new, kind)


@pytest.mark.parametrize("new", NEW)
def test_a_buffered_file_writes_later_what_it_holds_back(disk, new):
    holds(disk, "buffered", new)


@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("kind", KNOW_THEIR_PATH)
def test_a_file_that_cannot_be_made(disk, new, kind):
    holds(disk, "no_file", new, kind)
