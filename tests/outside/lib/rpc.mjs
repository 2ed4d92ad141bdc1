// JSON-RPC over Streamable HTTP, both eras, by hand: what a correct client sends, and any part of it changed on purpose.
import { rawRequest } from './raw.mjs';

export const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';
const prefix = 'io.modelcontextprotocol/';

export const meta = (over = {}) => ({
  [prefix + 'protocolVersion']: MODERN, [prefix + 'clientInfo']: { name: 'mcpgated-tests', version: '1' }, [prefix + 'clientCapabilities']: {}, ...over,
});

// The message and header pairs of a modern request. headers: { name: value } replaces, null removes, an array repeats.
// body: text to send instead; message: (m) => m changes the message before it is written; id null: a notification.
export function modernRequest(method, params = {}, { key, id = 1, headers = {}, body, message = (m) => m } = {}) {
  const base = {
    'Content-Type': 'application/json', 'Accept': 'application/json, text/event-stream', 'MCP-Protocol-Version': MODERN, 'Mcp-Method': method,
    ...(key ? { Authorization: `Bearer ${key}` } : {}), ...(params.name ?? params.uri ? { 'Mcp-Name': params.name ?? params.uri } : {}),
  };
  for (const [k, v] of Object.entries(headers)) {
    for (const old of Object.keys(base)) if (old.toLowerCase() === k.toLowerCase()) delete base[old];
    if (v !== null) base[k] = v;
  }
  const pairs = Object.entries(base).flatMap(([k, v]) => (Array.isArray(v) ? v.map((one) => [k, one]) : [[k, v]]));
  const m = message({ jsonrpc: '2.0', ...(id === null ? {} : { id }), method, params: { ...params, _meta: meta() } });
  return { headers: pairs, body: body ?? JSON.stringify(m) };
}

// The handle in a description of what would be done.
export const handleOf = (text) => /"approval": "([0-9a-f]{32})"/.exec(text ?? '')?.[1];

// The JSON-RPC message in a response: plain JSON, or the last data line of an event stream.
export function answerOf(r) {
  let text = r.body;
  if (/event-stream/.test(r.headers['content-type'] ?? ''))
    text = text.split('\n').filter((l) => l.startsWith('data:') && l.length > 6).pop()?.slice(5) ?? '';
  try { return JSON.parse(text); } catch { return undefined; }
}

// A caller for one server: modern(method, params, options) and legacy(...) resolve { status, headers, body, json }.
export function caller(server, { key, path = '/mcp', host = server.host } = {}) {
  const post = async ({ headers, body, method = 'POST', at = path, to = host, timeout = 20000 }) => {
    const r = await rawRequest(server.port, { method, path: at, host: to, headers, body, timeout });
    return { ...r, json: answerOf(r) };
  };
  const self = {
    post,
    modern: (method, params, o = {}) => post({ ...modernRequest(method, params, { key, ...o }), ...o.send }),
    legacy: (method, params, { session, version = LEGACY, id = 1, headers = {}, send } = {}) => post({
      headers: Object.entries({
        'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...(key ? { Authorization: `Bearer ${key}` } : {}),
        ...(session ? { 'Mcp-Session-Id': session } : {}), ...(method === 'initialize' ? {} : { 'MCP-Protocol-Version': version }), ...headers,
      }).filter(([, v]) => v !== null),
      body: JSON.stringify({ jsonrpc: '2.0', ...(id === null ? {} : { id }), method, ...(params === undefined ? {} : { params }) }), ...send,
    }),
    async session(version = LEGACY) {
      const r = await self.legacy('initialize', { protocolVersion: version, capabilities: {}, clientInfo: { name: 'mcpgated-tests', version: '1' } });
      const session = r.headers['mcp-session-id'];
      await self.legacy('notifications/initialized', undefined, { session, version, id: null });
      return { ...r, session };
    },
    // A tool's result: { isError, text, blocks }, or a thrown JSON-RPC error.
    async tool(name, args = {}, o = {}) {
      const r = await self.modern('tools/call', { name, arguments: args }, o);
      const result = r.json?.result;
      if (!result) throw new Error(`tools/call ${name}: HTTP ${r.status} ${r.body.slice(0, 300)}`);
      return { isError: result.isError === true, text: result.content?.[0]?.text, blocks: result.content ?? [], result, status: r.status };
    },
    // The same, confirmed: when the gate describes the call and hands out a handle, it is made again with it.
    async confirmed(name, args = {}, o = {}) {
      const first = await self.tool(name, args, o), handle = handleOf(first.text);
      return handle ? self.tool(name, { ...args, approval: handle }, o) : first;
    },
    async tools() {
      const all = [];
      for (let cursor; ;) {
        const r = await self.modern('tools/list', cursor ? { cursor } : {});
        if (!r.json?.result) throw new Error(`tools/list: HTTP ${r.status} ${r.body.slice(0, 300)}`);
        all.push(...r.json.result.tools);
        if (!(cursor = r.json.result.nextCursor)) return all;
      }
    },
  };
  return self;
}
