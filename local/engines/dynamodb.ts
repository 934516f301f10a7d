import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { smallJvm } from '../setup/index.ts';
import type { Engine, EngineContext } from './engine.ts';
import { logFileOf } from './logs.ts';
import { requireOk } from './probes.ts';

/** DynamoDB Local, kept in a database file. */
export function createDynamodb({ downloads, stateDir, ports }: EngineContext): Engine {
  const directory = join(stateDir, 'dynamodb');
  const port = ports.dynamodb;
  return {
    name: 'dynamodb',
    async prepare() {
      await mkdir(directory, { recursive: true });
    },
    plan: () => ({
      engine: 'dynamodb',
      command: downloads.java,
      args: [
        ...['-Xms32m', '-Xmx192m', ...smallJvm],
        ...[
          '-cp',
          `${downloads.dynamodbJars}${delimiter}${join(downloads.dynamodbJars, '*')}`,
          'LoopbackDynamodb',
        ],
        // Telemetry tries to reach AWS and delays the start by seconds.
        ...['-dbPath', directory, '-sharedDb', '-disableTelemetry', '-port', String(port)],
      ],
      cwd: directory,
      port,
      logFile: logFileOf(stateDir, 'dynamodb'),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
      readyTimeoutMs: 90_000,
      probe: () => probeDynamodb(port),
    }),
  };
}

/** ListTables; the server wants a signature's form and does not check it. */
async function probeDynamodb(port: number): Promise<void> {
  await requireOk(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20130101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
    },
    body: '{}',
  });
}
