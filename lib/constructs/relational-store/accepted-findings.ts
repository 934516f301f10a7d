import type { AcceptedFinding } from '../accept-finding.ts';

/** Of Enhanced Monitoring. */
export const monitoringRole: AcceptedFinding = {
  rule: 'AwsSolutions-IAM4',
  finding: /service-role\/AmazonRDSEnhancedMonitoringRole$/,
  reason:
    'The policy that RDS asks for: writes to the log groups of Enhanced Monitoring, assumed by that service alone.',
};

/** Of a password that RDS does not manage. */
export const unrotatedSecret: AcceptedFinding = {
  rule: 'AwsSolutions-SMG4',
  reason:
    'RDS manages no password of a global database or of an instance with replicas; who uses the construct decides by which function it is rotated, with addRotationSingleUser().',
};

const inherited =
  'A replica is encrypted as its source is, with the same key; CloudFormation takes no other word.';
const noStandby = 'A replica is a copy of which more can be made; the writer has the standby.';
/** Of the instances of RDS. */
export const ofInstance: readonly AcceptedFinding[] = [
  {
    rule: 'AwsSolutions-RDS11',
    reason: 'Security groups say who may connect; another port keeps nobody out.',
  },
  monitoringRole,
];
export const ofReplica: readonly AcceptedFinding[] = [
  { rule: 'AwsSolutions-RDS2', reason: inherited },
  { rule: 'CKV_AWS_16', reason: inherited },
  { rule: 'AwsSolutions-RDS3', reason: noStandby },
  { rule: 'CKV_AWS_157', reason: noStandby },
  ...ofInstance,
];

export const noTokens: AcceptedFinding = {
  rule: 'CKV_AWS_162',
  reason:
    'Multi-AZ clusters take no tokens of IAM (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/multi-az-db-clusters-concepts.html, Limitations); the password is rotated every 7 days.',
};

const unnamed =
  'What AWS lists of Limitless does not name authentication by IAM, and a cluster that is refused helps nobody; the password is rotated every 7 days.';
export const ofLimitless: readonly AcceptedFinding[] = [
  { rule: 'AwsSolutions-RDS6', reason: unnamed },
  { rule: 'CKV_AWS_162', reason: unnamed },
  monitoringRole,
];
