"""Builds the stall as a component: CPython with this source in it, its WASI imports stubbed out.

`hamlet plugin build` runs this and names the folder of the contract, with all packages that it
uses, in HAMLET_WIT. By hand, in a checkout, `python3 build.py` puts that folder together itself.
The builder, componentize-py, is fetched once from PyPI into `build/tools`.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE / "build" / "tools"


def build(folder: Path, world: str, app: str, sources: list[Path]) -> None:
    """Builds the module `app`, found in `sources`, to `FOLDER/build/APP.wasm`."""
    started = time.monotonic()
    out = folder / "build"
    component = out / f"{app}.wasm"
    out.mkdir(exist_ok=True)
    contract = os.environ.get("HAMLET_WIT") or gather_contract(folder, out / "wit")
    paths = [word for source in sources for word in ("-p", str(source))]
    subprocess.run(
        [sys.executable, str(tools() / "bin" / "componentize-py"), "-d", str(contract), "-w", world,
         "componentize", "--stub-wasi", *paths, "-o", str(component), app],
        env=os.environ | {"PYTHONPATH": str(TOOLS)}, check=True,
    )
    print(f"{component}: {component.stat().st_size} bytes in {time.monotonic() - started:.1f} s")


def tools() -> Path:
    """The folder of componentize-py, filled at the first build; by one of several that run at once."""
    wanted = (HERE / "requirements.txt").read_text()
    mark = TOOLS / "requirements.txt"
    TOOLS.parent.mkdir(exist_ok=True)
    with open(TOOLS.parent / "tools.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(TOOLS, ignore_errors=True)
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore",
                 "--target", str(TOOLS), "-r", str(HERE / "requirements.txt")],
                check=True,
            )
            mark.write_text(wanted)
    return TOOLS


def gather_contract(folder: Path, gathered: Path) -> Path:
    """The plugin's own package, with those of the checkout below `deps/`."""
    house = HERE.parent.parent / "wit"
    shutil.rmtree(gathered, ignore_errors=True)
    shutil.copytree(folder / "wit", gathered)
    shutil.copytree(house / "host", gathered / "deps" / "host", ignore=shutil.ignore_patterns("deps"))
    shutil.copytree(house / "host" / "deps", gathered / "deps", dirs_exist_ok=True)
    shutil.copytree(house / "ledger", gathered / "deps" / "ledger")
    return gathered


if __name__ == "__main__":
    build(HERE, "market-stall", "app", [HERE / "src"])
