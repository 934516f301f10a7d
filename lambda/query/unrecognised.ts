/** Why an expression was not recognised; a native placement then cannot answer, PostgreSQL may. */
export class Unrecognised extends Error {
  readonly code: 'not_supported' | 'invalid_value';

  constructor(message: string, code: 'not_supported' | 'invalid_value' = 'not_supported') {
    super(message);
    this.code = code;
  }
}
