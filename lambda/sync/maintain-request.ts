import * as z from 'zod/mini';
import { PolystoreError } from '../errors.ts';

const text = z.string().check(z.minLength(1));
const letter = z.object({ store: text, scope: text, id: text });
const some = { entity: z.optional(text), view: z.optional(text) };

const shape = z.discriminatedUnion('command', [
  z.object({ command: z.literal('backfill'), entity: text, view: z.optional(text) }),
  z.object({ command: z.literal('rebuild'), view: text }),
  z.object({
    command: z.literal('verify'),
    ...some,
    repair: z.optional(z.boolean()),
    /** Rows of each side of each view. */
    sample: z.optional(z.int().check(z.positive(), z.maximum(100_000))),
  }),
  z.object({ command: z.literal('sweep') }),
  /** Keeps the tables of Aurora: indexes, months ahead, months to drop. */
  z.object({ command: z.literal('tend') }),
  /** Gives rows that were written before a global index of DynamoDB was declared their keys in it. */
  z.object({ command: z.literal('fill-index'), index: text }),
  /** A job, or all that nobody is at. */
  z.object({ command: z.literal('continue'), id: z.optional(text) }),
  z.object({ command: z.literal('jobs'), limit: z.optional(z.int().check(z.positive())) }),
  z.object({ command: z.literal('job'), id: text }),
  z.object({ command: z.literal('stop'), id: text }),
  z.object({ command: z.literal('abort'), id: text }),
  z.object({ command: z.literal('status') }),
  /** Whether Aurora's replication slot still has all that was not captured. */
  z.object({ command: z.literal('check-capture') }),
  z.object({
    command: z.literal('letters'),
    store: z.optional(text),
    scope: z.optional(text),
    closed: z.optional(z.boolean()),
    limit: z.optional(z.int().check(z.positive(), z.maximum(1000))),
  }),
  z.object({ command: z.literal('letter'), letter }),
  /** A letter, or all whose turn it is. */
  z.object({ command: z.literal('retry'), letter: z.optional(letter) }),
  z.object({ command: z.literal('discard'), letter, note: text }),
]);

/** What the function `project` is invoked with: by the command line, or by a schedule. */
export type MaintainRequest = z.infer<typeof shape>;

const sliceShape = z.looseObject({
  /** How long steps of jobs are begun, in milliseconds. */
  sliceMs: z.optional(z.int().check(z.positive())),
});

/** @throws PolystoreError `invalid_request` that says what is wrong. */
export function parseMaintainRequest(
  event: unknown,
): MaintainRequest & { readonly sliceMs?: number | undefined } {
  const parsed = z.safeParse(shape, event);
  const slice = z.safeParse(sliceShape, event);
  if (parsed.success && slice.success) return { ...parsed.data, sliceMs: slice.data.sliceMs };
  const error = parsed.error ?? slice.error;
  const problems = (error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.') || 'the event'}: ${message}`,
  );
  throw new PolystoreError(
    'invalid_request',
    `The function project was invoked with ${(JSON.stringify(event) ?? 'nothing').slice(0, 200)}, which is no command: ${problems.join('; ')}.`,
    { details: { problems } },
  );
}
