import * as z from 'zod';
import { type ErrorCode, errorCatalog, PolystoreError } from '../../lambda/errors.ts';
import type { Workload } from '../../lambda/model/index.ts';

/** What `POST /query` and `POST /explain` take. */
export interface ApiRequest {
  readonly sql: string;
  readonly params?: readonly unknown[];
  readonly token?: string;
  readonly freshness?: number;
  readonly workload?: Workload;
}

const failure = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

/**
 * Sends one request to the API and gives back the parsed answer.
 * @throws PolystoreError the API's own error, or `store_unavailable` when nothing answers.
 */
export async function callApi(
  api: { readonly url: string; readonly bearer: string },
  path: '/query' | '/explain',
  request: ApiRequest,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
  } catch (cause) {
    throw new PolystoreError(
      'store_unavailable',
      `Nothing answers at ${api.url}. Is it running? "npx polystore status" tells.`,
      { cause },
    );
  }
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new PolystoreError(
      'internal',
      `${path} answered ${response.status} with what is no JSON: ${text.slice(0, 200)}`,
    );
  }
  if (response.ok) return body;
  const failed = failure.safeParse(body);
  if (!failed.success)
    throw new PolystoreError('internal', `${path} answered ${response.status}: ${text.slice(0, 200)}`);
  const { code, message, details } = failed.data.error;
  const known = code in errorCatalog ? (code as ErrorCode) : 'internal'; // `in` has just shown that it is a code
  throw new PolystoreError(known, message, details === undefined ? {} : { details });
}
