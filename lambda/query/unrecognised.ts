/**
 * Why an expression was not recognised; a native placement then cannot answer, PostgreSQL may. It is thrown to leave the
 * reading of a statement, and always caught by who began it: it is no error, whose stack would cost as much as the rest.
 */
export class Unrecognised {
  readonly message: string;
  readonly code: 'not_supported' | 'invalid_value';

  constructor(message: string, code: 'not_supported' | 'invalid_value' = 'not_supported') {
    this.message = message;
    this.code = code;
  }
}

/** What is read, or why it was not recognised. */
export function orUnrecognised<T>(read: () => T): T | Unrecognised {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unrecognised) return error;
    throw error;
  }
}

/** What is read; undefined where it was not recognised. */
export function unlessUnrecognised<T>(read: () => T): T | undefined {
  const found = orUnrecognised(read);
  return found instanceof Unrecognised ? undefined : found;
}
