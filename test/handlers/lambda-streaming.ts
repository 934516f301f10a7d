import { PassThrough, type Writable } from 'node:stream';

/**
 * What Lambda's Node runtime gives a function that streams, as far as a front sees it
 * (docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html,
 * docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html): a handler writes into a
 * stream; status and headers go before the body as one JSON text, and eight zero bytes end them. Here the stream is one
 * of Node's, and nobody bounds its rate.
 */
export function installStreamingRuntime(): void {
  (globalThis as { awslambda?: unknown }).awslambda = {
    streamifyResponse: (answer: unknown) => answer,
    HttpResponseStream: {
      from: (stream: Writable, metadata: unknown) => {
        stream.write(JSON.stringify(metadata));
        stream.write(Buffer.alloc(8));
        return stream;
      },
    },
  };
}

type StreamingHandler = (event: unknown, stream: Writable, context: unknown) => Promise<void>;

/** Starts an invocation: chunks come as the front would get them. */
export function invokeStreaming(handler: unknown, event: unknown) {
  const stream = new PassThrough();
  // What `streamifyResponse` above was given.
  const ended = (handler as StreamingHandler)(event, stream, {});
  // A PassThrough that was given buffers gives buffers.
  return { chunks: stream[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>, ended };
}

/** All that is still to come. */
export async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** What a front makes of the bytes: metadata before eight zero bytes, body after them. */
export function parseStreamed(bytes: Buffer): { readonly metadata: unknown; readonly body: string } {
  const end = bytes.indexOf(Buffer.alloc(8));
  if (end === -1) throw new TypeError('the bytes have no eight zeros: a front would answer 502');
  return { metadata: JSON.parse(bytes.toString('utf8', 0, end)), body: bytes.toString('utf8', end + 8) };
}
