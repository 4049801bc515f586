#!/usr/bin/env python3
"""templates/capsule_cache_url/registration.yml.j2 by itself, on the texts of tests/fixtures/registration_yml.yaml.

    .cache/venv/bin/python tests/roles/registration_yml.py

Each text gets our line as the fixture says; a second time changes nothing; where no line of ours was there, taking it
out gives the first text back, byte for byte; and YAML reads the same settings before and after, but for ours. Then
each text once more, cut after every line and joined with the other newline. Needs jinja2 and PyYAML, as Ansible does.
"""

import pathlib
import sys

import jinja2
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "templates/capsule_cache_url/registration.yml.j2"
CASES = ROOT / "tests/fixtures/registration_yml.yaml"
URL = "redis://u:p%25@10.0.0.5:6379/0"
OURS = (":cache_url", ":redis_url")


def renderer():
    """As ansible.builtin.template sets Jinja2 up."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(TEMPLATE.read_bytes().decode())

    def render(text, key, line):
        values = {"__capsule_cache_url_current": text, "capsule_cache_url_key": key, "__capsule_cache_url_line": line}
        return template.render(values)

    return render


def settings(text):
    """What smart-proxy reads, without what is ours; None where it is no mapping.

    A block that ends the file without a newline gains one: the role refuses that file, the template does not look.
    """
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    if read is None:
        read = {}
    if not isinstance(read, dict):
        return None
    return {key: str(value).rstrip("\n") for key, value in read.items() if key not in OURS}


def failures(render, case):
    """Sentences on what is wrong with one text."""
    key = case.get("key", "cache_url")
    line = f":{key}: {URL}"
    before, wanted = (case[name].replace("@", line) for name in ("before", "after"))
    ours = "" if case.get("out") else line
    now = render(before, key, ours)
    if now != wanted:
        yield f"is {now!r}, not {wanted!r}"
    yield from general(render, before, now, key, ours, not case.get("had"))


def general(render, before, now, key, ours, clean):
    """What holds for every text."""
    if render(now, key, ours) != now:
        yield f"a second time changes {now!r} to {render(now, key, ours)!r}"
    back = render(now, key, "")
    if clean and back != before:
        yield f"taken out again it is {back!r}, not {before!r}"
    if settings(before) is not None:
        if settings(now) != settings(before):
            yield f"other settings are {settings(now)!r} in {now!r}"
        read = yaml.safe_load(now) or {}
        if [read[name] for name in OURS if name in read] != ([URL] if ours else []):
            yield f"our key is not read from {now!r}"


def variations(case):
    """The text cut after every line, with the last newline and without, with both kinds of newline."""
    lines = case["before"].replace("\r\n", "\n").split("\n")
    for count in range(len(lines) + 1):
        for newline in ("\n", "\r\n"):
            text = newline.join(lines[:count])
            yield text
            yield text + newline


def main():
    render = renderer()
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    bad = [f"{case['name']}: {words}" for case in cases for words in failures(render, case)]
    varied = 0
    for case in cases:
        for key in ("cache_url", "redis_url"):
            line = f":{key}: {URL}"
            for text in variations(case):
                text, varied = text.replace("@", line), varied + 1
                clean = not case.get("had")
                now = render(text, key, line)
                bad += [f"{case['name']}, varied: {words}" for words in general(render, text, now, key, line, clean)]
    print("\n".join(bad + [f"{len(cases)} texts, {varied} variations, {len(bad)} failures"]))
    return 1 if bad or len(cases) < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
