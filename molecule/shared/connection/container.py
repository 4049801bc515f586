# GNU General Public License v3.0+ (see LICENSE)
"""Runs tasks in a container that podman started on this machine, by entering its namespaces.

`podman exec` costs several times the CPU of most tasks; with hundreds of tasks a run on ten hosts that is most of it.
"""

import shlex

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: container
short_description: Tasks in a container of this machine, through nsenter
description:
  - Needs root, and containers that were started with C(--pidfile).
author: reginfra
options:
  pid_file:
    description: What podman writes the process ID of the container's init into, at each start.
    type: path
    required: true
    vars:
      - name: ansible_container_pid_file
"""

# as after a login of root; the environment of who runs this is none of the host's
ENVIRONMENT = "env -i HOME=/root USER=root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Connection(Local):
    transport = "container"

    @property
    def pid(self):
        path = self.get_option("pid_file")
        try:
            with open(path, encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError) as error:
            raise AnsibleConnectionFailure(f"{path} tells no process of a container: {error}") from error

    def exec_command(self, cmd, in_data=None, sudoable=True):
        return super().exec_command(f"{ENVIRONMENT} nsenter -a -t {self.pid} -- {cmd}", in_data, sudoable)

    def put_file(self, in_path, out_path):
        with open(in_path, "rb") as file:
            self.copied(f"dd of={shlex.quote(out_path)} status=none", file.read())

    def fetch_file(self, in_path, out_path):
        content = self.copied(f"cat {shlex.quote(in_path)}", None)
        with open(out_path, "wb") as file:
            file.write(content)

    def copied(self, command, content):
        code, out, err = self.exec_command(command, content, sudoable=False)
        if code:
            raise AnsibleError(f"{command}: {to_text(err)}")
        return out
