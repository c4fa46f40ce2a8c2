"""Two instances behind HAProxy: what clients see of the proxy, and a restart of both that nobody notices.

Usage: proxy.py path/to/aufsicht WRITES
"""

import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from instances import Haproxy, Instance, Postgres, service_settings, wait_for

PREFIX = "/aufsicht"
WRITERS = 12
CLIENT = "127.0.0.2"
SCOPES = "register:read register:write statistics:read"


class Clients:
    """Whoever asks through the proxy, from an address that is not the proxy's."""

    def __init__(self, proxy, token):
        self.port, self.token, self.authority = proxy.port, token, proxy.authority
        self.context = ssl.create_default_context(cafile=proxy.authority)

    def connect(self):
        return http.client.HTTPSConnection(
            "localhost", self.port, context=self.context, source_address=(CLIENT, 0), timeout=60
        )

    def send(self, connection, method, path, body=None, headers=None):
        """The answer to a request, with its body."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        connection.request(method, PREFIX + path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        return answer, answer.read()


def addresses_lead_outside(clients, log):
    """What the service says of its own address is what clients reach it at, whatever they say of proxies."""
    outside = f"https://localhost:{clients.port}{PREFIX}"
    forged = {
        "Forwarded": "for=192.0.2.9;host=evil.example;proto=http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-For": "192.0.2.9",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Proto": "http",
        "X-Request-Id": "the-forged-one",
    }
    connection = clients.connect()
    for headers in [{}, forged]:
        _, body = clients.send(connection, "GET", "/.well-known/oauth-authorization-server", headers=headers)
        assert json.loads(body)["token_endpoint"] == f"{outside}/oauth/token", body
    wait_for(lambda: "the-forged-one" in log(), "the request is not in the log", 10)
    line = next(line for line in log().splitlines() if "the-forged-one" in line)
    assert json.loads(line)["address"] == CLIENT, line
    for title in ["Erste", "Zweite"]:
        created, body = clients.send(connection, "POST", "/v1/cases", {"title": title})
        assert created.status == 201 and created.headers["Location"].startswith(f"{PREFIX}/v1/cases/"), body
    page, _ = clients.send(connection, "GET", "/v1/cases?limit=1")
    assert page.headers["Link"].startswith(f"<{PREFIX}/v1/cases?"), page.headers["Link"]
    refused, body = clients.send(connection, "GET", "/v1/cases?colour=red")
    explained, _ = clients.send(connection, "GET", json.loads(body)["type"].removeprefix(PREFIX))
    assert (refused.status, explained.status) == (400, 200), body
    assert json.loads(body)["type"].startswith(f"{PREFIX}/problems/"), body
    _, document = clients.send(connection, "GET", "/openapi.json")
    assert json.loads(document)["servers"][0]["url"] == PREFIX, document[:500]
    moved = clients.connect()
    moved.request("GET", PREFIX)
    assert moved.getresponse().headers["Location"] == f"{PREFIX}/"
    told = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", clients.authority, "-o", "/dev/null"]
        + ["-w", "%{http_version} %{http_code}", f"{outside}/health/ready"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told == "2 200", told
    print("links, places, problem types, documents and the log: as from outside, whatever clients claim; HTTP/2: 200")


class Follower(threading.Thread):
    """Follows the stream of changes, and goes on behind the last event where a stream ends."""

    def __init__(self, clients):
        super().__init__(daemon=True)
        self.clients, self.last, self.seen, self.streams, self.fault = clients, "", [], 0, None
        self.start()

    def run(self):
        try:
            while True:
                self.stream()
        except Exception as fault:  # whatever it is, the test tells it
            self.fault = fault

    def stream(self):
        connection = self.clients.connect()
        headers = {"Authorization": f"Bearer {self.clients.token}", "Accept": "text/event-stream"}
        connection.request("GET", f"{PREFIX}/v1/changes?lastEventId={self.last}", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        self.streams += 1
        try:
            while line := answer.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    self.last = value
                elif name == "data":
                    self.seen.append(json.loads(value)["id"])
        except (http.client.HTTPException, OSError):
            pass  # cut off: the next one goes on behind the last event


class Load:
    """Writers that go on until so much is written and they are told to stop."""

    def __init__(self, clients, writes):
        self.clients, self.writes, self.stopping = clients, writes, threading.Event()
        self.made, self.failed, self.times = [], [], []
        self.threads = [threading.Thread(target=self.write, daemon=True) for _ in range(WRITERS)]
        self.begun = time.monotonic()
        for thread in self.threads:
            thread.start()

    def write(self):
        connection = self.clients.connect()
        while len(self.times) < self.writes or not self.stopping.is_set():
            begun = time.monotonic()
            try:
                answer, body = self.clients.send(connection, "POST", "/v1/cases", {"title": "Anfrage unter Last"})
                if answer.status == 201:
                    self.made.append(json.loads(body)["id"])
                else:
                    self.failed.append(f"{answer.status} {body[:300]}")
            except (OSError, http.client.HTTPException) as fault:
                self.failed.append(repr(fault))
                connection = self.clients.connect()
            self.times.append(time.monotonic() - begun)

    def finish(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return time.monotonic() - self.begun


def restart(instance):
    begun = time.monotonic()
    code = instance.stop()
    assert code == 0, f"{instance.name} ended with {code}: {instance.log()[-2000:]}"
    ended = time.monotonic()
    instance.start()
    print(f"{instance.name}: ended after {ended - begun:.1f} s, ready again after {time.monotonic() - ended:.1f} s more")
    # The proxy looks once a second.
    time.sleep(2)


def rolling_restart(clients, instances, writes):
    """Both instances are restarted while others write and follow."""
    follower, load = Follower(clients), Load(clients, writes)
    for share, instance in zip([0.2, 0.5], instances):
        wait_for(lambda: len(load.times) > share * writes, "the writers do not get on", 240)
        restart(instance)
    seconds = load.finish()
    sent, times = len(load.times), sorted(load.times)
    print(
        f"{len(load.failed)} of {sent} writes failed, {sent / seconds:.0f}/s, "
        f"p50 {times[sent // 2] * 1000:.0f} ms, p99 {times[sent * 99 // 100] * 1000:.0f} ms, "
        f"longest {times[-1] * 1000:.0f} ms"
    )
    assert not load.failed, load.failed[:10]
    assert sent >= writes and len(set(load.made)) == sent
    _, body = clients.send(clients.connect(), "GET", "/v1/cases?limit=1&include_total=true")
    expected = sent + 2
    assert json.loads(body)["total"] == expected, body
    wait_for(lambda: follower.fault or len(follower.seen) >= expected, "the stream does not tell of all", 60)
    assert follower.fault is None, follower.fault
    assert len(follower.seen) == len(set(follower.seen)) == expected, (len(follower.seen), expected)
    print(f"{follower.streams} streams one after the other told of each of the {expected} changes once")
    assert follower.streams > 1


def main(binary, writes):
    configuration = os.path.abspath("docs/deploy/haproxy.cfg")
    with tempfile.TemporaryDirectory() as directory:
        running = []
        try:
            running.append(database := Postgres(directory))
            settings = service_settings(directory, database.url("postgres"))
            subprocess.run([binary, "migrate"], env=settings, cwd=directory, check=True, capture_output=True)
            instances = [Instance(binary, directory, name, settings) for name in ["one", "other"]]
            for instance in instances:
                running.append(instance)
                instance.start()
            running.append(proxy := Haproxy(configuration, directory, *(each.address for each in instances)))
            token = subprocess.run(
                [binary, "token", "--scope", SCOPES, "--subject", "load", "--ttl", "1h"],
                env=settings, cwd=directory, check=True, capture_output=True, text=True,
            ).stdout.strip()
            clients = Clients(proxy, token)
            addresses_lead_outside(clients, lambda: "".join(each.log() for each in instances))
            rolling_restart(clients, instances, writes)
            subprocess.run([binary, "verify"], env=settings, cwd=directory, check=True, stdout=subprocess.DEVNULL)
            print("verify: as it must be")
        finally:
            for each in reversed(running):
                each.stop()


main(os.path.abspath(sys.argv[1]), int(sys.argv[2]))
