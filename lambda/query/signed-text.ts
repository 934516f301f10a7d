import { CompactSign, compactVerify } from 'jose';

/** A payload as a text that this deployment has signed (HS256). @param kind what it is, for people who look into it */
export const signText = (payload: unknown, kind: string, secret: Uint8Array): Promise<string> =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'HS256', typ: kind })
    .sign(secret);

/**
 * The payload of a signed text, of whatever shape.
 *
 * @param invalid what is thrown, made of the reason
 */
export async function readSignedText(
  text: string,
  secret: Uint8Array,
  invalid: (why: string, cause: unknown) => Error,
): Promise<unknown> {
  const { payload } = await compactVerify(text, secret, { algorithms: ['HS256'] }).catch((cause: unknown) => {
    throw invalid('its signature is not of this deployment', cause);
  });
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch (cause) {
    throw invalid('its content is no JSON', cause);
  }
}
