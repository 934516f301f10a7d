const hosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

/**
 * Whether a host is this machine: TLS and credentials may be left out there and nowhere else. An IPv6
 * address may stand in brackets, as in a URL.
 */
export const isLoopback = (host: string): boolean => hosts.has(host);
