// Imports go one way (DESIGN §3): model ← change ← stores ← sync, query ← handlers ← local.
const room = (name) => `^lambda/${name}/`;
const may = (from, allowed) => ({
  name: `${from.replaceAll('/', '-')}-imports`,
  comment: `${from} may import ${allowed.join(', ')} and packages only`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: '^(lambda|lib|local|bin|model|bench|test)/', pathNot: [`^${from}/`, ...allowed] },
});
const errors = '^lambda/errors\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    // `aws-lambda` is a package of types alone (@types/aws-lambda).
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^aws-lambda$' },
    },
    may('lambda/model', [errors]),
    may('lambda/change', [errors, room('model')]),
    may('lambda/stores', [errors, room('model'), room('change')]),
    may('lambda/sync', [errors, room('model'), room('change'), room('stores')]),
    may('lambda/query', [errors, room('model'), room('change'), room('stores')]),
    may('lambda/handlers', [errors, '^lambda/', '^model/']),
    may('model', ['^lambda/model/']),
    may('lib', [room('model'), errors]),
    may('local', ['^lambda/', '^model/', '^bin/build\\.ts$']),
    {
      name: 'model-has-no-dependency',
      severity: 'error',
      from: { path: '^lambda/model/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'only-lib-imports-the-cdk',
      severity: 'error',
      from: { pathNot: '^(lib/|docs/|bin/(polystore|github-roles|pipeline)\\.ts|test/lib/)' },
      to: { path: 'node_modules/(aws-cdk-lib|constructs|cdk-nag|@aws-cdk)/' },
    },
    {
      name: 'a-store-is-entered-by-its-index',
      comment:
        'The only export of a store is its index; schema.ts, item.ts and connector.ts are pure and may be read beside it.',
      severity: 'error',
      from: { path: '^(lambda/(sync|query|handlers)|local)/' },
      to: { path: '^lambda/stores/[^/]+/(write|read|client|errors)\\.ts$' },
    },
    {
      name: 'no-import-from-tests',
      severity: 'error',
      from: { path: '^(lambda|lib|local|bin|model)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
