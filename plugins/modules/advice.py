#!/usr/bin/python
# Copyright: reginfra contributors
# GNU General Public License v2.0 or later (see LICENSE)
"""Sentences in, Ansible's own warnings out: what a play must say although nothing failed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: advice
short_description: Warn of something that is no failure
description:
  - Gives each sentence as a warning of Ansible, so that it is seen at the play's end, and changes nothing.
author:
  - reginfra contributors (@satperf)
options:
  sentences:
    description: What to say; empty ones are left out.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    description: Runs as without it.
    support: full
"""

EXAMPLES = r"""
- name: What this capsule lacks
  satperf.reginfra.advice:
    sentences:
      - "capsule1: /register/health answers 404"
"""

RETURN = r"""
sentences:
  description: What was said.
  type: list
  elements: str
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec={"sentences": {"type": "list", "elements": "str", "required": True}},
        supports_check_mode=True,
    )
    said = [sentence for sentence in module.params["sentences"] if sentence]
    for sentence in said:
        module.warn(sentence)
    module.exit_json(changed=False, sentences=said)


if __name__ == "__main__":
    main()
