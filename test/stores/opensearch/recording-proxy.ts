import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordingProxy {
  readonly url: string;
  /** The requests since it was asked last; paths without their query strings. */
  take(): readonly { readonly method: string; readonly path: string }[];
  close(): Promise<void>;
}

/** Passes everything on to an engine, with more headers if there are any, and remembers what was asked for. */
export async function startRecordingProxy(
  target: string,
  more: Readonly<Record<string, string>> = {},
): Promise<RecordingProxy> {
  let seen: { method: string; path: string }[] = [];
  const { hostname, port } = new URL(target);
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, path: decodeURIComponent(url.split('?')[0] ?? '') });
    const all = { ...headers, ...more };
    const passed = send({ host: hostname, port, path: url, method, headers: all }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  };
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    take() {
      const taken = seen;
      seen = [];
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
