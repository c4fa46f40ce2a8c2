"""Receives webhooks of a service of its own and holds them against the published libraries of both specifications.

Needs the packages `standardwebhooks` and `cloudevents`. Usage: webhooks.py path/to/aufsicht
"""

import http.server
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.request

try:
    from cloudevents.core.bindings.http import HTTPMessage, from_http_event
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError
except ImportError as error:
    sys.exit(f"webhooks.py: {error}: pip install standardwebhooks cloudevents")

events = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        events.put((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def verify(secrets, expected):
    """Takes the next event: every secret must verify it, a wrong one and an altered body must not."""
    headers, body = events.get(timeout=60)
    for secret in secrets:
        Webhook(secret).verify(body, headers)
    for secret, text in [("whsec_" + "A" * 43 + "=", body), (secrets[0], body.replace(b"cases", b"audits"))]:
        try:
            Webhook(secret).verify(text, headers)
        except WebhookVerificationError:
            continue
        sys.exit("webhooks.py: a signature was taken that must not be")
    event = from_http_event(HTTPMessage(headers=headers, body=body))
    assert event.get_specversion() == "1.0" and event.get_source() and event.get_time(), body
    assert event.get_id() == {name.lower(): value for name, value in headers.items()}["webhook-id"]
    assert event.get_type().endswith(expected), event.get_type()
    data = event.get_data()
    assert event.get_subject() == f"{data['register']}/{data['id']}", body


def main(binary):
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as directory:
        settings = {"PATH": os.environ["PATH"], "AUFSICHT_LISTEN": "127.0.0.1:0", "AUFSICHT_WEBHOOK_PRIVATE": "true"}
        service = subprocess.Popen(
            [binary, "serve"], cwd=directory, env=settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            told = {}
            for line in service.stdout:
                if "aufsicht listens on" in line:
                    told["base"] = line.split("listens on ")[1].split("/ ")[0]
                if "export TOKEN=" in line:
                    told["token"] = line.split("export TOKEN=")[1].strip()
                    break

            def send(method, path, body=None):
                headers = {"Authorization": "Bearer " + told["token"], "Content-Type": "application/json", "If-Match": "*"}
                data = None if body is None else json.dumps(body).encode()
                request = urllib.request.Request(told["base"] + path, data, headers, method=method)
                with urllib.request.urlopen(request) as answer:
                    return json.loads(answer.read() or "null")

            webhook = send("POST", "/v1/webhooks", {"url": f"http://127.0.0.1:{receiver.server_port}/"})
            case = send("POST", "/v1/cases", {"title": "Anfrage"})
            verify([webhook["secret"]], "created")
            rotated = send("POST", f"/v1/webhooks/{webhook['id']}/rotation")
            send("PATCH", f"/v1/cases/{case['id']}", {"area": "IT"})
            verify([rotated["secret"], webhook["secret"]], "updated")
            send("DELETE", f"/v1/cases/{case['id']}")
            verify([rotated["secret"], webhook["secret"]], "deleted")
        finally:
            service.kill()
            service.wait()
    print("standardwebhooks and cloudevents take every event, with one secret and with two")


main(os.path.abspath(sys.argv[1]))
