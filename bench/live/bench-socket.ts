import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Sockets are read one after the other, so they can share what they read into. */
const shared = Buffer.allocUnsafe(262_144);

export interface BenchSocket {
  say(message: object): void;
  /** Stops or goes on reading from the network. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Beginning of a message as text, and the size of all of it. */
export type OnBenchMessage = (head: string, bytes: number) => void;

/**
 * A WebSocket that only counts: it keeps no message, so that a thousand of them cost the load generator little more than
 * reading. Understands whole text frames and pings.
 */
export function openBenchSocket(options: {
  readonly url: string;
  /** So much of a message is kept. */
  readonly head_bytes: number;
  readonly onOpen: () => void;
  readonly onMessage: OnBenchMessage;
  readonly onClose: () => void;
}): BenchSocket {
  const { hostname, port, pathname } = new URL(options.url);
  const { head_bytes } = options;
  let head = Buffer.allocUnsafe(512);
  let headBytes = 0;
  let opened = false;
  /** Payload still to come of the frame in hand, and its whole size. */
  let left = 0;
  let size = 0;
  let opcode = 0;
  let pending = Buffer.alloc(0);

  function take(data: Buffer): void {
    let at = 0;
    if (!opened) {
      pending = Buffer.concat([pending, data]);
      const end = pending.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!pending.subarray(0, 12).toString('latin1').endsWith('101')) {
        socket.destroy();
        return;
      }
      const rest = Buffer.from(pending.subarray(end + 4));
      pending = Buffer.alloc(0);
      opened = true;
      options.onOpen();
      take(rest);
      return;
    }
    if (pending.length > 0) {
      const joined = Buffer.concat([pending, data]);
      pending = Buffer.alloc(0);
      take(joined);
      return;
    }
    while (at < data.length) {
      if (left === 0) {
        const wide = (data[at + 1] ?? 0) & 127;
        const header = wide === 126 ? 4 : wide === 127 ? 10 : 2;
        if (data.length - at < header) {
          pending = Buffer.from(data.subarray(at));
          return;
        }
        opcode = (data[at] as number) & 15;
        size = wide === 126 ? data.readUInt16BE(at + 2) : wide === 127 ? data.readUInt32BE(at + 6) : wide;
        left = size;
        headBytes = 0;
        at += header;
        if (size === 0) frame();
        continue;
      }
      const part = Math.min(left, data.length - at);
      keep(data.subarray(at, at + Math.min(part, head_bytes - headBytes)));
      at += part;
      left -= part;
      if (left === 0) frame();
    }
  }

  function keep(part: Uint8Array): void {
    if (headBytes + part.length > head.length) {
      const grown = Buffer.allocUnsafe(Math.max(head.length * 2, headBytes + part.length));
      head.copy(grown);
      head = grown;
    }
    head.set(part, headBytes);
    headBytes += part.length;
  }

  function frame(): void {
    if (opcode === 9) write(0x8a, head.subarray(0, headBytes));
    if (opcode === 1) options.onMessage(head.toString('latin1', 0, headBytes), size);
  }

  /** Frames of a client are masked; with zeros they stay as they are. */
  function write(first: number, payload: Uint8Array): void {
    const wide = payload.length > 125;
    const bytes = Buffer.alloc((wide ? 8 : 6) + payload.length);
    bytes[0] = first;
    bytes[1] = 0x80 | (wide ? 126 : payload.length);
    if (wide) bytes.writeUInt16BE(payload.length, 2);
    bytes.set(payload, wide ? 8 : 6);
    socket.write(bytes);
  }

  const socket: Socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: shared,
      callback(bytes, buffer) {
        take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
        return true;
      },
    },
  });
  socket.setNoDelay(true);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: gpu-vitals.v1\r\n\r\n`,
  );
  socket.on('error', () => socket.destroy());
  socket.on('close', options.onClose);
  return {
    say: (message) => write(0x81, Buffer.from(JSON.stringify(message))),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.destroy(),
  };
}
