#!/usr/bin/python
# Copyright: reginfra contributors
# GNU General Public License v2.0 or later (see LICENSE)
"""Puts a few commands to a Redis or Valkey, from the host on which it runs, and brings the replies back.

Enters: address, user, password, commands. Leaves: the replies, the clients of CLIENT LIST, or one sentence on what
is wrong and the way out. The Python standard library only: a capsule has no Redis client.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cache_probe
short_description: Ask a registration cache (Redis, Valkey) from this host
description:
  - Connects from the host on which it runs, logs in, and puts commands to the cache. Changes nothing by itself.
  - Fails with the cache's own words and the way out where it does not answer, or not as it should.
author:
  - reginfra contributors (@satperf)
options:
  host:
    description: Address or name of the cache.
    type: str
    required: true
  port:
    description: Its port.
    type: int
    default: 6379
  user:
    description: As whom. Nobody logs in where it is empty.
    type: str
    default: ''
  password:
    description: That user's password. Without one nobody logs in.
    type: str
    default: ''
  tls:
    description: Speak TLS; the certificate must be for O(host).
    type: bool
    default: false
  ca_file:
    description: PEM file of the authorities that may vouch for it; those of the system where it is empty.
    type: str
    default: ''
  timeout:
    description: Seconds for the connection, and for each reply.
    type: int
    default: 5
  commands:
    description: Commands, each with its arguments, split as a shell does.
    type: list
    elements: str
    default: [PING]
attributes:
  check_mode:
    description: Runs as without it.
    support: full
"""

EXAMPLES = r"""
- name: The cache serves this capsule
  satperf.reginfra.cache_probe:
    host: 10.0.0.5
    user: registration_cache
    password: "{{ registration_cache_password }}"
    commands: [PING, GET any]
"""

RETURN = r"""
replies:
  description: One for each command; text, a number, a list, or null for what is not there.
  type: list
  returned: success
clients:
  description: The connections that CLIENT LIST told, where it was asked; address, user and name of each.
  type: list
  elements: dict
  returned: success
reason:
  description: The first word of a refusal (NOAUTH, WRONGPASS, NOPERM, DENIED), or refused, timeout, tls, broken.
  type: str
  returned: failure
"""

import shlex
import socket
import ssl

from ansible.module_utils.basic import AnsibleModule

# what each refusal means for this cache
WAYS_OUT = {
    "NOAUTH": "it serves nobody without a password: give user and password",
    "WRONGPASS": "it does not know this user with this password: run the load balancer's play, then the capsules'",
    "NOPERM": "this user may not do that; the role registration_cache says who may do what",
    "DENIED": "protected mode: its default user has no password; run the role registration_cache",
    "refused": "nothing listens there, or a firewall turns this host away",
    "timeout": "no answer: a firewall drops it, or the address is not the cache's",
    "tls": "look at registration_cache_tls, the certificate's names and the authority",
    "broken": "the peer hung up: TLS on one side only, or no Redis at all",
}


class Refused(Exception):
    """What the cache or the network said, and the word for it."""

    def __init__(self, reason, words):
        super(Refused, self).__init__(words)
        self.reason = reason


class Cache(object):
    """One connection; RESP 2, which every version speaks."""

    def __init__(self, host, port, timeout, context=None):
        self.stream = socket.create_connection((host, port), timeout)
        if context is not None:
            self.stream = context.wrap_socket(self.stream, server_hostname=host)
        self.reader = self.stream.makefile("rb")

    def ask(self, words):
        """The reply to one command; an error reply is raised."""
        sent = [b"*%d\r\n" % len(words)]
        for word in words:
            raw = word.encode("utf-8")
            sent.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
        self.stream.sendall(b"".join(sent))
        return self._reply()

    def _reply(self):
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise Refused("broken", "the connection ended")
        kind, rest = line[:1], line[1:-2].decode("utf-8", "replace")
        if kind == b"+":
            return rest
        if kind == b"-":
            raise Refused(rest.split(" ", 1)[0], rest)
        if kind not in b":$*" or not rest.lstrip("-").isdigit():
            raise Refused("broken", "this is no Redis: %r" % line[:40])
        number = int(rest)
        if kind == b":":
            return number
        if number < 0:
            return None
        if kind == b"*":
            return [self._reply() for _unused in range(number)]
        return self.reader.read(number + 2)[:-2].decode("utf-8", "replace")


def clients_of(text):
    """`id=3 addr=10.0.0.1:40112 laddr=... name= user=registration_cache ...`, a line a connection."""
    found = []
    for line in text.splitlines():
        fields = dict(field.split("=", 1) for field in line.split(" ") if "=" in field)
        address = fields.get("addr", "").rpartition(":")[0].strip("[]")
        found.append({"address": address, "user": fields.get("user", ""), "name": fields.get("name", "")})
    return found


def ask_all(params):
    """Connects, logs in and puts each command; what the module returns."""
    context = ssl.create_default_context(cafile=params["ca_file"] or None) if params["tls"] else None
    cache = Cache(params["host"], params["port"], params["timeout"], context)
    if params["user"] and params["password"]:
        cache.ask(["AUTH", params["user"], params["password"]])
    answer = {"changed": False, "replies": [], "clients": []}
    for command in params["commands"]:
        words = shlex.split(command)
        reply = cache.ask(words)
        answer["replies"].append(reply)
        if [word.upper() for word in words] == ["CLIENT", "LIST"]:
            answer["clients"] = clients_of(reply)
    cache.stream.close()
    return answer


def main():
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "default": 6379},
            "user": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "tls": {"type": "bool", "default": False},
            "ca_file": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 5},
            "commands": {"type": "list", "elements": "str", "default": ["PING"]},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**ask_all(module.params))
    except Refused as error:
        reason, words = error.reason, str(error)
    except ssl.SSLError as error:
        reason, words = "tls", str(error)
    except ConnectionRefusedError as error:
        reason, words = "refused", str(error)
    except socket.timeout as error:
        reason, words = "timeout", str(error)
    except (ConnectionError, OSError) as error:
        reason, words = "broken" if isinstance(error, ConnectionError) else "refused", str(error)
    module.fail_json(
        msg="cache %s:%d: %s; %s" % (params_of(module) + (words, WAYS_OUT.get(reason, "ask its own log"))),
        reason=reason,
    )


def params_of(module):
    """Address and port, for messages."""
    return module.params["host"], module.params["port"]


if __name__ == "__main__":
    main()
