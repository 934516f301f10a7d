import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { beginEngines, type EngineName, freePorts, type StartingEngines } from '../../local/engines/index.ts';
import { setUp, setUpPythonPackages } from '../../local/setup/index.ts';
import { runTool } from '../../local/setup/run-tool.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { createMasterRole } from './master-role.ts';

/** Everything outside the deployment: what stands in for AWS, for its stores and for an identity provider. */
export interface World {
  /** On their way: see `ready`. */
  readonly engines: StartingEngines;
  readonly emulator: Emulator;
  readonly issuer: Issuer;
  /** A folder that goes with it. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Sets up what is missing and starts it, on free ports; nothing is left running when that fails. */
export async function startWorld(options: {
  readonly root: string;
  /** The name that the relational construct gives its master user. */
  readonly masterUser: string;
  /** Those that the deployment needs. */
  readonly engines: readonly EngineName[];
  readonly signal: AbortSignal;
}): Promise<World> {
  const { root, signal } = options;
  const downloads = await setUp({ root, signal });
  const packages = await setUpPythonPackages({
    root,
    name: 'emulator',
    requirements: join(import.meta.dirname, 'emulator', 'requirements.txt'),
    neededFor: 'the emulator of the deploy test',
    leastPythonMinor: 10,
    signal,
  });
  const folder = mkdtempSync(join(tmpdir(), 'polystore-deploy-'));
  const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    // PostgreSQL, which runs as nobody where this runs as root, has to get through.
    chmodSync(folder, 0o755);
    const certificate = await makeCertificate(folder, packages);
    const issuer = await startIssuer(certificate);
    closers.push(issuer.stop);
    const stateDir = join(folder, 'engines');
    mkdirSync(stateDir);
    const { postgresWriter: port, ...others } = await freePorts();
    const ports = await freePorts();
    // The emulator's port is one of another set, so it may be one of this set too.
    const chosen = Object.values(ports).includes(port) ? others.kafka : port;
    const engines = await beginEngines({
      downloads,
      stateDir,
      ports,
      durable: false,
      signal,
      engines: options.engines,
      after: {
        'postgres-writer': ({ postgresWriter }) => createMasterRole(postgresWriter, options.masterUser),
      },
    });
    closers.push(engines.stop);
    const emulator = await startEmulator({
      ...{ root, packages, folder, certificate, signal },
      port: chosen,
      engines: engines.endpoints,
    });
    closers.push(emulator.stop);
    return { engines, emulator, issuer, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A certificate of this machine, which this process trusts from then on, beside the ones it trusted. */
async function makeCertificate(folder: string, packages: string) {
  await runTool({
    step: 'the certificate of the emulator',
    command: 'python3',
    args: [join(import.meta.dirname, 'emulator', 'certificate.py'), folder],
    environment: { PATH: process.env.PATH, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
    remedy:
      'The packages of the emulator may be damaged: delete .polystore/downloads/emulator and try again.',
  });
  const certificate = { file: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  setDefaultCACertificates([...getCACertificates(), readFileSync(certificate.file, 'utf8')]);
  return certificate;
}
