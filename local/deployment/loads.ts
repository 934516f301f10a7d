import { join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { createLoader, type LoadReport, type LoadSummary, readLatestAsOf } from '../loader/index.ts';
import type { Credentials } from './credentials.ts';

export interface LoadRequest {
  /** The day that 2013-01-01 is moved to. */
  readonly asOf: string;
  readonly days: number | 'all';
  /** Replays event time at so many times real time. @default as fast as it goes */
  readonly speed?: number | undefined;
}

export type LoadStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'waiting'; readonly request: LoadRequest }
  | { readonly state: 'loading'; readonly request: LoadRequest; readonly report: LoadReport | undefined }
  | { readonly state: 'finished'; readonly request: LoadRequest; readonly summary: LoadSummary }
  | { readonly state: 'failed'; readonly request: LoadRequest; readonly message: string };

/** A load that was asked for. */
export interface Load {
  status(): LoadStatus;
  /** Rejects with why it failed. */
  readonly done: Promise<LoadSummary>;
}

/** The loads of one run: one at a time, in the order in which they were asked for, for they share a checkpoint. */
export interface Loads {
  /** Of the load under way; when there is none, of the last one. */
  status(): LoadStatus;
  /** The as-of day that this state folder was loaded with; undefined before its first load. */
  latestAsOf(): Promise<string | undefined>;
  /** Loads what is asked once the loads before it have ended; what is loaded already is left alone. */
  begin(request: LoadRequest): Load;
  /** The same, to its end. */
  run(request: LoadRequest): Promise<LoadSummary>;
  /** Stops the load under way and all that wait. */
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
  const stopping = new AbortController();
  let current: LoadStatus = { state: 'idle' };
  let last: Promise<unknown> = Promise.resolve();

  const load = async (request: LoadRequest, tell: (status: LoadStatus) => void): Promise<LoadSummary> => {
    tell({ state: 'loading', request, report: undefined });
    try {
      const summary = await createLoader({
        api: { url: options.api, bearer },
        dataDir: options.dataDir,
        stateFile,
        asOf: request.asOf,
        days: request.days,
        speed: request.speed,
        signal: stopping.signal,
        clock: Date.now,
        ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
        onProgress: (report) => {
          tell({ state: 'loading', request, report });
          options.onProgress(report);
        },
      }).run();
      tell({ state: 'finished', request, summary });
      return summary;
    } catch (error) {
      const message = error instanceof PolystoreError ? `${error.code}: ${error.message}` : String(error);
      tell({ state: 'failed', request, message });
      throw error;
    }
  };
  const begin = (request: LoadRequest): Load => {
    let status: LoadStatus = { state: 'waiting', request };
    const done = last.then(() =>
      load(request, (next) => {
        status = next;
        current = next;
      }),
    );
    // Who asked hears of a failure; the next load begins all the same.
    last = done.catch(() => undefined);
    return { status: () => status, done };
  };
  return {
    status: () => current,
    latestAsOf: () => readLatestAsOf(stateFile),
    async stop() {
      stopping.abort();
      await last;
    },
    begin,
    run: (request) => begin(request).done,
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
