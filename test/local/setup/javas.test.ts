import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chooseCassandraJava, chooseOpensearch, requireJava } from '../../../local/setup/javas.ts';
import { findJdks, type Jdk } from '../../../local/setup/jdks.ts';

function jdk(major: number, rest: Partial<Jdk> = {}): Jdk {
  const home = `/jdks/${major}`;
  return { home, java: `${home}/bin/java`, major, version: `${major}.0.1+2`, whole: true, ...rest };
}

describe('findJdks', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'polystore-jdks-')));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function install(name: string, version: string, modules: string): string {
    const home = join(folder, name);
    mkdirSync(join(home, 'bin'), { recursive: true });
    writeFileSync(join(home, 'bin', 'java'), '');
    writeFileSync(
      join(home, 'release'),
      `IMPLEMENTOR="X"\nJAVA_VERSION="${version}"\nMODULES="${modules}"\n`,
    );
    return home;
  }
  const whole = 'java.base jdk.compiler jdk.localedata';

  test('finds what JAVA_HOME, the PATH and a folder of installed ones lead to, each once and in that order', () => {
    const named = install('named', '21.0.8', whole);
    const installed = join(folder, 'jvm');
    mkdirSync(installed);
    const onPath = install('jvm/seventeen', '17.0.15', whole);
    install('jvm/twenty-five', '25', whole);
    symlinkSync(onPath, join(installed, 'default'));
    mkdirSync(join(folder, 'bin'));
    symlinkSync(join(onPath, 'bin', 'java'), join(folder, 'bin', 'java'));

    const found = findJdks({
      environment: { JAVA_HOME: named, PATH: join(folder, 'bin') },
      roots: [installed, join(folder, 'nowhere')],
    });

    expect(found.map(({ home, major }) => [home, major])).toEqual([
      [named, 21],
      [onPath, 17],
      [join(installed, 'twenty-five'), 25],
    ]);
  });

  test('asks a java on the PATH that is only a script where it is at home', () => {
    const home = install('home', '17.0.1', whole);
    const script = join(folder, 'shims', 'java');
    mkdirSync(join(folder, 'shims'));
    writeFileSync(script, `#!/bin/sh\necho "    java.home = ${home}" >&2\n`);
    chmodSync(script, 0o755);

    const found = findJdks({ environment: { PATH: join(folder, 'shims') }, roots: [] });

    expect(found.map(({ home: at }) => at)).toEqual([home]);
  });

  test('tells a trimmed runtime from a whole JDK', () => {
    const trimmed = install('trimmed', '21.0.8', 'java.base java.logging');

    const found = findJdks({
      environment: { JAVA_HOME: trimmed, JAVA_HOME_17_X64: install('whole', '17.0.1', whole) },
      roots: [],
    });

    expect(found.map(({ major, whole: isWhole }) => [major, isWhole])).toEqual([
      [21, false],
      [17, true],
    ]);
  });
});

describe('chooseCassandraJava', () => {
  test.each([
    ['17 before 21, wherever it is found', [25, 21, 17], 17],
    ['21 where there is no 17', [25, 21], 21],
  ])('takes %s', (_, majors, taken) => {
    expect(chooseCassandraJava(majors.map((major) => jdk(major)))).toMatchObject({
      kind: 'found',
      major: taken,
    });
  });

  test('says what it needs and what there is', () => {
    const choice = chooseCassandraJava([jdk(25)]);

    expect(choice).toMatchObject({ kind: 'missing', debianPackage: 'openjdk-17-jdk-headless' });
    expect(() => requireJava(choice, 'Cassandra')).toThrow(
      /Cassandra cannot run: it needs Java 17 or 21.*found: 25\.0\.1\+2 in \/jdks\/25\. On Debian.*openjdk-17/,
    );
  });

  test('says so when there is no Java at all', () => {
    expect(() => requireJava(chooseCassandraJava([]), 'Cassandra')).toThrow(/no Java was found in JAVA_HOME/);
  });
});

describe('chooseOpensearch', () => {
  test.each([
    ['3 on the oldest JDK from 21 on', undefined, [25, 17, 21], 3, 21],
    ['2 where the newest JDK is older than that', undefined, [17], 2, 17],
    ['2 when asked to, though there is a newer JDK', '2', [17, 25], 2, 17],
    ['3 when asked to', '3', [17, 25], 3, 25],
  ])('runs %s', (_, asked, majors, major, taken) => {
    const choice = chooseOpensearch(
      majors.map((each) => jdk(each)),
      asked === undefined ? {} : { POLYSTORE_OPENSEARCH_VERSION: asked },
    );

    expect(choice).toMatchObject({ major, java: { kind: 'found', major: taken } });
  });

  test('refuses a trimmed runtime by its name', () => {
    const { java } = chooseOpensearch([jdk(21, { whole: false })], {});

    expect(java).toMatchObject({
      kind: 'missing',
      problem: expect.stringMatching(/needs a whole JDK.*21\.0\.1\+2, a trimmed runtime, in \/jdks\/21/),
    });
  });

  test.each([
    [
      '3',
      [17],
      /version 3 \(POLYSTORE_OPENSEARCH_VERSION=3\) needs a whole JDK of version 21 or newer.*17\.0\.1/,
    ],
    [
      '2',
      [25],
      /version 2 \(POLYSTORE_OPENSEARCH_VERSION=2\) needs a whole JDK of version 17 to 21.*25\.0\.1/,
    ],
  ])('says why the version %s that was asked for cannot run', (asked, majors, problem) => {
    const { java } = chooseOpensearch(
      majors.map((each) => jdk(each)),
      { POLYSTORE_OPENSEARCH_VERSION: asked },
    );

    expect(java).toMatchObject({ kind: 'missing', problem: expect.stringMatching(problem) });
  });

  test('refuses a version that there is not', () => {
    expect(() => chooseOpensearch([jdk(25)], { POLYSTORE_OPENSEARCH_VERSION: '1' })).toThrow(
      /POLYSTORE_OPENSEARCH_VERSION is "1"; it takes 2 or 3/,
    );
  });
});
