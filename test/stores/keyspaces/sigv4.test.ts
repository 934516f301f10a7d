import { describe, expect, test } from '@jest/globals';
import type { auth } from 'cassandra-driver';
import { SigV4AuthProvider, signNonce } from '../../../lambda/stores/keyspaces/sigv4.ts';

// The example in the documentation of AWS's plugin.
const at = Date.parse('2020-06-09T22:41:51.000Z');
const credentials = { accessKeyId: 'UserID-1', secretAccessKey: 'UserSecretKey-1' };
const nonce = '91703fdc2ef562e19fbdab0f58e42fe5';
const signed =
  'signature=7f3691c18a81b8ce7457699effbfae5b09b4e0714ab38c1292dbdf082c9ddd87,access_key=UserID-1,amzdate=2020-06-09T22:41:51.000Z';

const answerTo = (authenticator: auth.Authenticator, challenge: string): Promise<string> =>
  new Promise((resolve, reject) => {
    authenticator.evaluateChallenge(Buffer.from(challenge), (error: Error | null, response?: Buffer) => {
      if (error === null) resolve(String(response));
      else reject(error);
    });
  });

describe('signing in to Keyspaces', () => {
  test('signs the nonce as AWS does', () => {
    expect(signNonce(nonce, 'us-west-2', credentials, at)).toBe(signed);
  });

  test('says the token of temporary credentials', () => {
    const temporary = { ...credentials, sessionToken: 'sess-token-1' };

    expect(signNonce(nonce, 'us-west-2', temporary, at)).toBe(`${signed},session_token=sess-token-1`);
  });

  test('asks for SigV4, then answers the challenge with credentials of that moment', async () => {
    let asked = 0;
    const provider = new SigV4AuthProvider({
      region: 'us-west-2',
      credentials: async () => {
        asked += 1;
        return credentials;
      },
      clock: () => at,
    });
    const authenticator = provider.newAuthenticator();
    const first = await new Promise((resolve) =>
      authenticator.initialResponse((_: Error | null, response: Buffer) => resolve(String(response))),
    );

    expect(first).toBe('SigV4\0\0');
    expect(await answerTo(authenticator, `nonce=${nonce},other=x`)).toBe(signed);
    expect(await answerTo(provider.newAuthenticator(), `nonce=${nonce}`)).toBe(signed);
    expect(asked).toBe(2);
  });

  test('says what is missing: the nonce, or credentials', async () => {
    const options = { region: 'us-west-2', clock: () => at };
    const without = new SigV4AuthProvider({
      ...options,
      credentials: () => Promise.reject(new Error('no role')),
    }).newAuthenticator();

    await expect(answerTo(without, 'nothing')).rejects.toThrow(/has no nonce/);
    await expect(answerTo(without, `nonce=${nonce}`)).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: { message: 'no role' },
    });
  });
});
