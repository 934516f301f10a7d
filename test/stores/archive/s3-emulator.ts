import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../../local/engines/index.ts';
import { setUpPythonPackages } from '../../../local/setup/index.ts';

export interface S3Emulator {
  /** `http://127.0.0.1:…` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

const root = dirname(dirname(dirname(import.meta.dirname)));
const readyWithinMs = 120_000;

/** Starts the S3 of the emulator that the deploy test runs on (docs/deploy.md), on a free port of loopback. */
export async function startS3Emulator(): Promise<S3Emulator> {
  const packages = await setUpPythonPackages({
    root,
    name: 'emulator',
    requirements: join(root, 'test/deploy/emulator/requirements.txt'),
    neededFor: 'the archive’s test on S3',
    leastPythonMinor: 10,
  });
  const folder = mkdtempSync(join(tmpdir(), 'polystore-s3-'));
  const { kafka: port } = await freePorts();
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'a');
  const child = spawn('python3', [join(import.meta.dirname, 's3-emulator.py')], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      TMPDIR: folder,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      PYTHONPATH: packages,
      PYTHONDONTWRITEBYTECODE: '1',
      // By itself it listens on every address, and on two more ports.
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
    },
    cwd: folder,
    stdio: ['ignore', log, log],
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  for (const deadline = performance.now() + readyWithinMs; ; await delay(100)) {
    const ready = await fetch(`${endpoint}/_ministack/ready`).catch(() => undefined);
    if (ready?.ok === true) return { endpoint, stop };
    if (child.exitCode === null && performance.now() < deadline) continue;
    const said = readFileSync(logFile, 'utf8').slice(-2_000);
    await stop();
    throw new Error(`The emulator of S3 does not serve: ${said}`);
  }
}
