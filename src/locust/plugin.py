"""Written and loaded by loadgate before the locustfiles: writes every request to a file of its process.

Listens and never interferes: no listener raises, no User class is touched, and what a version of
Locust does not have is left out. A worker on another machine, where no directory is named, hands
the same bytes to its master beside Locust's own statistics.
"""
import atexit
import json
import os
import signal
import struct
import sys
import time

import gevent
from locust import __version__, events

DIRECTORY = os.environ.get("LOADGATE_RECORDS", "")
LIFELINE = os.environ.get("LOADGATE_LIFELINE", "")
# Kind, start (s since 1970), time (ms, NaN where there is none), bytes, status, name, error.
REQUEST = struct.Struct("<BdfIHHI")
ENTRY = struct.Struct("<BIH")
NOTE = struct.Struct("<BH")
MOST_NAMES = 2000
MOST_TOLD = 50
MOST_BUFFER = 64 * 1024
MOST_HELD = 64 * 1024 * 1024


class Book:
    """What this process has to tell, until it lies in a file or is with the master."""

    role = "local"

    def __init__(self):
        self.begin()

    def begin(self):
        self.pid = os.getpid()
        self.file = None
        self.buffer = bytearray()
        self.names = {}
        self.errors = {}
        self.count = 0
        self.lost = 0
        self.raised = 0
        self.flying = {}

    def here(self):
        # Locust forks its workers once the locustfiles are loaded.
        if self.pid != os.getpid():
            self.begin()
        return self

    def is_remote(self):
        return not DIRECTORY and self.role == "worker"

    def entry(self, kind, table, key):
        number = len(table) + 1
        if number > MOST_NAMES:
            key = ("", "(more names than can be told apart)")
            number = table.get(key, 0)
            if number:
                return number
            number = MOST_NAMES + 1
        table[key] = number
        text = "\0".join(key).encode("utf-8", "replace")[:4000]
        self.buffer += ENTRY.pack(ord(kind), number, len(text)) + text
        return number

    def note(self, event, **told):
        told["event"] = event
        told["t"] = time.time()
        text = json.dumps(told, default=str).encode("utf-8", "replace")[:60000]
        self.buffer += NOTE.pack(ord("M"), len(text)) + text

    def flush(self):
        if self.is_remote() or not DIRECTORY:
            # The master is gone: what nobody will fetch is not kept for ever.
            if len(self.buffer) > MOST_HELD:
                self.lost += 1
                del self.buffer[:]
            return
        if self.file is None:
            name = "%s-%d-%s.records" % (self.role, self.pid, os.urandom(4).hex())
            self.file = open(os.path.join(DIRECTORY, name), "ab", 0)
            self.file.write(b"LGR1")
        if self.buffer:
            told, self.buffer = self.buffer, bytearray()
            self.file.write(told)


BOOK = Book()


def quiet(listener):
    """A listener that raises would change Locust's exit code."""

    def told(*args, **kw):
        try:
            listener(*args, **kw)
        except Exception:
            BOOK.lost += 1

    return told


def listen(name, listener):
    hook = getattr(events, name, None)
    if hook is not None:
        hook.add_listener(quiet(listener))


def reason(exception):
    try:
        from locust.stats import StatsError

        text = StatsError.parse_error(exception)
    except Exception:
        text = repr(exception)
    return (type(exception).__name__, str(text)[:500])


def on_request(request_type="", name="", response_time=None, response_length=0, exception=None,
               response=None, start_time=None, **_):
    try:
        book = BOOK if BOOK.pid == os.getpid() else BOOK.here()
        key = (str(request_type), str(name))
        number = book.names.get(key) or book.entry("N", book.names, key)
        error = 0
        if exception:
            why = reason(exception)
            error = book.errors.get(why) or book.entry("E", book.errors, why)
        try:
            status = int(getattr(response, "status_code", 0) or 0)
        except Exception:
            status = 0
        if start_time is None:
            start_time = time.time() - (response_time or 0) / 1000.0
        took = float("nan") if response_time is None else response_time
        size = min(int(response_length or 0), 0xFFFFFFFF)
        status = status if 0 < status < 1000 else 0
        book.buffer += REQUEST.pack(82, start_time, took, size if size > 0 else 0, status, number, error)
        book.count += 1
        if len(book.buffer) > MOST_BUFFER:
            book.flush()
    except Exception:
        BOOK.lost += 1


def on_error(user_instance=None, exception=None, **_):
    book = BOOK.here()
    book.raised += 1
    if book.raised <= MOST_TOLD:
        kind, text = type(exception).__name__, str(exception)[:300]
        user = getattr(user_instance, "user", user_instance)
        book.note("raised", user=type(user).__name__, kind=kind, text=text)


def moment(name, flush=True):
    def told(user_count=None, exit_code=None, **_):
        book = BOOK.here()
        book.note(name, users=user_count, code=exit_code, count=book.count)
        if flush:
            BOOK.flush()

    return told


def beat(runner):
    book = BOOK.here()
    now = time.time()
    flying = list(book.flying.values())
    oldest = max([now - began for began, _, _ in flying] or [0.0])
    workers = getattr(runner, "worker_count", None)
    clients = getattr(runner, "clients", None)
    missing = None
    if clients is not None and hasattr(clients, "missing"):
        missing = len(clients.missing)
    book.note("beat", users=getattr(runner, "user_count", None), state=getattr(runner, "state", None),
              flying=len(flying), oldest=oldest, cpu=time.process_time(), mono=time.monotonic(),
              count=book.count, raised=book.raised, lost=book.lost, workers=workers, missing=missing)


def orphaned():
    """Whether loadgate is gone: it holds a lock on this file as long as it lives."""
    try:
        import fcntl

        with open(LIFELINE, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
    except Exception:
        return False


def pulse(runner):
    while True:
        gevent.sleep(1.0)
        try:
            beat(runner)
            BOOK.flush()
        except Exception:
            BOOK.lost += 1
        if LIFELINE and orphaned():
            os.kill(os.getpid(), signal.SIGTERM)
            gevent.sleep(10.0)
            os._exit(3)


def asked(environment):
    options = getattr(environment, "parsed_options", None)
    names = ("num_users", "spawn_rate", "run_time", "expect_workers", "processes", "stop_timeout",
             "host", "exit_code_on_error")
    told = {}
    for name in names:
        value = getattr(options, name, None)
        if isinstance(value, (int, float, str)):
            told[name] = value
    files = str(getattr(options, "locustfile", None) or "").split(",")
    told["locustfile"] = ",".join(os.path.abspath(file.strip()) for file in files)
    return told


def on_init(environment=None, runner=None, **_):
    from locust import runners

    book = BOOK.here()
    if isinstance(runner, runners.WorkerRunner):
        book.role = "worker"
    elif isinstance(runner, runners.MasterRunner):
        book.role = "master"
    shape = getattr(environment, "shape_class", None)
    classes = [one.__name__ for one in getattr(environment, "user_classes", [])]
    book.note("init", role=book.role, locust=__version__, python=sys.version.split()[0], classes=classes,
              shape=type(shape).__name__ if shape else None, asked=asked(environment))
    book.flush()
    # Locust counts its run time by a clock that has stood still since the imports began.
    gevent.get_hub().loop.update_now()
    gevent.spawn(pulse, runner)
    if book.is_remote():
        environment.events.report_to_master.add_listener(quiet(hand_over))
    if book.role == "master":
        environment.events.worker_report.add_listener(quiet(take_over))


def hand_over(data=None, **_):
    book = BOOK.here()
    told, book.buffer = book.buffer, bytearray()
    data["loadgate"] = {"bytes": bytes(told), "sent": time.time()}


TAKEN = {}


def take_over(client_id="", data=None, **_):
    told = (data or {}).pop("loadgate", None)
    if not told or not DIRECTORY:
        return
    file = TAKEN.get(client_id)
    if file is None:
        name = "remote-%d-%s.records" % (len(TAKEN) + 1, os.urandom(4).hex())
        file = TAKEN[client_id] = open(os.path.join(DIRECTORY, name), "ab", 0)
        file.write(b"LGR1")
    text = json.dumps({"event": "taken", "t": time.time(), "sent": told["sent"]}).encode()
    file.write(NOTE.pack(ord("M"), len(text)) + text + told["bytes"])


def on_start(environment=None, **_):
    # By then options have their defaults, and a script had its turn to change them.
    BOOK.here().note("test_start", asked=asked(environment))
    BOOK.flush()


def on_quitting(environment=None, **_):
    book = BOOK.here()
    runner = getattr(environment, "runner", None)
    beat(runner)
    code = getattr(environment, "process_exit_code", None)
    total = getattr(getattr(runner, "stats", None), "total", None)
    book.note("quitting", code=code, count=book.count, known=getattr(total, "num_requests", None))
    book.flush()


def at_exit():
    book = BOOK.here()
    book.note("exit", count=book.count, raised=book.raised, lost=book.lost)
    book.flush()


def watched(client):
    """A request that never ends tells Locust nothing: it is told when its user is ended."""
    original = client.request

    def request(self, method, url, *args, **kw):
        book, key, began = BOOK, object(), time.time()
        book.flying[key] = (began, method, url)
        try:
            return original(self, method, url, *args, **kw)
        except gevent.GreenletExit:
            name = kw.get("name") or getattr(self, "request_name", None) or (args[0] if args else None)
            cut(began, method, name or url)
            raise
        finally:
            book.flying.pop(key, None)

    request.__doc__ = original.__doc__
    request.__wrapped__ = original
    client.request = request


def cut(began, method, name):
    try:
        name = str(name)
        if "://" in name:
            # Without a name of its own a request is called by its path.
            name = "/" + name.split("://", 1)[1].partition("/")[2]
        BOOK.here().note("cut", began=began, method=str(method), name=name[:1000])
    except Exception:
        BOOK.lost += 1


events.request.add_listener(on_request)
listen("user_error", on_error)
listen("init", on_init)
listen("test_start", on_start)
for each in ("spawning_complete", "test_stopping", "test_stop", "reset_stats", "quit"):
    listen(each, moment(each))
listen("cpu_warning", moment("cpu_warning", flush=False))
listen("quitting", on_quitting)
atexit.register(quiet(at_exit))

try:
    from locust.clients import HttpSession

    watched(HttpSession)
except Exception:
    pass
try:
    from locust.contrib.fasthttp import FastHttpSession

    watched(FastHttpSession)
except Exception:
    pass
