import assert from 'node:assert/strict';

/** An answer of `POST /query`: what the cases look at. */
export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly rowCount: number;
  readonly token: string | null;
  readonly route: { readonly placement: string; readonly engine: string };
}

/** The deployed HTTP API, for one caller. */
export interface DeployedApi {
  /** @throws AssertionError with what it said, when it is not 200. */
  query(sql: string, params?: readonly unknown[], token?: string | null): Promise<Answer>;
  postEvents(entity: string, events: readonly object[]): Promise<number>;
  health(): Promise<{ readonly healthy: boolean; readonly stores: Readonly<Record<string, string>> }>;
  /** The status of a query's answer, whatever it is. */
  statusOf(sql: string): Promise<number>;
}

/**
 * @param url as the stack's output says, which is on AWS: `https://<id>.execute-api.<region>.<suffix>/`
 * @param emulator where that API is instead
 */
export function openApi(options: {
  readonly url: string;
  readonly emulator: string;
  /** Undefined sends none. */
  readonly credential: string | undefined;
}): DeployedApi {
  const id = new URL(options.url).hostname.split('.')[0];
  const base = `${options.emulator}/_aws/execute-api/${id}/$default`;
  const headers = {
    'content-type': 'application/json',
    ...(options.credential !== undefined && { authorization: `Bearer ${options.credential}` }),
  };
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const read = async (response: Response): Promise<unknown> => {
    const text = await response.text();
    assert.equal(
      response.status,
      200,
      `${new URL(response.url).pathname} answered ${response.status}: ${text}`,
    );
    return JSON.parse(text);
  };
  return {
    // The form that the API documents; a case that reads what is not there fails.
    query: async (sql, params = [], token = null) =>
      (await read(await post('/query', { sql, params, ...(token !== null && { token }) }))) as Answer,
    postEvents: async (entity, events) =>
      ((await read(await post('/events', { entity, events }))) as { readonly accepted: number }).accepted,
    health: async () =>
      (await read(await fetch(`${base}/health`))) as Awaited<ReturnType<DeployedApi['health']>>,
    statusOf: async (sql) => {
      const response = await post('/query', { sql });
      await response.body?.cancel();
      return response.status;
    },
  };
}
