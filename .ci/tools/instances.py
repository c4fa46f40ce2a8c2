"""Servers for tests, which end with the test: PostgreSQL, instances of the service, HAProxy."""

import base64
import glob
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(holds, what, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)


class Postgres:
    """A server with a directory of its own."""

    def __init__(self, directory):
        self.port, self.directory = free_port(), f"{directory}/postgres"
        os.mkdir(self.directory)
        if os.getuid() == 0:
            os.chmod(directory, 0o755)
            shutil.chown(self.directory, "postgres")
        data = f"{self.directory}/data"
        made = ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(self.line("initdb", made), check=True, stdout=subprocess.DEVNULL, cwd="/")
        settings = ["fsync=off", "max_connections=200", "listen_addresses=127.0.0.1"]
        line = ["-D", data, "-p", str(self.port), "-k", self.directory]
        line += [part for setting in settings for part in ("-c", setting)]
        self.log = open(f"{directory}/postgres.log", "w")
        self.process = subprocess.Popen(self.line("postgres", line), stdout=self.log, stderr=self.log, cwd="/")
        wait_for(self.is_ready, "PostgreSQL does not start")

    @staticmethod
    def line(program, arguments):
        found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"))[-1]
        account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        return [*account, found, *arguments]

    def is_ready(self):
        asked = self.line("pg_isready", ["-q", "-h", "127.0.0.1", "-p", str(self.port)])
        return subprocess.run(asked, cwd="/").returncode == 0

    def url(self, name):
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


class Instance:
    """An instance of the service, which can be restarted where it is."""

    def __init__(self, binary, directory, name, settings):
        self.binary, self.directory, self.name = binary, directory, name
        self.address = f"127.0.0.1:{free_port()}"
        self.settings = {**settings, "AUFSICHT_LISTEN": self.address}
        self.process = None

    def start(self):
        log = open(f"{self.directory}/{self.name}.log", "a")
        command = [self.binary, "serve", "--no-migrate"]
        self.process = subprocess.Popen(command, cwd=self.directory, env=self.settings, stdout=log, stderr=log)
        wait_for(self.is_ready, f"{self.name} does not start")

    def is_ready(self):
        if self.process.poll() is not None:
            raise ChildProcessError(self.log())
        try:
            with urllib.request.urlopen(f"http://{self.address}/health/ready", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self):
        """Ends it as an operator does, and returns its exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.process.wait(60)

    def log(self):
        with open(f"{self.directory}/{self.name}.log") as log:
            return log.read()


def service_settings(directory, database):
    """The settings that instances on one database share."""
    for name, secret in [("jwt", secrets.token_urlsafe(48)), ("seal", base64.b64encode(os.urandom(32)).decode())]:
        with open(f"{directory}/{name}", "w") as file:
            file.write(secret)
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database,
        "AUFSICHT_JWT_SECRET_FILE": f"{directory}/jwt",
        "AUFSICHT_SEAL_KEY_FILE": f"{directory}/seal",
        "AUFSICHT_TRUSTED_PROXIES": "127.0.0.1",
        "AUFSICHT_LOG_FORMAT": "json",
    }


class Haproxy:
    """HAProxy with the configuration that the documentation has, and a certificate of its own."""

    def __init__(self, configuration, directory, one, other):
        self.port, self.authority = free_port(), f"{directory}/certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{directory}/key.pem"]
            + ["-out", self.authority],
            check=True,
            capture_output=True,
        )
        whole = f"{directory}/whole.pem"
        with open(whole, "w") as file:
            for part in [self.authority, f"{directory}/key.pem"]:
                file.write(open(part).read())
        settings = {"BIND": f"127.0.0.1:{self.port}", "CERTIFICATE": whole, "ONE": one, "OTHER": other}
        self.log = open(f"{directory}/haproxy.log", "w")
        # Refuses to start if it has any warning.
        command = ["/usr/sbin/haproxy", "-db", "-dW", "-f", configuration]
        self.process = subprocess.Popen(command, env=settings, stdout=self.log, stderr=self.log)
        wait_for(self.is_ready, "HAProxy does not start", 10)

    def is_ready(self):
        if self.process.poll() is not None:
            raise ChildProcessError(open(self.log.name).read())
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.kill()
        self.process.wait()
