#!/usr/bin/env python3
"""Tells where this host shows a cache's password to whoever looks.

    find_secrets.py [--file FILE] BASE64...

The passwords are those given, in base64 so that this line is no such place, and those in /etc/reginfra. Looks into the
journal, every process's arguments and environment, and files of /etc, /run, /tmp and /var, but for the places where
they belong; with --file into that one file only. Prints the places, not the passwords. Exit code 1 where there is one.
"""

import argparse
import base64
import pathlib
import subprocess
import sys

BELONGS = ("/etc/reginfra/", "/etc/foreman-proxy/settings.d/registration.yml", "/run/registration.yml",
           "/var/lib/containers/storage/secrets/")
LARGEST = 20 << 20


def files():
    for folder in ("/etc", "/run", "/tmp", "/var/log", "/var/lib", "/var/tmp", "/root"):
        for path in pathlib.Path(folder).rglob("*"):
            try:
                if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST:
                    yield path
            except OSError:
                continue


def places():
    """Name and bytes of each place."""
    journal = ["journalctl", "--no-pager", "-o", "export"]
    yield "journal", subprocess.run(journal, capture_output=True, check=False).stdout
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        for each in (path, path.with_name("environ")):
            try:
                yield str(each), each.read_bytes()
            except OSError:
                continue
    for path in files():
        if not str(path).startswith(BELONGS):
            try:
                yield str(path), path.read_bytes()
            except OSError:
                continue


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--file")
    parser.add_argument("secret", nargs="*")
    options = parser.parse_args()
    secrets = [base64.b64decode(secret) for secret in options.secret]
    if options.file is None:
        secrets += [path.read_bytes().strip() for path in pathlib.Path("/").glob("etc/reginfra/*_password")]
    where = places() if options.file is None else [(options.file, pathlib.Path(options.file).read_bytes())]
    found = sorted({name for name, text in where for secret in secrets if secret in text})
    print("\n".join(found))
    sys.exit(1 if found or not all(secrets) else 0)


if __name__ == "__main__":
    main()
