#!/usr/bin/env python3
"""Holds roles/*/defaults/main.yml and roles/*/meta/argument_specs.yml against each other.

Every default has its option and every option its default; where the specs give a value it is the same, and every
option has a type and a description. Options that a role must be given have no default, and are `required`.
"""

import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def findings(role):
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text()) or {}
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    options = specs["main"]["options"]
    needed = {name for name, option in options.items() if option.get("required")}
    for name in sorted(defaults.keys() - options.keys()):
        yield f"{name} is in defaults, not in argument_specs"
    for name in sorted(options.keys() - defaults.keys() - needed):
        yield f"{name} is in argument_specs, not in defaults"
    for name in sorted(defaults.keys() & options.keys()):
        option = options[name]
        if "default" in option and option["default"] != defaults[name]:
            yield f"{name} is {defaults[name]!r} in defaults, {option['default']!r} in argument_specs"
        # a list or a mapping may be too long to stand twice
        if "default" not in option and option["type"] not in ("list", "dict"):
            yield f"{name} has no default in argument_specs"
    for name, option in options.items():
        if not option.get("type") or not option.get("description"):
            yield f"{name} has no type or no description"
        if not name.startswith(f"{role.name}_"):
            yield f"{name} does not begin with {role.name}_"


def main():
    found = [f"{role.name}: {text}" for role in sorted((ROOT / "roles").iterdir()) for text in findings(role)]
    print("\n".join(found) or "all options are in order")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
