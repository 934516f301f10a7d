// `unit` takes seconds, `cdk` synthesises templates, `integration` runs real engines, `chaos` kills them.
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  // PostgreSQL keeps *.snap files of its own there, which `jest -u` would take for obsolete snapshots.
  modulePathIgnorePatterns: ['<rootDir>/.polystore/', '<rootDir>/dist/', '<rootDir>/cdk.out/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
      },
    ],
  },
};

export default {
  randomize: true,
  // No absolute time in a test: a machine may be as busy as it likes.
  testTimeout: 300_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.(integration|chaos)\\.test\\.ts$', '<rootDir>/test/lib/'],
    },
    {
      ...common,
      displayName: 'cdk',
      testMatch: ['<rootDir>/test/lib/**/*.test.ts'],
    },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.integration.test.ts'],
    },
    {
      ...common,
      displayName: 'chaos',
      testMatch: ['<rootDir>/test/**/*.chaos.test.ts'],
    },
  ],
};
