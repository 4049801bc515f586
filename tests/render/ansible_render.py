"""Renders roles' files with the real Ansible: its inventory, its precedence, its templates.

One JSON object a line on stdin: id, inventory, extra (as behind -e), facts, public, parts; a part has role (a folder),
hosts, vars (what a run would hand to the role), files (template, path, when), problems (a variable).
One a line on stdout: id, and by role and host its problems, its files by path, or the error.

Ansible is imported once; each object gets a process of its own, forked from there.
"""

import json
import os
import sys
import traceback

os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
os.environ["ANSIBLE_NOCOLOR"] = "1"

from ansible import context  # noqa: E402
from ansible._internal._templating import _jinja_bits  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.module_utils.common.collections import ImmutableDict  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.playbook.play import Play  # noqa: E402
from ansible.plugins.loader import init_plugin_loader  # noqa: E402
from ansible.template import Templar, trust_as_template  # noqa: E402
from ansible.utils.vars import load_extra_vars  # noqa: E402
from ansible.vars.hostvars import HostVars  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402

init_plugin_loader()
TEMPLATE = {"trim_blocks": True, "lstrip_blocks": False, "newline_sequence": "\n"}

# Ansible compiles a template again each time that it is used, which takes longer than using it: here once
COMPILED = {}


def compile_once(self, source, name=None, filename=None, raw=False, defer_init=False):
    inside = _jinja_bits._TemplateCompileContext.current(optional=True)
    key = (str(source), name, raw, defer_init, self.trim_blocks, self.lstrip_blocks, inside and inside.escape_backslashes)
    if not isinstance(source, str):
        return compile_each(self, source, name, filename, raw, defer_init)
    if key not in COMPILED:
        COMPILED[key] = compile_each(self, source, name, filename, raw, defer_init)
    return COMPILED[key]


compile_each = _jinja_bits.AnsibleEnvironment.compile
_jinja_bits.AnsibleEnvironment.compile = compile_once


def run(work):
    context.CLIARGS = ImmutableDict(
        extra_vars=tuple(trust_as_template(e) for e in work["extra"]), flush_cache=False, subset=None, tags=(), skip_tags=()
    )
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[work["inventory"]])
    manager = VariableManager(loader=loader, inventory=inventory)
    # as a run does it: from now on variables hold hostvars
    HostVars(inventory=inventory, variable_manager=manager, loader=loader)
    for name in inventory.hosts:
        manager.set_host_facts(name, {f"ansible_{k}": v for k, v in work["facts"].items()})
    return {os.path.basename(part["role"]): of_part(part, work, loader, inventory, manager) for part in work["parts"]}


def of_part(part, work, loader, inventory, manager):
    plan = {"hosts": "all", "gather_facts": False, "roles": [part["role"]]}
    play = Play.load(plan, variable_manager=manager, loader=loader)
    role = play.get_roles()[0]
    # whether other hosts' variables hold the role's own must make no difference
    role.public = work["public"]
    task = role.get_task_blocks()[0].block[0]
    answers = {}
    for host in map(inventory.get_host, part["hosts"]):
        variables = manager.get_vars(play=play, host=host, task=task)
        variables.update(part["vars"])
        answers[host.name] = answer(Templar(loader=loader, variables=variables), part)
    return answers


def answer(templar, part):
    def template(text):
        return templar.template(trust_as_template(text))

    try:
        problems = template("{{ " + part["problems"] + " }}")
        if problems:
            return {"problems": problems}
        files = {}
        for file in part["files"]:
            if file["when"] is None or template("{{ " + file["when"] + " }}"):
                with open(os.path.join(part["role"], "templates", file["template"]), encoding="utf-8", newline="") as f:
                    text = templar.template(trust_as_template(f.read()), escape_backslashes=False, overrides=TEMPLATE)
                files[template(file["path"])] = "" if text is None else str(text)
        return {"files": files}
    except Exception as error:  # noqa: BLE001
        return {"error": str(error)}


def child(work, out):
    out.write(json.dumps({"id": work["id"], "roles": run(work)}) + "\n")
    out.flush()


works = list(sys.stdin)
# what is imported and compiled for the first one is there for all of them
run(json.loads(works[0]))
del load_extra_vars.extra_vars

for line in works:
    pid = os.fork()
    if pid == 0:
        try:
            child(json.loads(line), sys.stdout)
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"failed: {line[:500]}")
