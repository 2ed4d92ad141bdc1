#!/usr/bin/env python3
"""Random mutants of the request vectors: our parser against the oracle. usage: differ.py TEST_VECTORS_BINARY [N] [SEED]

Needs ../shared/data/http (beside the repository). One corner is left out on purpose: a line whose first forbidden byte
stands exactly one past the length limit is "too long" for us however it arrives, while the oracle's answer depends on
the cut."""
import base64, json, os, random, struct, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "..", "..", "shared", "data", "http")
if not os.path.isdir(DATA):
    print("skipped: no ../shared")
    sys.exit(0)
sys.path.insert(0, DATA)
from oracle_http1 import parse

N = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
random.seed(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
SEEDS = [base64.b64decode(json.loads(l)["b64"]) for l in open(os.path.join(DATA, "http_cases.jsonl"))]
SEEDS = [s for s in SEEDS if len(s) < 3000]
BITS = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"=", b"0", b"f", b"\x80", b"\x7f", b"\x0b", b"%",
        b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: a\r\n", b"Connection: close\r\n",
        b"Expect: 100-continue\r\n", b"HTTP/1.0", b"HTTP/1.1", b"http://b/", b"*", b"OPTIONS", b"/", b"?", b"0\r\n\r\n",
        b"3\r\nabc\r\n", b"\r\n\r\n", b"-", b"+", b"Trailer: x\r\n", b"Mcp-Name: x\r\n", b"[::1]", b"a" * 90, b"9" * 20]


def mutant():
    s = bytearray(random.choice(SEEDS))
    for _ in range(random.randint(1, 4)):
        i = random.randint(0, len(s))
        k = random.randint(0, 5)
        if k == 0:
            s[i:i] = random.choice(BITS)
        elif k == 1:
            del s[i:i + random.randint(1, 8)]
        elif k == 2 and i < len(s):
            s[i] ^= 1 << random.randint(0, 7)
        elif k == 3 and i < len(s):
            s[i] = random.randint(0, 255)
        elif k == 4:
            t = random.choice(SEEDS)
            j = random.randint(0, len(t))
            s[i:i] = t[j:j + random.randint(1, 60)]
        else:
            s[i:i + 1] = random.choice(BITS)
    return bytes(s)


p = subprocess.Popen([sys.argv[1], "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
bad, ends = 0, {}
for n in range(N):
    m = mutant()
    p.stdin.write(struct.pack("<I", len(m)) + m)
    p.stdin.flush()
    got = p.stdout.readline().decode().split()
    o = parse(m)
    end = "incomplete" if o["end"] == "incomplete" else o["end"]
    ends[end] = ends.get(end, 0) + 1
    want = [str(len(o["requests"])), end, str(o["status"] or 0)]
    for q in o["requests"]:
        want += [q["method"], str(len(q["target"])), str(len(q["body"]))]
    if got[:len(want)] != want:
        bad += 1
        if bad <= 10:
            print("DIFFER", repr(m), "\n  oracle", want, o["why"], "\n  ours  ", got)
print("%d mutants, %d differ %s" % (N, bad, ends))
sys.exit(1 if bad else 0)
