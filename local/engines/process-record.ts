import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PolystoreError } from '../../lambda/errors.ts';
import { EngineError } from './engine-error.ts';
import { commandLine, identifyProcess, isSameProcess, type ProcessIdentity } from './process-identity.ts';
import type { EngineName } from './types.ts';

interface RecordFile {
  readonly owner: ProcessIdentity;
  readonly engines: readonly RecordedEngine[];
}

export interface RecordedEngine extends ProcessIdentity {
  readonly engine: EngineName;
}

/** Which processes belong to a state folder, kept on disk so that a later run finds what a crashed one left. */
export interface ProcessRecord {
  add(engine: EngineName, pid: number): void;
  remove(pid: number): void;
  /** Forgets the record; the folder is free for another owner. */
  close(): void;
}

const endAfterMs = 5_000;

/**
 * Takes a state folder for this process: refuses while another live process owns it, and ends the
 * engines that a dead owner left behind.
 * @throws `already_running`, or `engine_failed` for a leftover that does not end.
 */
export async function claimStateFolder(stateDir: string): Promise<ProcessRecord> {
  await endLeftovers(stateDir);
  const file = recordFile(stateDir);
  const owner = identifyProcess(process.pid) ?? { pid: process.pid, startTicks: '', bootId: '' };
  const engines = new Map<number, RecordedEngine>();
  const save = (): void => {
    const content: RecordFile = { owner, engines: [...engines.values()] };
    writeFileSync(`${file}.new`, JSON.stringify(content, null, 2));
    renameSync(`${file}.new`, file);
  };
  save();
  return {
    add(engine, pid) {
      const identity = identifyProcess(pid);
      if (identity === undefined) return;
      engines.set(pid, { engine, ...identity });
      save();
    },
    remove(pid) {
      if (engines.delete(pid)) save();
    },
    close: () => rmSync(file, { force: true }),
  };
}

/**
 * The engines that a dead owner of the folder left behind and that still run.
 * @throws `already_running` when the owner lives.
 */
export function findLeftovers(stateDir: string): readonly RecordedEngine[] {
  const earlier = readRecord(recordFile(stateDir));
  if (earlier === undefined) return [];
  if (isSameProcess(earlier.owner)) throw alreadyRunning(stateDir, earlier.owner.pid);
  return earlier.engines.filter((engine) => isLeftover(engine, stateDir));
}

/**
 * Ends the engines that a dead owner of the folder left behind, and gives them.
 * @throws `already_running` when the owner lives, or `engine_failed` for a leftover that does not end.
 */
export async function endLeftovers(stateDir: string): Promise<readonly RecordedEngine[]> {
  const leftovers = findLeftovers(stateDir);
  await Promise.all(leftovers.map((engine) => endLeftover(engine, stateDir)));
  return leftovers;
}

/** Still the process that was recorded, and still at work on this folder. */
const isLeftover = (engine: RecordedEngine, stateDir: string): boolean =>
  isSameProcess(engine) && commandLine(engine.pid).some((argument) => argument.includes(stateDir));

const recordFile = (stateDir: string): string => join(stateDir, 'processes.json');

function readRecord(file: string): RecordFile | undefined {
  try {
    // Written by `save` above and by nothing else; a damaged file fails to parse.
    return JSON.parse(readFileSync(file, 'utf8')) as RecordFile;
  } catch {
    return undefined;
  }
}

async function endLeftover(engine: RecordedEngine, stateDir: string): Promise<void> {
  // SIGINT is PostgreSQL's fast shutdown; its SIGTERM would wait for clients.
  const polite = engine.engine.startsWith('postgres') ? 'SIGINT' : 'SIGTERM';
  sendSignal(engine.pid, polite);
  const begun = performance.now();
  while (isLeftover(engine, stateDir)) {
    const waitedMs = performance.now() - begun;
    if (waitedMs > endAfterMs) sendSignal(engine.pid, 'SIGKILL');
    if (waitedMs > 2 * endAfterMs) throw cannotEnd(engine);
    await delay(50);
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal, which is what was wanted.
  }
}

function cannotEnd({ engine, pid }: RecordedEngine): EngineError {
  return new EngineError(
    'engine_failed',
    `of an earlier run is still there as process ${pid} and does not end. End it by hand.`,
    {
      engine,
      details: { pid },
    },
  );
}

function alreadyRunning(stateDir: string, pid: number): PolystoreError {
  return new PolystoreError(
    'already_running',
    `Process ${pid} runs engines in ${stateDir} already. Stop it first, or choose another state folder.`,
    { details: { stateDir, pid } },
  );
}
