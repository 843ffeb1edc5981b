"""Written by loadgate as sitecustomize.py, for a command that calls Locust with words of its own.

Every Python below that command runs this as it starts. It leaves alone all but Locust's main(),
and lets a sitecustomize that is there have its turn.
"""
import os
import sys


def step_aside():
    """What Python would have imported by this name."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or os.curdir) != here]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as missing:
        if getattr(missing, "name", None) != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", ours)


def is_worker():
    return "--worker" in sys.argv or bool(os.environ.get("LOCUST_MODE_WORKER"))


def names_its_own():
    words = [word.split("=")[0] for word in sys.argv[1:]]
    told = any(word in ("-V", "--version") for word in words)
    return not told or any(word == "--locustfile" or word[:2] == "-f" for word in words)


def begin():
    import importlib.util
    import json

    import locust

    if os.environ.get("LOADGATE_ASKS"):
        own = "its own words" if names_its_own() else "ours"
        sys.stdout.write("locust %s told %s\n" % (locust.__version__, own))
        sys.stdout.flush()
        os._exit(0)
    spec = importlib.util.spec_from_file_location("loadgate_listens", os.environ["LOADGATE_PLUGIN"])
    plugin = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = plugin
    spec.loader.exec_module(plugin)
    if not is_worker():
        sys.argv[1:1] = json.loads(os.environ.get("LOADGATE_WORDS", "[]"))


def wrap(module):
    original = module.main

    def main(*args, **kw):
        begin()
        return original(*args, **kw)

    module.main = main


class Finder:
    """Finds nothing but Locust's main module, as whoever finds it otherwise does."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "locust.main":
            return None
        import importlib.util

        sys.meta_path.remove(cls)
        spec = importlib.util.find_spec(name)
        loader = spec and spec.loader
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module):
                execute(module)
                wrap(module)

            loader.exec_module = exec_module
        return spec


if os.environ.get("LOADGATE_PLUGIN"):
    sys.meta_path.insert(0, Finder)
step_aside()
