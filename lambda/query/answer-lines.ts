import { PolystoreError } from '../errors.ts';
import type { AnswerEnd, AnswerSink } from './engine.ts';

export interface AnswerLinesOptions {
  /** Of the caller's request: aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** More bytes than this are `result_too_large`. */
  readonly maxBytes: number;
  /** The body of an error, in the last line. */
  readonly renderError: (error: unknown) => unknown;
  /** Told once, when the last line was taken, or the caller had gone. */
  readonly ended: (how: 'whole' | 'broken off' | 'caller gone') => void;
}

/** The media type of answers in lines (github.com/ndjson/ndjson-spec). */
export const linesType = 'application/x-ndjson';

/** Whether a caller asks for an answer in lines. */
export const wantsLines = (accept: string | undefined): boolean =>
  (accept ?? '').split(',').some((one) => one.split(';')[0]?.trim().toLowerCase() === linesType);

/**
 * An answer in lines, each one of JSON: first `{ columns, route }`, then an array for each row, values in the order of
 * the columns, last `{ rowCount, token }`, or `{ error }` where it broke off. Lines that end without a last one are
 * no answer. A line is made when those before it were taken.
 *
 * @throws what `ask` throws before its answer begins.
 */
export function answerLines(
  ask: (sink: AnswerSink) => Promise<AnswerEnd>,
  { signal, maxBytes, renderError, ended }: AnswerLinesOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(
    undefined,
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
  const writer = writable.getWriter();
  const gone = new AbortController();
  writer.closed.catch(() => gone.abort());
  const encoder = new TextEncoder();
  let bytes = 0;
  const write = async (lines: readonly unknown[]): Promise<void> => {
    const chunk = encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new PolystoreError(
        'result_too_large',
        `The answer has more than ${maxBytes} bytes. Ask for fewer rows or columns; if it was a write, it has been done.`,
      );
    // Resolves when it was taken.
    await writer.write(chunk);
  };
  const close = async (line: unknown, how: 'whole' | 'broken off'): Promise<void> => {
    try {
      await writer.write(encoder.encode(`${JSON.stringify(line)}\n`));
      await writer.close();
      ended(how);
    } catch {
      // It left before the last line.
      ended('caller gone');
    }
  };
  const begun = Promise.withResolvers<ReadableStream<Uint8Array>>();
  let hasBegun = false;
  const sink: AnswerSink = {
    begin: async (head) => {
      hasBegun = true;
      begun.resolve(readable);
      await write([head]);
    },
    rows: write,
    signal: AbortSignal.any([signal, gone.signal]),
  };
  void ask(sink).then(
    (end) => close(end, 'whole'),
    async (error: unknown) => {
      if (!hasBegun) begun.reject(error);
      else if (sink.signal.aborted) {
        ended('caller gone');
        // Of a request that was aborted while nobody cancelled its answer.
        await writer.abort().catch(() => {});
      } else await close({ error: renderError(error) }, 'broken off');
    },
  );
  return begun.promise;
}
