"""Runs the real `ansible-inventory --list` for each inventory named on stdin, one a line.

Ansible is imported once; each inventory gets a process of its own, forked from there, so that none sees what another
left behind. Writes one JSON object a line: path, code, stdout, stderr.
"""

import json
import os
import sys
import tempfile

os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "1"
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
os.environ["ANSIBLE_NOCOLOR"] = "1"

from ansible.cli.inventory import InventoryCLI, main  # noqa: E402,F401


def child(path, out, err):
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    code = 70
    try:
        main(["ansible-inventory", "-i", path, "--list"])
        code = 0
    except SystemExit as error:
        code = error.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def run(path):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            child(path, out, err)
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        err.seek(0)
        return {
            "path": path,
            "code": os.waitstatus_to_exitcode(status),
            "stdout": out.read().decode("utf-8", "replace"),
            "stderr": err.read().decode("utf-8", "replace"),
        }


for line in sys.stdin:
    print(json.dumps(run(line.rstrip("\n"))), flush=True)
