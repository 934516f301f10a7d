import { handle, streamHandle } from 'hono/aws-lambda';
import { auroraPools } from '../model/index.ts';
import { canStream } from './can-stream.ts';
import { openQuery } from './open-query.ts';

/** `POST /query`, `POST /explain`, `GET /health`. */
const { createApp } = openQuery(process.env, { poolSize: auroraPools.query });

export const handler = handle(createApp(false));

/** The same, an answer sent as it is made, where the runtime knows how: Lambda's own does. */
export const stream = canStream() ? streamHandle(createApp(true)) : undefined;
