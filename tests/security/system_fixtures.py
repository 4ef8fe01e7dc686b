"""The fixtures of tests/system, under a name that does not clash with this folder's own conftest."""
import importlib.util
from pathlib import Path

_path = Path(__file__).resolve().parents[1] / "system" / "conftest.py"
_spec = importlib.util.spec_from_file_location("system_conftest", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
globals().update({name: value for name, value in vars(_module).items() if not name.startswith("__") and name != "pytest"})
