"""Hostile clients and an upstream for tests/live/abuse.sh. Loopback only; everything ends by itself.

upstream                 prints its port: /q/N answers N bytes of JSON full of quotes, /slow/S after S seconds
half PORT N BYTES        N connections that send BYTES of a head each and then nothing, until stdin ends
tls PORT N               N connections that never begin their handshake, until stdin ends
readers PORT N BYTES     N calls for BYTES of JSON whose clients do not read, until stdin ends
sessions PORT N          N sessions made and ended; prints how often which status came
storm PORT SECONDS SEED  pipelines, batches, calls, cut off, reset, half closed at random; prints how many
good PORT                one call; prints its seconds, or why not
"""
import asyncio, json, random, re, select, socket, struct, sys, threading, time


def call(name, args, i=1):
    return {"jsonrpc": "2.0", "id": i, "method": "tools/call", "params": {"name": name, "arguments": args}}


def post(body, extra=""):
    b = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
    return (head % (len(b), extra)).encode() + b


INIT = post({"jsonrpc": "2.0", "id": 1, "method": "initialize",
             "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}})


def connect(port, window=0, host="127.0.0.1"):
    s = socket.socket()
    if window:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    s.settimeout(8)
    s.connect((host, port))
    return s


async def answer(rd, wr):
    try:
        while True:
            head = (await rd.readuntil(b"\r\n\r\n")).decode()
            n = re.search(r"(?i)content-length: (\d+)", head)
            if n:
                await rd.readexactly(int(n[1]))
            path = head.split(" ")[1]
            if path.startswith("/slow/"):
                await asyncio.sleep(float(path[6:]))
            body = b"[" + b'"",' * (int(path[3:]) // 3) + b"0]" if path.startswith("/q/") else b'{"ok":true}'
            wr.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await wr.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass
    wr.close()


async def upstream():
    s = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
    print(s.sockets[0].getsockname()[1], flush=True)
    async with s:
        await s.serve_forever()


def hold(held):
    print("held", len(held), flush=True)
    sys.stdin.read()


def half(port, n, size):
    held = []
    for _ in range(n):
        s = connect(port)
        s.sendall((b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * size)[:size])
        held.append(s)
    hold(held)


def readers(port, n, size):
    held = []
    for i in range(n):
        s = connect(port, 4096)
        s.sendall(post(call("q", {"n": size + 3 * i})))
        held.append(s)
    hold(held)


def sessions(port, n):
    seen = {}
    poll, conns = select.poll(), {}
    for _ in range(100):
        s = connect(port)
        s.sendall(INIT)
        conns[s.fileno()] = [s, b"", False]
        poll.register(s, select.POLLIN)
    end = time.time() + 60
    while sum(seen.values()) < n and time.time() < end:
        for fd, _ in poll.poll(1000):
            c = conns[fd]
            c[1] += c[0].recv(65536)
            head, _, rest = c[1].partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if b"\r\n\r\n" not in c[1] or len(rest) < (int(length[1]) if length else 0):
                continue
            if c[2]:
                seen[head[9:12].decode()] = seen.get(head[9:12].decode(), 0) + 1
                c[0].sendall(INIT)
            else:
                name = re.search(rb"(?i)mcp-session-id: (\S+)", head)[1].decode()
                c[0].sendall(("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: %s\r\n\r\n" % name).encode())
            c[1], c[2] = b"", not c[2]
    print(json.dumps(seen))


def anything(r):
    one = r.choice(["ping", "list", "ok", "slow", "q", "unknown", "batch", "get", "bad", "gone"])
    if one == "batch":
        some = [("ok", {}), ("slow", {"s": 0.05}), ("q", {"n": 9000}), ("q", {"n": 200000}), ("nothing", {})]
        return post([call(*r.choice(some), i) if r.random() < 0.7 else {"jsonrpc": "2.0", "id": i, "method": "ping"}
                     for i in range(r.randrange(1, 32))])
    return {
        "ping": lambda: post({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
        "list": lambda: post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        "ok": lambda: post(call("ok", {})),
        "slow": lambda: post(call("slow", {"s": r.choice([0.01, 0.2, 1])})),
        "q": lambda: post(call("q", {"n": r.choice([10, 5000, 300000])})),
        "unknown": lambda: post(call("nothing\"\x01", {})),
        "get": lambda: b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "bad": lambda: b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        "gone": lambda: post(call("slow", {"s": 0.3}))[:r.randrange(20, 200)],
    }[one]()


def one_client(port, r):
    s = connect(port, r.choice([0, 0, 2048]))
    data = b"".join(anything(r) for _ in range(r.randrange(1, 6)))
    at = 0
    while at < len(data):
        n = r.choice([1, 7, 100, 5000, len(data)])
        s.sendall(data[at:at + n])
        at += n
        if r.random() < 0.05:
            break
        if r.random() < 0.1:
            time.sleep(r.random() / 50)
    how = r.choice(["read", "close", "reset", "half", "some"])
    if how == "half":
        s.shutdown(socket.SHUT_WR)
    if how == "reset":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.settimeout(r.choice([0.01, 0.3]))
    while how in ("read", "half") and s.recv(65536):
        pass
    if how == "some":
        s.recv(r.randrange(1, 3000))
    s.close()


def storm(port, seconds, seed):
    end, count = time.time() + seconds, [0]

    def work(k):
        r = random.Random(seed * 1000 + k)
        while time.time() < end:
            try:
                one_client(port, r)
            except OSError:
                pass
            count[0] += 1

    threads = [threading.Thread(target=work, args=(k,)) for k in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(count[0])


def good(port):
    t = time.time()
    try:
        s = connect(port)
        s.sendall(post(call("q", {"n": 3000}), "Connection: close\r\n"))
        got = b""
        while (d := s.recv(65536)):
            got += d
        print("%.2f" % (time.time() - t) if b'"isError":false' in got else got[:300])
    except OSError as e:
        print(repr(e))


kind, rest = sys.argv[1], [int(a) for a in sys.argv[2:]]
if kind == "upstream":
    asyncio.run(upstream())
elif kind == "tls":
    hold([connect(rest[0], 0, "127.0.0.2") for _ in range(rest[1])])
else:
    {"half": half, "readers": readers, "sessions": sessions, "storm": storm, "good": good}[kind](*rest)
