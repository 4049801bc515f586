#!/usr/bin/env python3
"""Stands in for a capsule's smart-proxy, for the tests of the roles: what hosts and load balancers see of it.

Answers over TLS, as the real one does on port 9090:

    GET  /features          the running modules; no client certificate is asked for
    GET  /register          a registration script
    POST /register          a host's own script
    GET  /register/health   the status in RUN/health (200 where there is none; 404: a capsule without that change)

A script tells which capsule made it, and whose client certificate came with the request. RUN/delay holds the seconds
that each /register takes. Lines are written as the real proxy.log has them, two a request.

With --settings it reads registration.yml at start, as far as YAML's `:key: value` goes: a line that is nothing of the
kind drops the feature `registration`, as a YAML error does. Where :cache_url: (--cache-key) is there, GET /register
looks into that Redis or Valkey first and stores what it makes there for 300 s. A cache that fails is a script of one's
own and a line in the log.

What it does not do: ask a Foreman.
"""

import argparse
import datetime
import http.server
import json
import os
import pathlib
import socket
import ssl
import re
import threading
import time
import urllib.parse
import uuid

FEATURES = ["dynflow", "logs", "pulpcore", "registration", "script"]


class ProxyLog:
    """`2026-04-04T17:59:38 e3c9c5ad [I] text`, from several threads."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()

    def write(self, request_id, text):
        now = datetime.datetime.now().strftime("%Y-%m-%dT%H:%M:%S")
        with self.lock:
            self.file.write(f"{now} {request_id} [I] {text}\n")


class Switches:
    """What a test turns on this capsule, as files in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def number(self, name, otherwise):
        try:
            return float((self.folder / name).read_text())
        except (FileNotFoundError, ValueError):
            return otherwise


def read_settings(path):
    """The keys of registration.yml, without their colons; None where YAML would not take it."""
    settings = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\s*(#.*)?|---\s*|\.\.\.\s*", line):
            continue
        found = re.fullmatch(r":(\w+):(?:\s+(.*?))?(?:\s+#.*)?\s*", line)
        if found is None:
            return None
        settings[found[1]] = found[2]
    return settings


class Cache:
    """One connection to the shared cache, made when it is first needed and kept; RESP 2."""

    def __init__(self, url, authorities):
        self.url = urllib.parse.urlsplit(url)
        self.tls = ssl.create_default_context(cafile=authorities) if self.url.scheme == "rediss" else None
        self.lock = threading.Lock()
        self.reader = None

    def ask(self, *words):
        """The reply; a connection that was lost meanwhile is made anew, once."""
        with self.lock:
            for attempt in (1, 2):
                try:
                    if self.reader is None:
                        self.connect()
                    return self.send(words)
                except (OSError, EOFError):
                    self.reader = None
                    if attempt == 2:
                        raise

    def connect(self):
        self.socket = socket.create_connection((self.url.hostname, self.url.port or 6379), 5)
        if self.tls is not None:
            self.socket = self.tls.wrap_socket(self.socket, server_hostname=self.url.hostname)
        self.reader = self.socket.makefile("rb")
        if self.url.password:
            self.send(["AUTH", urllib.parse.unquote(self.url.username), urllib.parse.unquote(self.url.password)])
        self.send(["SELECT", self.url.path.strip("/") or "0"])
        self.send(["CLIENT", "SETNAME", f"smart-proxy@{socket.gethostname()}"])

    def send(self, words):
        raw = [word if isinstance(word, bytes) else word.encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw))
        line = self.reader.readline()
        if not line:
            raise EOFError("the cache hung up")
        if line[:1] == b"-":
            raise ConnectionError(line[1:].decode().strip())
        if line[:1] != b"$":
            return line[1:].strip()
        length = int(line[1:])
        return None if length < 0 else self.reader.read(length + 2)[:-2]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # TLS records and short answers: waiting for more to send costs 40 ms each
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(self.get)

    def do_POST(self):
        self.answer(self.post)

    def get(self, path, query):
        if path == "/features":
            return 200, json.dumps([name for name in FEATURES if name != "registration" or self.server.registers])
        if path == "/register" and self.server.registers:
            return self.cached_script(query)
        if path == "/register/health":
            return int(self.server.switches.number("health", 200)), "{}"
        return 404, "Requested url was not found"

    def post(self, path, query):
        return self.script("host", query) if path == "/register" else (404, "Requested url was not found")

    def cached_script(self, query):
        """Out of the shared cache, else made and put there."""
        cache, key = self.server.cache, f"registration_script:{query}:{self.headers.get('Authorization', '')}"
        if cache is None:
            return self.script("script", query)
        try:
            kept = cache.ask("GET", key)
            if kept is not None:
                return 200, kept.decode()
            status, text = self.script("script", query)
            cache.ask("SETEX", key, "300", text)
            return status, text
        except (OSError, EOFError) as error:
            self.server.log.write("cache", f"the cache failed: {error}")
            return self.script("script", query)

    def script(self, kind, query):
        time.sleep(self.server.switches.number("delay", 0))
        lines = ["#!/bin/sh", f"# {kind} of {socket.gethostname()}", f"# certificate {self.subject() or 'none'}"]
        return 200, "\n".join(lines + [f"# for {query}", ""])

    def subject(self):
        """The common name in the client's certificate."""
        names = (self.connection.getpeercert() or {}).get("subject", ())
        return next((value for rdn in names for key, value in rdn if key == "commonName"), None)

    def answer(self, respond):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        request_id, began = uuid.uuid4().hex[:8], time.monotonic()
        query = f" {url.query}" if url.query else ""
        self.server.log.write(request_id, f"Started {self.command} {url.path}{query}")
        status, text = respond(url.path, url.query)
        took = (time.monotonic() - began) * 1000
        self.server.log.write(request_id, f"Finished {self.command} {url.path} with {status} ({took:.2f} ms)")
        self.send(status, text.encode())

    def send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """proxy.log has its own form."""


class Server(http.server.ThreadingHTTPServer):
    """Shakes hands in the connection's own thread, so that a slow client holds nobody up."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    request_queue_size = 1024
    daemon_threads = True

    def __init__(self, options):
        super().__init__(("", options.port), Handler)
        self.log = ProxyLog(options.log)
        self.switches = Switches(options.run)
        settings = read_settings(options.settings) if options.settings else {}
        self.registers = settings is not None
        url = (settings or {}).get(options.cache_key)
        self.cache = Cache(url, options.cache_ca) if url else None
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(options.certificate, options.key)
        if options.ca:
            self.tls.load_verify_locations(options.ca)
            self.tls.verify_mode = ssl.CERT_OPTIONAL

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def finish_request(self, request, client_address):
        super().finish_request(self.tls.wrap_socket(request, server_side=True), client_address)

    def handle_error(self, request, client_address):
        """A client that goes away is no error of ours."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9090)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--ca", help="signs the clients' certificates")
    parser.add_argument("--log", default="/var/log/foreman-proxy/proxy.log")
    parser.add_argument("--settings", help="registration.yml; without it there is no cache")
    parser.add_argument("--cache-key", default="cache_url", help="the key that names the cache")
    parser.add_argument("--cache-ca", help="vouches for a cache with TLS")
    parser.add_argument("--run", default="/run/stand_in_proxy", help="folder of the switches")
    options = parser.parse_args()
    os.makedirs(os.path.dirname(options.log) or ".", exist_ok=True)
    Server(options).serve_forever()


if __name__ == "__main__":
    main()
