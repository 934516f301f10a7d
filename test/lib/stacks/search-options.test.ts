import { expect, test } from '@jest/globals';
import {
  compile,
  entity,
  environmentNames,
  kafka,
  model,
  opensearch,
  text,
} from '../../../lambda/model/index.ts';
import { deploy, dev, templateOf } from '../deploy.ts';

test('with rights by index the schema function alone may manage them, and is told whom to let in', () => {
  const deployed = deploy({ environment: { search: { ...dev.search, fineGrainedAccess: true } } });
  const template = templateOf(deployed, 'functions');
  const named = (type: string, what: RegExp) =>
    Object.entries(template.findResources(type)).filter(([, resource]) =>
      what.test(JSON.stringify(resource)),
    );

  const assuming = named('AWS::IAM::Policy', /sts:AssumeRole/).map(([id]) => id);
  const told = named('AWS::Lambda::Function', new RegExp(environmentNames.opensearchManager));

  expect(assuming).toEqual([expect.stringMatching(/schemaRole/i)]);
  expect(told.map(([id]) => id)).toEqual([expect.stringMatching(/schemaFunction/i)]);
  const grants = JSON.stringify(
    told[0]?.[1].Properties.Environment.Variables[environmentNames.opensearchGrants],
  );
  for (const access of ['makes=', 'reads=', 'writes=', 'tends=']) expect(grants).toContain(access);
});

test('warm nodes are refused where no view has indices that grow old', () => {
  const note = entity('note', {
    key: ['id'],
    tenant: 'id',
    fields: { id: text({ maxLength: 10 }), words: text({ maxLength: 10 }) },
    source: kafka(),
    views: { search: opensearch.index({ text: ['words'] }) },
  });
  const build = () =>
    deploy({
      catalog: compile(model('notes', [note])),
      environment: {
        search: {
          ...dev.search,
          ...{ dataNodeType: 'r7g.large.search', managerType: 'm7g.large.search' },
          tiers: { warmType: 'ultrawarm1.medium.search', warmNodes: 2 },
        },
      },
    });

  expect(build).toThrow(/search\.tiers has warm nodes, and no view.*leave tiers out/s);
});
