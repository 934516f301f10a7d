import { join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { createLoader, type LoadReport, type LoadSummary, readLatestAsOf } from '../loader/index.ts';
import type { Credentials } from './credentials.ts';

export interface LoadRequest {
  /** The day that 2013-01-01 is moved to. */
  readonly asOf: string;
  readonly days: number | 'all';
}

export type LoadStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'loading'; readonly request: LoadRequest; readonly report: LoadReport | undefined }
  | { readonly state: 'finished'; readonly request: LoadRequest; readonly summary: LoadSummary }
  | { readonly state: 'failed'; readonly request: LoadRequest; readonly message: string };

/** The loads of one run: one at a time, for they share a checkpoint. */
export interface Loads {
  status(): LoadStatus;
  /** The as-of day that this state folder was loaded with; undefined before its first load. */
  latestAsOf(): Promise<string | undefined>;
  /** Stops the load under way, if any, and loads what is asked; what is loaded already is left alone. */
  run(request: LoadRequest): Promise<LoadSummary>;
  stop(): Promise<void>;
}

export interface LoadsOptions {
  readonly api: string;
  readonly credentials: Credentials;
  readonly dataDir: string;
  readonly stateDir: string;
  readonly concurrency?: number;
  readonly onProgress: (report: LoadReport) => void;
}

const credentialSeconds = 3600;
const renewBeforeMs = 60_000;

export function createLoads(options: LoadsOptions): Loads {
  const stateFile = join(options.stateDir, 'load.json');
  const bearer = renewedBearer(options.credentials);
  let status: LoadStatus = { state: 'idle' };
  let current: { readonly abort: AbortController; readonly done: Promise<unknown> } | undefined;

  const stop = async (): Promise<void> => {
    current?.abort.abort();
    await current?.done;
  };
  return {
    status: () => status,
    latestAsOf: () => readLatestAsOf(stateFile),
    stop,
    async run(request) {
      await stop();
      const abort = new AbortController();
      status = { state: 'loading', request, report: undefined };
      const load = createLoader({
        api: { url: options.api, bearer },
        dataDir: options.dataDir,
        stateFile,
        asOf: request.asOf,
        days: request.days,
        signal: abort.signal,
        clock: Date.now,
        ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
        onProgress: (report) => {
          status = { state: 'loading', request, report };
          options.onProgress(report);
        },
      }).run();
      current = { abort, done: load.catch(() => undefined) };
      try {
        const summary = await load;
        status = { state: 'finished', request, summary };
        return summary;
      } catch (error) {
        const message = error instanceof PolystoreError ? `${error.code}: ${error.message}` : String(error);
        status = { state: 'failed', request, message };
        throw error;
      }
    },
  };
}

/** An operator's credential, made anew shortly before it ends. */
function renewedBearer(credentials: Credentials): () => Promise<string> {
  let held: { readonly jwt: string; readonly untilMs: number } | undefined;
  return async () => {
    if (held === undefined || Date.now() > held.untilMs - renewBeforeMs) {
      held = {
        jwt: await credentials.issue({ kind: 'operator' }, credentialSeconds),
        untilMs: Date.now() + credentialSeconds * 1000,
      };
    }
    return held.jwt;
  };
}
