import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { damagedJars } from '../../../local/setup/archive-check.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polystore-jars-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An archive's head, some content, and its end record. */
function archive(): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  return Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(1_000), end]);
}

describe('damagedJars', () => {
  test('finds truncated, empty and foreign files among whole ones', async () => {
    writeFileSync(join(folder, 'whole.jar'), archive());
    writeFileSync(join(folder, 'truncated.jar'), archive().subarray(0, 800));
    writeFileSync(join(folder, 'empty.jar'), '');
    writeFileSync(join(folder, 'page.jar'), '<html>502 Bad Gateway, and some more text</html>');
    writeFileSync(join(folder, 'notes.txt'), 'no jar');

    const damaged = await damagedJars(folder);

    expect([...damaged].sort()).toEqual(['empty.jar', 'page.jar', 'truncated.jar']);
  });
});
