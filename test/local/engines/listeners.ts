import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** As /proc/net writes 127.0.0.1, by itself and mapped into IPv6. */
const loopback = ['0100007F', '0000000000000000FFFF00000100007F'];

/**
 * The TCP addresses other than 127.0.0.1 that a process listens on, as `/proc/net` writes them; and
 * how many it listens on in all, since a test that finds none of them proves nothing.
 */
export function listenersOf(pid: number): { readonly all: number; readonly elsewhere: readonly string[] } {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const listening = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // 0A is LISTEN; the tenth column is the socket's inode.
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? ''))
      .map((fields) => fields[1] ?? ''),
  );
  const elsewhere = listening.filter((address) => !loopback.includes(address.split(':')[0] ?? ''));
  return { all: listening.length, elsewhere };
}
