"""Counts the instructions of a request to a running service, which no other work of the machine changes, and compares them
with those that are kept: instructions.py BINARY KEPT [--keep].

A request that takes a fifth more than it did fails; another compilation of the same can differ by a tenth. One that takes less
is told, so that it can be kept (--keep)."""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOLERANCE = 0.20
# A window goes once through all records that are asked for.
WARMING, COUNTED, WINDOWS = 30, 20, 3
READERS = 32


class Service:
    """The service under callgrind, with its demonstration data."""

    def __init__(self, binary, directory):
        command = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=counts"]
        environment = dict(os.environ, AUFSICHT_LISTEN="127.0.0.1:0", AUFSICHT_RATE_LIMIT="1000000")
        self.directory = Path(directory)
        self.log = open(self.directory / "log", "w")
        self.process = subprocess.Popen(
            [*command, binary, "serve", "--demo"], cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        address, self.token = None, None
        for line in self.process.stdout:
            address = address or re.search(r"listens on http://([^/ ]+)", line)
            token = re.search(r"export TOKEN=(\S+)", line)
            if token:
                self.token = token[1]
                break
        if not self.token:
            raise SystemExit("the service did not start:\n" + (self.directory / "log").read_text())
        self.connection = http.client.HTTPConnection(address[1], timeout=300)

    def send(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers |= {"Content-Type": "application/json"} | ({"If-Match": "*"} if method == "PATCH" else {})
        self.connection.request(method, path, body and json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return text

    def control(self, *arguments):
        subprocess.run(["callgrind_control", *arguments, str(self.process.pid)], check=True, capture_output=True)

    def rest(self):
        """Waits until the work that follows a start is done."""
        def cpu():
            return sum(map(int, Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        before = -1
        while cpu() - before > 5:
            before = cpu()
            time.sleep(1)

    def open_connections(self):
        """Lets the service open all its connections to the database, which it does when so many are needed at once: else that
        would be counted with whatever request comes first."""
        def read(_):
            connection = http.client.HTTPConnection(self.connection.host, self.connection.port, timeout=300)
            for _ in range(4):
                connection.request("GET", "/v1/cases?limit=50", headers={"Authorization": f"Bearer {self.token}"})
                connection.getresponse().read()
            connection.close()
        with ThreadPoolExecutor(READERS) as readers:
            list(readers.map(read, range(READERS)))

    def count(self, request):
        """The instructions of one such request; `request` makes the nth. Of several windows the middle one counts: what the
        service does now and then beside requests falls into one of them at the most."""
        for turn in range(WARMING):
            self.send(*request(turn))
        self.control("--instr=on")
        for turn in range(5):
            self.send(*request(WARMING + turn))
        turns = iter(range(WARMING + 5, WARMING + 5 + WINDOWS * COUNTED))
        counts = [self.window(request, turns) for _ in range(WINDOWS)]
        self.control("--instr=off")
        return sorted(counts)[WINDOWS // 2] / COUNTED

    def window(self, request, turns):
        """The instructions of the next requests, and of what the service does beside them."""
        self.control("--zero")
        for _ in range(COUNTED):
            self.send(*request(next(turns)))
        self.control("--dump")
        total = 0
        for dump in self.directory.glob("counts.*"):
            total += int(re.search(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)[1])
            dump.unlink()
        return total


def rows(service):
    """What is counted: a name, and what makes a request."""
    cases = json.loads(service.send("GET", f"/v1/cases?limit={COUNTED}"))["items"]
    ids = [case["id"] for case in cases]

    def new(turn):
        return {"title": f"Auskunft über Daten {turn}", "received_on": "2025-03-04", "area": "IT"}

    return {
        "GET /health/live": lambda turn: ("GET", "/health/live"),
        "GET /v1/cases/{id}": lambda turn: ("GET", f"/v1/cases/{ids[turn % len(ids)]}"),
        "GET /v1/cases": lambda turn: ("GET", "/v1/cases?limit=50"),
        "GET /v1/cases?q": lambda turn: ("GET", "/v1/cases?limit=50&q=auskunft"),
        "GET /v1/statistics/services": lambda turn: ("GET", "/v1/statistics/services"),
        "GET /v1/statistics/backlog": lambda turn: ("GET", "/v1/statistics/backlog"),
        "POST /v1/cases": lambda turn: ("POST", "/v1/cases", new(turn)),
        "PATCH /v1/cases/{id}": lambda turn: ("PATCH", f"/v1/cases/{ids[turn % len(ids)]}", {"title": f"Neu {turn}"}),
    }


def main(binary, kept, *options):
    with tempfile.TemporaryDirectory() as directory:
        service = Service(str(Path(binary).resolve()), directory)
        try:
            service.rest()
            service.open_connections()
            service.rest()
            counted = {name: round(service.count(request)) for name, request in rows(service).items()}
        finally:
            service.process.terminate()
            service.process.wait()
    if "--keep" in options:
        Path(kept).write_text(json.dumps(counted, indent=4) + "\n")
    before = json.loads(Path(kept).read_text())
    failed = before.keys() != counted.keys()
    for name, count in counted.items():
        change = count / before.get(name, count) - 1
        told = "too much more" if change > TOLERANCE else "less: keep it" if change < -TOLERANCE else ""
        failed = failed or change > TOLERANCE
        print(f"{name:32}{count:>12,}{change:>+8.1%}  {told}")
    if failed:
        raise SystemExit("requests have become dearer, or others are counted")


main(*sys.argv[1:])
