"""Build hook: turns protos/ into Python messages, their type stubs, Envoy's descriptor set and the OpenAPI file.

Editable install, wheel and Dockerfile all run it; `python protos/hatch_build.py` runs it by hand.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from google.rpc import status_pb2
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
THIRD_PARTY = PROTOS / "third_party"
CLIENTS = ROOT / "clients"
DESCRIPTORS = ROOT / "envoy" / "yoyaku.binpb"
GOOGLE_PROTOS = (
    "google/api/annotations.proto",
    "google/api/http.proto",
    "google/api/httpbody.proto",
    "google/rpc/code.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
)
VALIDATE_PROTO = "buf/validate/validate.proto"


class ProtoBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # the config type is hatchling's own
    """Runs the generator before hatchling collects the files of the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate everything (`version` and `build_data` are hatchling's, unused)."""
        generate()


def generate() -> None:
    """Rebuild third_party/, clients/yoyaku/v1, clients/buf, envoy/yoyaku.binpb and both forms of openapi.json."""
    fetch_third_party()
    for package in ("yoyaku/v1", "buf"):
        shutil.rmtree(CLIENTS / package, ignore_errors=True)
    ours = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("yoyaku/v1/*.proto"))
    protoc(f"--python_out={CLIENTS}", f"--mypy_out={CLIENTS}", *ours, VALIDATE_PROTO)
    services = [name for name in ours if name.endswith("_service.proto")]
    protoc(f"--grpc_python_out={CLIENTS}", f"--mypy_grpc_out={CLIENTS}", *services)
    for package in ("yoyaku/v1", "buf", "buf/validate"):
        (CLIENTS / package / "__init__.py").write_text('"""Generated from protos/; do not edit."""\n')
    # Envoy must know the error details too, or a transcoded error comes back with an empty body.
    protoc(
        "--include_imports",
        "--include_source_info",
        f"--descriptor_set_out={DESCRIPTORS}",
        *ours,
        "google/rpc/error_details.proto",
    )
    subprocess.run([sys.executable, "-m", "protos.openapi"], check=True, cwd=ROOT)


def fetch_third_party() -> None:
    """Put the imported .proto files under third_party/; only validate.proto needs the network, once."""
    installed = Path(status_pb2.__file__).parents[2]
    for name in GOOGLE_PROTOS:
        target = THIRD_PARTY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((installed / name).read_text())
    validate = THIRD_PARTY / VALIDATE_PROTO
    if validate.exists():
        return
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:",
             "--no-build-isolation", "--require-hashes", f"--requirement={PROTOS / 'requirements.txt'}",
             f"--dest={scratch}"],
            check=True,
        )  # fmt: skip
        with tarfile.open(next(Path(scratch).glob("*.tar.gz"))) as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith(f"proto/{VALIDATE_PROTO}"))
            content = archive.extractfile(member)
            if content is None:
                raise RuntimeError(f"{member.name} in the protovalidate archive is not a file")
            validate.parent.mkdir(parents=True, exist_ok=True)
            validate.write_bytes(content.read())


def protoc(*arguments: str) -> None:
    """Run the pinned protoc over protos/ and third_party/; its own message tells what is wrong."""
    plugins = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", f"-I{THIRD_PARTY}", *arguments],
        check=True,
        cwd=PROTOS,
        env=os.environ | {"PATH": plugins},
    )


if __name__ == "__main__":
    generate()
