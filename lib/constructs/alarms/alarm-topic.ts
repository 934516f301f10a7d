import { Annotations, ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { refuseProblems } from '../props-problems.ts';

export interface AlarmTopicProps {
  /** What the messages are about: `flights, dev`. */
  readonly displayName: string;
  /**
   * Addresses that are told; each has to confirm once.
   * @default - none: subscribe another way, or nobody is told
   */
  readonly emails?: readonly string[];
}

/**
 * Where alarms and budgets of this account are told: a topic by TLS only, encrypted with a key that CloudWatch and
 * AWS Budgets may use (docs.aws.amazon.com/sns, "Enable compatibility between event sources and encrypted topics").
 */
export class AlarmTopic extends Construct {
  readonly topic: sns.Topic;
  readonly encryptionKey: kms.Key;

  constructor(scope: Construct, id: string, props: AlarmTopicProps) {
    super(scope, id);
    const { emails = [] } = props;
    refuseProblems(this, (problems) => {
      for (const email of emails)
        if (!/^[^\s@]+@[^\s@]+$/.test(email))
          problems.add('emails', `has '${email}'`, 'use addresses such as operations@your.company');
    });
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'SNS: alarms',
      enableKeyRotation: true,
      // It holds messages for as long as it takes to send them.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.topic = new sns.Topic(this, 'Topic', {
      displayName: props.displayName,
      enforceSSL: true,
      masterKey: this.encryptionKey,
    });
    this.#letTell('cloudwatch.amazonaws.com', {
      service: 'cloudwatch',
      resource: 'alarm',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.#letTell('budgets.amazonaws.com', { service: 'budgets', region: '', resource: '*' });
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));
    if (emails.length === 0)
      Annotations.of(this).addWarningV2(
        'polystore:nobodyIsTold',
        'Nobody is subscribed to the alarms: name addresses in alarms.emails of the environment, or subscribe to the topic',
      );
  }

  /** Both the topic and its key, for this service on behalf of this account's alarms or budgets. */
  #letTell(
    service: string,
    source: {
      readonly service: string;
      readonly region?: string;
      readonly resource: string;
      readonly arnFormat?: ArnFormat;
    },
  ): void {
    const sourceArn = Stack.of(this).formatArn({
      ...source,
      ...(source.arnFormat === undefined ? {} : { resourceName: '*' }),
    });
    const statement = (actions: readonly string[], resource: string): iam.PolicyStatement =>
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(service)],
        actions: [...actions],
        resources: [resource],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': sourceArn },
        },
      });
    this.topic.addToResourcePolicy(statement(['sns:Publish'], this.topic.topicArn));
    this.encryptionKey.addToResourcePolicy(statement(['kms:Decrypt', 'kms:GenerateDataKey*'], '*'));
  }
}
