import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineSet } from '../../local/engines/index.ts';

export interface EmulatorOptions {
  /** The project's folder. */
  readonly root: string;
  /** Where `setUpPythonPackages` put its packages. */
  readonly packages: string;
  /** A folder of its own, outside the project, for what it and the functions write. */
  readonly folder: string;
  /** PEM files; the functions trust this certificate too. */
  readonly certificate: { readonly file: string; readonly key: string };
  readonly port: number;
  /** What stands behind the stores that it deploys. */
  readonly engines: EngineSet;
  readonly signal: AbortSignal;
}

export interface Emulator {
  readonly url: string;
  readonly logFile: string;
  /** What makes the AWS SDK and the CDK's command line talk to it, as the account's administrator. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export const account = '111111111111';
export const region = 'eu-west-1';

const readyWithinMs = 60_000;
const stopWithinMs = 10_000;

/** Starts the emulator on 127.0.0.1, with IAM enforced, and waits until it serves. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { folder, certificate, port, signal } = options;
  const url = `https://127.0.0.1:${port}`;
  const logFile = join(folder, 'emulator.log');
  const temporary = join(folder, 'tmp');
  provideRuntimeSdk(options.root, temporary);
  const log = openSync(logFile, 'a');
  const child = spawn('python3', [join(import.meta.dirname, 'emulator')], {
    env: renderEnvironment(options, temporary),
    cwd: folder,
    stdio: ['ignore', log, log],
    // A group of its own: the functions' processes are in it and end with it.
    detached: true,
  });
  const exited = once(child, 'exit');
  const end = (how: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, how);
    } catch {
      // The group is gone.
    }
  };
  const endNow = (): void => end('SIGKILL');
  process.once('exit', endNow);
  const stop = async (): Promise<void> => {
    end('SIGTERM');
    await Promise.race([exited, delay(stopWithinMs, undefined, { ref: false })]);
    endNow();
    process.off('exit', endNow);
  };
  try {
    const deadline = performance.now() + readyWithinMs;
    while (!(await answers(`${url}/_ministack/ready`))) {
      signal.throwIfAborted();
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`The emulator does not serve; its log is ${logFile}`);
      await delay(100);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    logFile,
    environment: {
      AWS_ENDPOINT_URL: url,
      // Twelve digits choose the account.
      AWS_ACCESS_KEY_ID: account,
      AWS_SECRET_ACCESS_KEY: 'emulator',
      AWS_REGION: region,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_CA_BUNDLE: certificate.file,
      NODE_EXTRA_CA_CERTS: certificate.file,
    },
    stop,
  };
}

function renderEnvironment(options: EmulatorOptions, temporary: string): Record<string, string> {
  const { engines, certificate, port } = options;
  const { postgresWriter, valkey, kafka } = engines;
  return {
    // Functions run as `node`: this one is the runtime's.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    HOME: options.folder,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: temporary,
    PYTHONPATH: options.packages,
    PYTHONDONTWRITEBYTECODE: '1',
    // By itself it listens on every address, and on two more ports.
    BIND_HOST: '127.0.0.1',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    // Events name a domain of it, which ends in no number.
    MINISTACK_HOST: 'localhost',
    GATEWAY_PORT: String(port),
    MINISTACK_REGION: region,
    MINISTACK_ACCOUNT_ID: account,
    LAMBDA_EXECUTOR: 'local',
    AUTH: 'true',
    USE_SSL: '1',
    MINISTACK_SSL_CERT: certificate.file,
    MINISTACK_SSL_KEY: certificate.key,
    // Its authorizer fetches the issuer's keys, and so do the functions, which inherit this.
    SSL_CERT_FILE: certificate.file,
    NODE_OPTIONS: '--use-openssl-ca',
    // Of its own wrapper around the functions.
    NODE_NO_WARNINGS: '1',
    REDIS_HOST: valkey.host,
    REDIS_PORT: String(valkey.port),
    MINISTACK_MSK_BOOTSTRAP: kafka.brokers.join(','),
    MINISTACK_MSK_BOOTSTRAP_SASL_IAM: kafka.brokers.join(','),
    MINISTACK_OPENSEARCH_ENDPOINT: new URL(engines.opensearch.url).host,
    DEPLOY_POSTGRES: `${postgresWriter.host}:${postgresWriter.port}`,
  };
}

/** Lambda's runtime has the AWS SDK, which the CDK's own functions import; ours carry what they use. */
function provideRuntimeSdk(root: string, temporary: string): void {
  const modules = join(temporary, 'node_modules');
  mkdirSync(modules, { recursive: true });
  symlinkSync(join(root, 'node_modules', '@aws-sdk'), join(modules, '@aws-sdk'));
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
