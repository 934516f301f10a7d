import { randomBytes, timingSafeEqual } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import * as z from 'zod';
import { type ErrorCode, errorCatalog, PolystoreError } from '../../lambda/errors.ts';
import { isSpeed } from '../loader/index.ts';
import type { Killed } from './kill.ts';
import type { Load, LoadRequest, LoadStatus } from './loads.ts';
import type { ServingRun } from './run-file.ts';
import type { DeploymentStatus } from './status.ts';

/** What `polystore status` prints. */
export interface RunStatus extends DeploymentStatus {
  readonly api: string;
  readonly load: LoadStatus;
}

/** A load as it is asked for: without a day, it goes on with what was loaded last. */
export type WantedLoad = Pick<LoadRequest, 'days' | 'speed'> & { readonly asOf?: string | undefined };

export interface ControlOptions {
  readonly status: () => Promise<RunStatus>;
  /** Begins a load and does not wait for its end. */
  readonly load: (request: WantedLoad) => Promise<Load>;
  /** Kills an engine or a function, by its name. */
  readonly kill: (part: string) => Promise<Killed>;
  readonly restart: (engine: string) => Promise<void>;
}

export interface Control {
  readonly access: ServingRun['control'];
  close(): Promise<void>;
}

const loadShape = z.object({
  asOf: z.iso.date().optional(),
  days: z.union([z.literal('all'), z.int().positive()]),
  speed: z.number().refine(isSpeed).optional(),
});

const partShape = z.object({ part: z.string() });

/** How a run is asked from other terminals: on loopback, with a bearer that only this user can read. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const bearer = randomBytes(32).toString('base64url');
  const expected = Buffer.from(`Bearer ${bearer}`);
  const app = new Hono();
  app.use(async (context, next) => {
    const given = Buffer.from(context.req.header('authorization') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return context.json({}, 401);
    return next();
  });
  app.onError((error, context) => {
    const known = error instanceof PolystoreError ? error : new PolystoreError('internal', error.message);
    // The status is one of HTTP's, by the catalogue.
    return context.json({ error: { code: known.code, message: known.message } }, known.status as 500);
  });
  app.get('/status', async (context) => context.json(await options.status()));
  const loads: Load[] = [];
  app.post('/loads', async (context) => {
    const load = await options.load(loadShape.parse(await context.req.json()));
    return context.json({ id: loads.push(load) - 1 }, 202);
  });
  app.get('/loads/:id', (context) => {
    const load = loads[Number(context.req.param('id'))];
    return load === undefined ? context.json({}, 404) : context.json(load.status());
  });
  app.post('/kills', async (context) => {
    const { part } = partShape.parse(await context.req.json());
    return context.json(await options.kill(part));
  });
  app.post('/restarts', async (context) => {
    const { part } = partShape.parse(await context.req.json());
    await options.restart(part);
    return context.json({});
  });
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve({
        access: { url: `http://127.0.0.1:${port}`, bearer },
        close: () =>
          new Promise<void>((closed) => {
            server.close(() => closed());
            // A waiting keep-alive connection must not hold up the end.
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      }),
    );
  });
}

const statusShape: z.ZodType<RunStatus> = z.custom<RunStatus>(
  (value) =>
    typeof value === 'object' && value !== null && 'serving' in value && 'parts' in value && 'load' in value,
);

/** Asks a run how it is. @throws PolystoreError `not_running` when it does not answer. */
export async function readRunStatus(run: ServingRun): Promise<RunStatus> {
  const response = await ask(run, '/status', undefined);
  return statusShape.parse(await response.json());
}

/** Asks a run to load. Returns how to ask how far that load is. */
export async function requestLoad(run: ServingRun, request: WantedLoad): Promise<() => Promise<LoadStatus>> {
  const { id } = z.object({ id: z.int() }).parse(await (await ask(run, '/loads', request)).json());
  return async () => loadStatusShape.parse(await (await ask(run, `/loads/${id}`, undefined)).json());
}

const killedShape: z.ZodType<Killed> = z.object({
  part: z.string(),
  kind: z.enum(['engine', 'function']),
  pid: z.int(),
  inFlight: z.int(),
});

/** Has a run kill one of its engines or functions. @throws what `killPart` throws, and `not_running`. */
export async function requestKill(run: ServingRun, part: string): Promise<Killed> {
  return killedShape.parse(await (await ask(run, '/kills', { part })).json());
}

/** Has a run start one of its engines again, and waits until it serves. @throws what `restartEngine` throws. */
export async function requestRestart(run: ServingRun, engine: string): Promise<void> {
  await ask(run, '/restarts', { part: engine });
}

const loadStatusShape: z.ZodType<LoadStatus> = z.custom<LoadStatus>(
  (value) => typeof value === 'object' && value !== null && 'state' in value,
);

async function ask(run: ServingRun, path: string, body: unknown): Promise<Response> {
  const { url, bearer } = run.control;
  try {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw parseRefusal(path, response.status, await response.text());
    return response;
  } catch (cause) {
    if (cause instanceof PolystoreError) throw cause;
    throw new PolystoreError(
      'not_running',
      `The run of process ${run.process.pid} does not answer at ${url}.`,
      { cause },
    );
  }
}

const refusalShape = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function parseRefusal(path: string, status: number, text: string): PolystoreError {
  try {
    const { code, message } = refusalShape.parse(JSON.parse(text)).error;
    const known = code in errorCatalog ? (code as ErrorCode) : 'internal'; // `in` has just shown that it is a code
    return new PolystoreError(known, message);
  } catch (cause) {
    return new PolystoreError('internal', `${path} answered ${status}: ${text.slice(0, 200)}`, { cause });
  }
}
