#!/usr/bin/env python3
"""Stands in for a capsule's smart-proxy, for the tests of the roles: what hosts and load balancers see of it.

Answers over TLS, as the real one does on port 9090:

    GET  /features          the running modules; no client certificate is asked for
    GET  /register          a registration script
    POST /register          a host's own script
    GET  /register/health   the status in RUN/health (200 where there is none; 404: a capsule without that change)

A script tells which capsule made it, and whose client certificate came with the request. RUN/delay holds the seconds
that each /register takes. Lines are written as the real proxy.log has them, two a request.

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
            return 200, json.dumps(FEATURES)
        if path == "/register":
            return self.script("script", query)
        if path == "/register/health":
            return int(self.server.switches.number("health", 200)), "{}"
        return 404, "Requested url was not found"

    def post(self, path, query):
        return self.script("host", query) if path == "/register" else (404, "Requested url was not found")

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

    request_queue_size = 1024
    daemon_threads = True

    def __init__(self, options):
        super().__init__(("", options.port), Handler)
        self.log = ProxyLog(options.log)
        self.switches = Switches(options.run)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(options.certificate, options.key)
        if options.ca:
            self.tls.load_verify_locations(options.ca)
            self.tls.verify_mode = ssl.CERT_OPTIONAL

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
    parser.add_argument("--run", default="/run/stand_in_proxy", help="folder of the switches")
    options = parser.parse_args()
    os.makedirs(os.path.dirname(options.log) or ".", exist_ok=True)
    Server(options).serve_forever()


if __name__ == "__main__":
    main()
