import { describe, expect, test } from '@jest/globals';
import { maySearch, renderSpawn } from '../../../local/engines/run-as.ts';

const nobody = 65_534;

describe('renderSpawn', () => {
  test('runs as another user by the ids of the spawn', () => {
    expect(renderSpawn({ kind: 'user', uid: 1, gid: 2 }, 'postgres', ['-D', 'x'])).toEqual({
      command: 'postgres',
      args: ['-D', 'x'],
      uid: 1,
      gid: 2,
    });
  });

  test('runs in a user namespace by unshare', () => {
    const { command, args } = renderSpawn({ kind: 'namespace' }, 'postgres', ['-D', 'x']);

    expect([command, ...args].join(' ')).toBe(
      'unshare --user --map-user=1000 --map-group=1000 postgres -D x',
    );
  });
});

describe('maySearch', () => {
  test.each([
    ['a private folder of root', 0o700, 0, 0, false],
    ['a public folder of root', 0o755, 0, 0, true],
    ['a folder of its own', 0o700, nobody, nobody, true],
    ['a folder of its group', 0o710, 0, nobody, true],
    ['a folder closed to its owner', 0o055, nobody, 0, false],
  ])('nobody and %s', (_, mode, uid, gid, may) => {
    expect(maySearch({ mode, uid, gid }, nobody)).toBe(may);
  });
});
