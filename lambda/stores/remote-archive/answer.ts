import * as z from 'zod/mini';
import type { Row } from '../../change/change.ts';
import { parseVersion, renderVersion, type Version } from '../../change/version.ts';
import { type ErrorCode, errorCatalog, PolystoreError } from '../../errors.ts';
import { heldColumns } from '../placement.ts';
import type { Placement, VersionedRow } from '../store.ts';

/** What the function answers, as JSON. Versions are texts of 19 digits: JSON's numbers lose their low bits. */
export type ArchiveAnswer =
  /** Rows as lists of values in the order of `columns`, which is half as long as objects are. */
  | {
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Row[string][])[];
      readonly versions: readonly string[];
    }
  | { readonly groups: readonly Row[] }
  | { readonly held: readonly (string | null)[] }
  | { readonly healthy: true }
  /** A refusal goes as an answer: of an error that a function throws only name and message would arrive. */
  | { readonly error: { readonly code: ErrorCode; readonly message: string; readonly details: object } };

/** What an invocation may answer, in bytes of JSON (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const maxAnswerBytes = 6_291_556;

export function renderRows(placement: Placement, rows: readonly VersionedRow[]): ArchiveAnswer {
  const columns = heldColumns(placement).map(({ name }) => name);
  return {
    columns,
    rows: rows.map(({ row }) => columns.map((name) => row[name] ?? null)),
    versions: rows.map(({ version }) => {
      if (version === undefined) throw new TypeError('the archive keeps the version of every row');
      return renderVersion(version);
    }),
  };
}

export const renderHeld = (versions: readonly (Version | undefined)[]): ArchiveAnswer => ({
  held: versions.map((version) => (version === undefined ? null : renderVersion(version))),
});

export const renderError = ({ code, message, details }: PolystoreError): ArchiveAnswer => ({
  error: { code, message, details },
});

export const fits = (answer: object): boolean => Buffer.byteLength(JSON.stringify(answer)) <= maxAnswerBytes;

/** @throws PolystoreError `result_too_large`: Lambda would drop it, and say less. */
export function checkSize<A extends object>(answer: A): A {
  const bytes = Buffer.byteLength(JSON.stringify(answer));
  if (bytes <= maxAnswerBytes) return answer;
  throw new PolystoreError(
    'result_too_large',
    `The archive's answer has ${bytes} bytes; ${maxAnswerBytes} are allowed. Ask for fewer days, rows or columns, or for totals.`,
    { details: { bytes, maxAnswerBytes } },
  );
}

const value = z.json();
const rowsShape = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(value)),
  versions: z.array(z.string()),
});
const groupsShape = z.object({ groups: z.array(z.record(z.string(), value)) });
const heldShape = z.object({ held: z.array(z.nullable(z.string())) });
const healthyShape = z.object({ healthy: z.literal(true) });
const errorShape = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
});

/** Columns that this model does not have are left out, and those that the other side's has not are null. */
export function parseRows(placement: Placement, answer: unknown): readonly VersionedRow[] {
  const { columns, rows, versions } = parse(rowsShape, answer);
  const places = heldColumns(placement).map(({ name }) => [name, columns.indexOf(name)] as const);
  return rows.map((values, index) => ({
    row: Object.fromEntries(places.map(([name, at]) => [name, values[at] ?? null])),
    version: parseVersion(versions[index] ?? ''),
  }));
}

export const parseGroups = (answer: unknown): readonly Row[] => parse(groupsShape, answer).groups;

export const parseHeld = (answer: unknown): readonly (Version | undefined)[] =>
  parse(heldShape, answer).held.map((version) => (version === null ? undefined : parseVersion(version)));

export const parseHealthy = (answer: unknown): void => {
  parse(healthyShape, answer);
};

/** @throws PolystoreError the other side's own, or `store_rejected` for what is none of its answers. */
export function parse<S extends z.ZodMiniType>(shape: S, answer: unknown): z.infer<S> {
  const parsed = z.safeParse(shape, answer);
  // The schema's own type.
  if (parsed.success) return parsed.data as z.infer<S>;
  const failed = z.safeParse(errorShape, answer);
  if (failed.success && failed.data.error.code in errorCatalog) {
    const { code, message, details } = failed.data.error;
    // `in` has just shown that it is a code.
    throw new PolystoreError(code as ErrorCode, message, { details });
  }
  throw new PolystoreError(
    'store_rejected',
    `The archive's function answered what is not understood here: ${JSON.stringify(answer)?.slice(0, 200)}. Both must be of the same deployment.`,
  );
}
