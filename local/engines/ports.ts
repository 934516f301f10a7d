import { createServer } from 'node:net';
import { PolystoreError } from '../../lambda/errors.ts';
import { type EngineName, type EnginePorts, engineNames, engineTitles } from './types.ts';

type PortName = keyof EnginePorts;

interface PortUse {
  readonly engine: EngineName;
  /** The environment variable that chooses another port. */
  readonly variable: string;
  readonly usual: number;
}

const portUses: Readonly<Record<PortName, PortUse>> = {
  postgresWriter: { engine: 'postgres-writer', variable: 'POLYSTORE_PORT_POSTGRES_WRITER', usual: 25432 },
  postgresDashboard: {
    engine: 'postgres-dashboard',
    variable: 'POLYSTORE_PORT_POSTGRES_DASHBOARD',
    usual: 25433,
  },
  postgresAnalytics: {
    engine: 'postgres-analytics',
    variable: 'POLYSTORE_PORT_POSTGRES_ANALYTICS',
    usual: 25434,
  },
  postgresReporting: {
    engine: 'postgres-reporting',
    variable: 'POLYSTORE_PORT_POSTGRES_REPORTING',
    usual: 25435,
  },
  kafka: { engine: 'kafka', variable: 'POLYSTORE_PORT_KAFKA', usual: 19092 },
  kafkaController: { engine: 'kafka', variable: 'POLYSTORE_PORT_KAFKA_CONTROLLER', usual: 19093 },
  connect: { engine: 'connect', variable: 'POLYSTORE_PORT_CONNECT', usual: 18083 },
  dynamodb: { engine: 'dynamodb', variable: 'POLYSTORE_PORT_DYNAMODB', usual: 28002 },
  valkey: { engine: 'valkey', variable: 'POLYSTORE_PORT_VALKEY', usual: 26379 },
  cassandra: { engine: 'cassandra', variable: 'POLYSTORE_PORT_CASSANDRA', usual: 29042 },
  cassandraStorage: { engine: 'cassandra', variable: 'POLYSTORE_PORT_CASSANDRA_STORAGE', usual: 27000 },
  opensearch: { engine: 'opensearch', variable: 'POLYSTORE_PORT_OPENSEARCH', usual: 29200 },
  opensearchTransport: {
    engine: 'opensearch',
    variable: 'POLYSTORE_PORT_OPENSEARCH_TRANSPORT',
    usual: 29300,
  },
};
// `portUses` has exactly the keys of `EnginePorts`, by its type.
const portNames = Object.keys(portUses) as readonly PortName[];

// Below the kernel's range for outgoing connections (32768 and up), so that none takes a chosen port.
const freeRange = { from: 20_000, to: 32_000 } as const;

/**
 * The usual ports, each overridden by its environment variable (`POLYSTORE_PORT_KAFKA` and so on).
 * @throws `invalid_configuration` for a value that is no port.
 */
export function choosePorts(environment: NodeJS.ProcessEnv): EnginePorts {
  return mapPorts((name) => {
    const { variable, usual } = portUses[name];
    const text = environment[variable];
    if (text === undefined || text === '') return usual;
    const port = Number(text);
    if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
    throw new PolystoreError(
      'invalid_configuration',
      `${variable} is "${text}"; a port is a whole number from 1 to 65535.`,
      {
        details: { variable, value: text },
      },
    );
  });
}

/** A free port for each need of a set, different every time; for tests. */
export async function freePorts(): Promise<EnginePorts> {
  const chosen: number[] = [];
  while (chosen.length < portNames.length) {
    const port = freeRange.from + Math.floor(Math.random() * (freeRange.to - freeRange.from));
    if (!chosen.includes(port) && (await isFree(port))) chosen.push(port);
  }
  return mapPorts((_, index) => chosen[index] ?? 0);
}

/**
 * Looks at every port that these engines need.
 * @throws `port_taken` that names each port in use, its engine, and how to choose another.
 */
export async function requireFreePorts(
  ports: EnginePorts,
  engines: readonly EngineName[] = engineNames,
): Promise<void> {
  const needed = portNames.filter((name) => engines.includes(portUses[name].engine));
  const free = await Promise.all(needed.map((name) => isFree(ports[name])));
  const taken = needed.filter(
    (name, index) => !free[index] || needed.slice(0, index).some((other) => ports[other] === ports[name]),
  );
  if (taken.length === 0) return;
  throw new PolystoreError('port_taken', renderTakenPorts(taken, ports), {
    details: {
      taken: taken.map((name) => ({
        engine: portUses[name].engine,
        port: ports[name],
        variable: portUses[name].variable,
      })),
    },
  });
}

/** The text that a person sees: one line a port, and how to choose another. */
function renderTakenPorts(taken: readonly PortName[], ports: EnginePorts): string {
  const lines = taken.map((name) => {
    const { engine, variable } = portUses[name];
    return `${engineTitles[engine]} needs port ${ports[name]} of 127.0.0.1, which is in use. Choose another with ${variable}=<port>.`;
  });
  return `${lines.join('\n')}\nOr stop what listens there (ss -ltnp shows it). Nothing was started.`;
}

function mapPorts(portOf: (name: PortName, index: number) => number): EnginePorts {
  // Built from `portNames`, so every key of `EnginePorts` is there.
  return Object.fromEntries(
    portNames.map((name, index) => [name, portOf(name, index)]),
  ) as unknown as EnginePorts;
}

/** Whether nothing listens on this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
