import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to an engine on which every byte is counted. */
export interface Wire {
  readonly host: string;
  readonly port: number;
  /** Bytes that went either way since this was called last. */
  take(): number;
  close(): Promise<void>;
}

/** Passes connections on to an engine, as they are. */
export async function openWire(to: { readonly host: string; readonly port: number }): Promise<Wire> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const carry = (from: Socket, into: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    from.pipe(into);
    from.on('close', () => {
      sockets.delete(from);
      into.destroy();
    });
    // That one end is gone the other hears by its closing.
    from.on('error', () => into.destroy());
  };
  const server = createServer((client) => {
    const engine = connect(to.port, to.host);
    carry(client, engine);
    carry(engine, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on a TCP port, the address is one.
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    take: () => {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
