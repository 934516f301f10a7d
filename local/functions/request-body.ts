import type { IncomingMessage } from 'node:http';

/** The whole body of a request; it is read no further than what is allowed. */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | 'too large'> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return 'too large';
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming) {
    // Without an encoding a request gives buffers.
    const chunk = part as Buffer;
    bytes += chunk.length;
    if (bytes > maxBytes) return 'too large';
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
