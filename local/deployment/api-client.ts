import * as z from 'zod';
import { type ErrorCode, errorCatalog, PolystoreError } from '../../lambda/errors.ts';
import type { Workload } from '../../lambda/model/index.ts';
import type { Isolation } from '../../lambda/stores/isolation.ts';

/** What `POST /query` and `POST /explain` take. */
export type ApiRequest = StatementRequest | TransactionRequest;

export interface StatementRequest {
  /** Of `POST /explain`. */
  readonly analyze?: boolean;
  readonly sql: string;
  readonly params?: readonly unknown[];
  readonly token?: string;
  readonly freshness?: number;
  readonly workload?: Workload;
  readonly cursor?: string;
  readonly limits?: { readonly pageSize?: number; readonly partial?: boolean };
}

/** Several statements, all or none. */
interface TransactionRequest {
  readonly statements: readonly Pick<StatementRequest, 'sql' | 'params'>[];
  readonly isolation?: Isolation;
  readonly token?: string;
}

const failure = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

interface Api {
  readonly url: string;
  readonly bearer: string;
}

/**
 * Sends one request to the API and gives back the parsed answer.
 * @throws PolystoreError the API's own error, or `store_unavailable` when nothing answers.
 */
export async function callApi(api: Api, path: '/query' | '/explain', request: ApiRequest): Promise<unknown> {
  const response = await send(api, path, request, 'application/json');
  const body = parseBody(path, response.status, await response.text());
  if (response.ok) return body;
  throw errorOf(path, response.status, body);
}

const lastLine = z.union([failure, z.looseObject({ rowCount: z.number(), token: z.string().nullable() })]);

/**
 * Sends a query whose answer comes in lines, and gives them on as they come, the last one too unless it is an error.
 * @throws PolystoreError as `callApi`; `store_unavailable` for an answer without its last line.
 */
export async function callLines(
  api: Api,
  request: ApiRequest,
  onLine: (line: string) => void,
): Promise<void> {
  const response = await send(api, '/query', request, 'application/x-ndjson');
  if (!response.ok)
    throw errorOf('/query', response.status, parseBody('/query', response.status, await response.text()));
  const decoder = new TextDecoder();
  let rest = '';
  let last: unknown;
  for await (const chunk of response.body ?? []) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // Rows are arrays; only the first and the last line are objects.
      const end = line.startsWith('{') ? lastLine.safeParse(JSON.parse(line)) : undefined;
      last = end?.success === true ? end.data : undefined;
      if (end?.success === true && 'error' in end.data) throw errorOf('/query', response.status, end.data);
      onLine(line);
    }
  }
  if (rest === '' && last !== undefined) return;
  throw new PolystoreError(
    'store_unavailable',
    'The answer ended without its last line, so rows may be missing. Send the same query again.',
  );
}

async function send(
  api: Api,
  path: '/query' | '/explain',
  request: ApiRequest,
  accept: string,
): Promise<Response> {
  try {
    return await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.bearer}`, 'content-type': 'application/json', accept },
      body: JSON.stringify(request),
    });
  } catch (cause) {
    throw new PolystoreError(
      'store_unavailable',
      `Nothing answers at ${api.url}. Is it running? "npx polystore status" tells.`,
      { cause },
    );
  }
}

function parseBody(path: string, status: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PolystoreError(
      'internal',
      `${path} answered ${status} with what is no JSON: ${text.slice(0, 200)}`,
    );
  }
}

function errorOf(path: string, status: number, body: unknown): PolystoreError {
  const failed = failure.safeParse(body);
  if (!failed.success)
    return new PolystoreError(
      'internal',
      `${path} answered ${status}: ${JSON.stringify(body).slice(0, 200)}`,
    );
  const { code, message, details } = failed.data.error;
  const known = code in errorCatalog ? (code as ErrorCode) : 'internal'; // `in` has just shown that it is a code
  return new PolystoreError(known, message, details === undefined ? {} : { details });
}
