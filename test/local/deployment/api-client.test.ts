import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { callLines } from '../../../local/deployment/api-client.ts';

const head = '{"columns":[{"name":"a","type":"text"}],"route":{}}';
const end = '{"rowCount":1,"token":null}';
// As long as one character may be: it is cut in two on the way.
const row = '["é"]';

/** The lines that a client gives on of an answer that comes in these pieces. */
async function callPieces(pieces: readonly Uint8Array[], status = 200): Promise<readonly string[]> {
  const server = createServer((_, response) => {
    response.writeHead(status);
    for (const piece of pieces) response.write(piece);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // An address of TCP has a port.
  const { port } = server.address() as AddressInfo;
  const lines: string[] = [];
  try {
    await callLines({ url: `http://127.0.0.1:${port}`, bearer: 'b' }, { sql: 'select 1' }, (line) =>
      lines.push(line),
    );
  } finally {
    server.close();
  }
  return lines;
}
const textOf = (...lines: readonly string[]): Uint8Array =>
  Buffer.from(lines.map((line) => `${line}\n`).join(''));

test('lines are given on whole, however they come', async () => {
  const bytes = textOf(head, row, end);

  const byOne = await callPieces([...bytes].map((byte) => Uint8Array.of(byte)));

  expect(byOne).toEqual([head, row, end]);
});

test.each([
  ['of rows', textOf(head, row)],
  ['in the middle of a row', textOf(head, row).subarray(0, -3)],
  ['in the middle of its last line', textOf(head, row, end).subarray(0, -4)],
  ['before its first line', Buffer.from('')],
])('an answer that ends %s is none', async (_, bytes) => {
  await expect(callPieces([bytes])).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('the error of a last line, and one without lines, is thrown', async () => {
  const error = '{"error":{"code":"result_too_large","message":"m","details":{},"retryable":false}}';

  await expect(callPieces([textOf(head, row, error)])).rejects.toMatchObject({ code: 'result_too_large' });
  await expect(callPieces([textOf(error)], 422)).rejects.toMatchObject({ code: 'result_too_large' });
});
