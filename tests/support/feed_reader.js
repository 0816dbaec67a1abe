// A client of the feeds that shares no code with the hub: plain Node, nothing installed.
//
//   node feed_reader.js verify KEYS.json    lines of stdin are messages; for each "ok" or why not
//   node feed_reader.js read URL KEYS.json API_KEY [subscribe message]
//       opens the WebSocket, checks each message, prints its data, or "BAD why"; what comes on
//       stdin is sent as it is. At the end: "CLOSED code reason".
//
// KEYS.json: {"key id": "secret in hex", …}; "read" takes it anew when a key is not in it.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const readline = require('node:readline');

const AGE_MS_MAX = 60000;

function keysOf(path) {
  return JSON.parse(fs.readFileSync(path, 'utf8'));
}

function verdict(text, keys) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return 'no JSON';
  }
  const {meta, data} = message;
  if (!meta || !data || meta.algo !== 'HMAC-SHA256') return 'no envelope';
  if (!(meta.key_id in keys)) return `unknown key ${meta.key_id}`;
  const mac = crypto.createHmac('sha256', Buffer.from(keys[meta.key_id], 'hex'));
  const expected = mac.update(`${meta.ts}|${JSON.stringify(data)}`).digest('base64');
  return expected === meta.sig ? 'ok' : `signature ${JSON.stringify(data)}`;
}

function verify(path) {
  const keys = keysOf(path);
  const lines = readline.createInterface({input: process.stdin, crlfDelay: Infinity});
  lines.on('line', (line) => process.stdout.write(`${verdict(line, keys)}\n`));
}

// RFC 6455, as much as a reader needs: text, ping, close; fragments are put together.
class Socket {
  constructor(url, headers, heard, ended) {
    const {hostname, port, pathname, search} = new URL(url);
    const key = crypto.randomBytes(16).toString('base64');
    const lines = [`GET ${pathname}${search} HTTP/1.1`, `Host: ${hostname}:${port}`,
      'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13', ...headers];
    this.heard = heard;
    this.ended = ended;
    this.rest = Buffer.alloc(0);
    this.open = false;
    this.parts = [];
    this.line = net.connect(Number(port), hostname, () => {
      this.line.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
    this.line.on('data', (bytes) => this.take(bytes));
    this.line.on('close', () => this.end(1006, 'lost'));
    this.line.on('error', (error) => this.end(1006, error.code));
  }

  end(code, reason) {
    this.ended(code, reason);
    this.ended = () => {};
    this.line.destroy();
  }

  take(bytes) {
    this.rest = Buffer.concat([this.rest, bytes]);
    if (!this.open) {
      const head = this.rest.indexOf('\r\n\r\n');
      if (head < 0) return;
      const first = this.rest.subarray(0, this.rest.indexOf('\r\n')).toString();
      this.rest = this.rest.subarray(head + 4);
      this.open = true;
      if (!first.includes(' 101 ')) return this.end(1006, first);
    }
    while (this.frame()) { /* as long as there is a whole one */ }
  }

  frame() {
    if (this.rest.length < 2) return false;
    let size = this.rest[1] & 127;
    let at = 2;
    if (size === 126) {
      if (this.rest.length < 4) return false;
      [size, at] = [this.rest.readUInt16BE(2), 4];
    } else if (size === 127) {
      if (this.rest.length < 10) return false;
      [size, at] = [Number(this.rest.readBigUInt64BE(2)), 10];
    }
    if (this.rest.length < at + size) return false;
    const [last, opcode] = [this.rest[0] & 128, this.rest[0] & 15];
    const body = Buffer.from(this.rest.subarray(at, at + size));
    this.rest = this.rest.subarray(at + size);
    if (opcode === 8) this.end(size < 2 ? 1005 : body.readUInt16BE(0), body.subarray(2).toString());
    else if (opcode === 9) this.send(10, body);
    else if (opcode < 3) {
      this.parts.push(body);
      if (last) this.heard(Buffer.concat(this.parts.splice(0)).toString('utf8'));
    }
    return opcode !== 8;
  }

  send(opcode, body) {
    const mask = crypto.randomBytes(4);
    const head = body.length < 126
      ? Buffer.from([128 | opcode, 128 | body.length])
      : Buffer.from([128 | opcode, 254, body.length >> 8, body.length & 255]);
    const masked = Buffer.from(body.map((byte, place) => byte ^ mask[place % 4]));
    this.line.write(Buffer.concat([head, mask, masked]));
  }
}

function read(url, path, apiKey, first) {
  let keys = keysOf(path);
  const say = (text) => process.stdout.write(`${text}\n`);
  const socket = new Socket(url, [`X-API-Key: ${apiKey}`], (text) => {
    const message = JSON.parse(text);
    if (!(message.meta.key_id in keys)) keys = keysOf(path);
    const late = Math.abs(Date.now() - Number(message.meta.ts)) > AGE_MS_MAX;
    const found = late && !process.env.ANY_AGE ? 'too old' : verdict(text, keys);
    say(found === 'ok' ? JSON.stringify(message.data) : `BAD ${found}`);
  }, (code, reason) => {
    say(`CLOSED ${code} ${reason}`);
    process.stdin.destroy();
  });
  if (first) socket.send(1, Buffer.from(first));
  const lines = readline.createInterface({input: process.stdin});
  lines.on('line', (line) => socket.send(1, Buffer.from(line)));
}

const [mode, ...words] = process.argv.slice(2);
if (mode === 'verify') verify(...words);
else read(...words);
