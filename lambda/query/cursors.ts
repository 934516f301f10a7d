import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { PolystoreError } from '../errors.ts';
import { type Catalog, onceFor } from '../model/index.ts';
import type { Caller } from '../stores/store.ts';
import { limits } from './limits.ts';
import type { Place } from './page.ts';
import type { QueryRequest } from './request.ts';
import { readSignedText, signText } from './signed-text.ts';
import { holder } from './tokens.ts';

/** What a cursor is good for. */
export interface CursorUse {
  readonly request: Pick<QueryRequest, 'sql' | 'params'>;
  readonly caller: Caller;
  readonly catalog: Catalog;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

const payloadShape = z.strictObject({
  cursor: z.literal(1),
  for: z.string(),
  of: z.string(),
  at: z.int(),
  after: z.array(z.json()),
  left: z.optional(z.int().check(z.minimum(1))),
});

/** A place as a signed text (HS256), which is good for the same statement, parameters, tenant and model. */
export async function renderCursor(
  { after, left }: Place,
  use: CursorUse,
  secret: Uint8Array,
): Promise<string> {
  const payload: z.infer<typeof payloadShape> = {
    cursor: 1,
    for: holder(use.caller),
    of: statementHash(use),
    at: use.nowMs,
    // Values are JSON; the type of the schema only lacks `readonly`.
    after: after as z.infer<typeof payloadShape>['after'],
    ...(left !== undefined && { left }),
  };
  return signText(payload, 'polystore-cursor', secret);
}

/** @throws PolystoreError `invalid_cursor`, with the reason. */
export async function parseCursor(text: string, use: CursorUse, secret: Uint8Array): Promise<Place> {
  const payload = await readSignedText(text, secret, invalidCursor);
  const parsed = z.safeParse(payloadShape, payload);
  if (!parsed.success) throw invalidCursor('it is no cursor of this version', parsed.error);
  const { for: issuedTo, of, at, after, left } = parsed.data;
  if (issuedTo !== holder(use.caller)) throw invalidCursor('it was issued to another tenant');
  if (of !== statementHash(use))
    throw invalidCursor('it is of another statement, other parameters or another version of the model');
  if (use.nowMs - at > limits.cursorMs)
    throw invalidCursor(`it is older than ${limits.cursorMs / 3_600_000} hours`);
  return { after, left };
}

const statementHash = ({ request: { sql, params }, catalog }: CursorUse): string =>
  createHash('sha256')
    .update(JSON.stringify([sql, params, modelHash(catalog)]))
    .digest('base64url');

/** Of all that the model says. */
const modelHash = onceFor((catalog: Catalog) =>
  createHash('sha256').update(JSON.stringify(catalog)).digest('base64url'),
);

const invalidCursor = (why: string, cause?: unknown): PolystoreError =>
  new PolystoreError(
    'invalid_cursor',
    `The cursor cannot be read on from: ${why}. Send a cursor as the page before returned it, with the same statement, parameters and tenant, or none to begin again.`,
    cause === undefined ? {} : { cause },
  );
