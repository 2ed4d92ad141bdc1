#!/bin/sh
# What the audit costs: two servers, one with audit 'on' and one with 'off', are asked in turn for 1 KB calls, and the
# cheapest window of each is compared: CPU per call of what serves at most 5 % more. The rate is told; 10,000 calls a second are expected
# of a machine that does nothing else (RATE=N another number, RATE=0 none). Last line: N passed, N failed
# Takes half a minute of all processors, so only with LONG=1.
. "$(dirname "$0")/../lib/live.sh"
[ "${LONG:-}" = 1 ] || { echo "skipped: LONG=1 runs it"; exit 0; }
B=$top/build/bench
command -v wrk >/dev/null && [ -x "$B/bin/upstream" ] || { echo "skipped: no wrk or no $B/bin/upstream: make bench"; exit 0; }

cat >"$T/drive.py" <<'PY'
import os, re, subprocess, sys, time, urllib.request
m, bench, t, rounds, win = sys.argv[1], sys.argv[2], sys.argv[3], int(os.environ.get("ROUNDS", 12)), int(os.environ.get("WIN", 1))
rate_wanted = int(os.environ.get("RATE", 10000))
import socket
def port():
    s = socket.socket(); s.bind(("127.0.0.1", 0)); return s.getsockname()[1]
up = port()
procs = [subprocess.Popen([bench + "/bin/upstream", str(up), bench + "/data"], stdout=subprocess.DEVNULL)]
servers = {}
try:
    for mode in ("on", "off"):
        d, p = f"{t}/{mode}", port()
        os.makedirs(d + "/data", 0o700)
        open(d + "/conf", "w").write(f"""config server
	option data '{d}/data'
	list listen '127.0.0.1:{p}'
	option public_url 'http://127.0.0.1:{p}'
	option log_level 'error'
	option audit '{mode}'
config api 'bench'
	option document '{bench}/data/openapi-10.json'
	option mode 'tools'
config environment 'production'
	option api 'bench'
	option base_url 'http://127.0.0.1:{up}'
""")
        s = subprocess.Popen([m, "serve", "-c", d + "/conf"], stderr=open(d + "/log", "w"))
        procs.append(s)
        for _ in range(200):
            try: urllib.request.urlopen(f"http://127.0.0.1:{p}/readyz"); break
            except OSError: time.sleep(0.05)
        key = re.search(r"sk-[A-Za-z0-9_-]{20,}", subprocess.run([m, "key", "add", "k", "-c", d + "/conf"], capture_output=True, text=True).stdout)[0]
        doc = open(bench + "/data/openapi-10.json").read()
        tool = re.search(r'"operationId": *"(get_?[iI]tem[^"]*)"', doc)[1]
        lua = f'''wrk.method = "POST"
wrk.body = [[{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"id":"7"}}}}}}]]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json, text/event-stream"
wrk.headers["MCP-Protocol-Version"] = "2025-11-25"
wrk.headers["Authorization"] = "Bearer {key}"
'''
        open(d + "/w.lua", "w").write(lua)
        time.sleep(0.3)
        body = re.search(r"\[\[(.*)\]\]", lua)[1].encode()
        r = urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{p}/mcp", body, {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25", "Authorization": "Bearer " + key})).read()
        assert b'"isError":false' in r, r[:400]
        servers[mode] = (s.pid, p, d)
    def ticks(pid):
        served = n = 0 # by the threads that serve; by all, the one that writes among them
        for x in os.listdir("/proc"):
            if not x.isdigit(): continue
            try:
                f = open(f"/proc/{x}/stat").read().rsplit(")", 1)[1].split()
                if int(x) != pid and int(f[1]) != pid: continue
                for task in os.listdir(f"/proc/{x}/task"):
                    ns = int(open(f"/proc/{x}/task/{task}/schedstat").read().split()[0])
                    n, served = n + ns, served + (ns if task == x else 0)
            except OSError: pass
        return served, n
    best, every, rate = {}, {}, {}
    for i in range(rounds + 1): # the first round warms up
        for mode in (("on", "off"), ("off", "on"))[i % 2]:
            pid, p, d = servers[mode]
            c0, began = ticks(pid), time.time()
            out = subprocess.run(["wrk", "-t1", "-c32", f"-d{win}s", "-s", d + "/w.lua", f"http://127.0.0.1:{p}/mcp"], capture_output=True, text=True).stdout
            time.sleep(0.15) # the last lines are written
            n = int(re.search(r"(\d+) requests in", out)[1])
            c1 = ticks(pid)
            if i:
                best[mode] = min(best.get(mode, 1e9), (c1[0] - c0[0]) / n / 1000)
                every[mode] = min(every.get(mode, 1e9), (c1[1] - c0[1]) / n / 1000)
                rate[mode] = max(rate.get(mode, 0), n / win)
    ratio = best["on"] / best["off"]
    print(f"audit on {best['on']:.2f} us CPU a call, off {best['off']:.2f}: {100 * (ratio - 1):+.1f} % (with the thread that writes, beside the calls: {100 * (every['on'] / every['off'] - 1):+.1f} %); most calls a second {rate['on']:.0f} (off {rate['off']:.0f})")
    time.sleep(0.5)
    v = subprocess.run([m, "audit", "verify", "-c", servers["on"][2] + "/conf"], capture_output=True, text=True)
    print("verify", v.returncode)
    print("cost", "ok" if ratio <= 1.05 else "bad")
    print("rate", "ok" if rate["on"] >= rate_wanted else "bad")
finally:
    for s in reversed(procs): s.terminate()
    for s in procs: s.wait()
PY
python3 "$T/drive.py" "$M" "$B" "$T" >"$T/out" 2>"$T/err" && ok || bad "it ran: $(tail -3 "$T/err")"
head -1 "$T/out"
grep -q '^verify 0' "$T/out" && ok || bad 'the chain is whole'
grep -q '^cost ok' "$T/out" && ok || bad 'the audit costs more than 5 %'
grep -q '^rate ok' "$T/out" && ok || bad 'fewer calls a second: is the machine busy?'
summary
