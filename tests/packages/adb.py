"""Reads a package of apk 3 as apk-v3(5) describes it and unpacks it, for machines without that program.
usage: adb.py PACKAGE ROOT SCRIPTS    prints the fields of the package, one a line"""
import hashlib
import os
import struct
import sys

INFO = ["", "name", "version", "hashes", "description", "arch", "license", "origin", "maintainer", "url"] + [""] * 2 + ["installed-size"]
SCRIPTS = ["", "trigger", "pre-install", "post-install", "pre-deinstall", "post-deinstall", "pre-upgrade", "post-upgrade"]


class Adb:
    def __init__(self, data):
        self.data = data

    def word(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def get(self, value):
        kind, low = value >> 28, value & 0xFFFFFFF
        if value == 0:
            return None
        if kind == 1:
            return low
        if kind == 2:
            return self.word(low)
        if kind in (8, 9, 10):
            width = {8: 1, 9: 2, 10: 4}[kind]
            assert low % width == 0
            n = int.from_bytes(self.data[low:low + width], "little")
            assert low + width + n <= len(self.data)
            return self.data[low + width:low + width + n]
        assert kind in (13, 14) and low % 4 == 0, hex(value)
        n = self.word(low)
        assert n > 1 and self.word(low + 4 * (n - 1)) != 0
        return [None] + [self.get(self.word(low + 4 * i)) for i in range(1, n)]


def blocks(data):
    at = 8
    while at < len(data):
        head = struct.unpack_from("<I", data, at)[0]
        n = head & 0x3FFFFFFF
        assert n > 4 and at + n <= len(data)
        yield head >> 30, data[at + 4:at + n]
        end = at + (n + 7) // 8 * 8
        assert not any(data[at + n:end])
        at = end


def main(package, root, scripts):
    data = open(package, "rb").read()
    assert data[:8] == b"ADB.pckg"
    kinds, bodies = zip(*blocks(data))
    assert kinds[0] == 0 and set(kinds[1:]) == {2}
    adb = Adb(bodies[0])
    assert bodies[0][:4] == bytes(4)
    info, paths, script = adb.get(adb.word(4))[1:4]
    for name, value in zip(INFO[1:], info[1:]):
        if value is not None:
            print(name, value.decode() if isinstance(value, bytes) and name != "hashes" else value.hex() if name == "hashes" else value)
    left = {struct.unpack_from("<II", b): b[8:] for b in bodies[1:]}
    names = [p[1] or b"" for p in paths[1:]]
    assert names == sorted(names) and len(info[3]) == 20
    for i, path in enumerate(paths[1:], 1):
        folder = os.path.join(root, (path[1] or b"").decode())
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, path[2][1])
        for j, f in enumerate((path[3] if len(path) > 3 else [None])[1:], 1):
            body = left.pop((i, j), b"")
            assert len(body) == f[3] and hashlib.sha256(body).digest() == f[5] and f[2][2:4] == [b"root", b"root"]
            at = os.path.join(folder, f[1].decode())
            with open(at, "wb") as out:
                out.write(body)
            os.chmod(at, f[2][1])
            os.utime(at, (f[4], f[4]))
    assert not left
    for name, text in zip(SCRIPTS[1:], script[1:]):
        if text:
            with open(os.path.join(scripts, name), "wb") as out:
                out.write(text)


main(*sys.argv[1:4])
