import { connect, type Socket } from 'node:net';

const probeTimeoutMs = 2_000;

/** Sends bytes to a port of 127.0.0.1 and gives what comes back, once `isWhole` says that it is enough. */
export function exchange(
  port: number,
  request: Buffer,
  isWhole: (answer: Buffer) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(probeTimeoutMs, () =>
      fail(new Error(`port ${port} did not answer within ${probeTimeoutMs} ms`)),
    );
    socket.once('error', fail);
    socket.once('connect', () => socket.write(request));
    socket.once('close', () => fail(new Error(`port ${port} closed the connection`)));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (!isWhole(answer)) return;
      resolve(answer);
      socket.destroy();
    });
  });
}

/** Fetches a URL and throws unless it answers 200. */
export async function requireOk(url: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(probeTimeoutMs) });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
}
