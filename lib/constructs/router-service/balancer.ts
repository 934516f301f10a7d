import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { routerService } from '../../../lambda/model/index.ts';
import { acceptFinding } from '../accept-finding.ts';

export interface BalancerProps {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets: ec2.SubnetSelection;
  readonly securityGroup: ec2.ISecurityGroup;
  readonly certificateArn: string;
  readonly targets: elb.IApplicationLoadBalancerTarget;
  readonly accessLogDays: number;
}

/**
 * The load balancer before the tasks: inside of the VPC, HTTPS with TLS 1.2 at least, its requests logged. A task that
 * leaves gets no new request, and half a minute for those that it has.
 */
export class Balancer extends Construct {
  readonly loadBalancer: elb.ApplicationLoadBalancer;
  readonly targetGroup: elb.ApplicationTargetGroup;

  constructor(scope: Construct, id: string, props: BalancerProps) {
    super(scope, id);
    const { vpc } = props;
    this.loadBalancer = new elb.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroup: props.securityGroup,
      internetFacing: false,
      dropInvalidHeaderFields: true,
      deletionProtection: true,
    });
    this.targetGroup = new elb.ApplicationTargetGroup(this, 'Tasks', {
      vpc,
      targetType: elb.TargetType.IP,
      port: routerService.port,
      protocol: elb.ApplicationProtocol.HTTP,
      targets: [props.targets],
      deregistrationDelay: Duration.seconds(routerService.graceSeconds),
      loadBalancingAlgorithmType: elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: routerService.readyPath,
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
    this.loadBalancer.addListener('Https', {
      port: 443,
      protocol: elb.ApplicationProtocol.HTTPS,
      certificates: [elb.ListenerCertificate.fromArn(props.certificateArn)],
      sslPolicy: elb.SslPolicy.RECOMMENDED_TLS,
      // Who may come is what the group's rules say.
      open: false,
      defaultTargetGroups: [this.targetGroup],
    });
    this.#logRequests(props.accessLogDays);
  }

  /** The CDK's own way wants to know the region; the service's principal is the same everywhere. */
  #logRequests(days: number): void {
    const bucket = new s3.Bucket(this, 'AccessLogs', {
      // What delivers these logs can use no key of ours.
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(days) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const reason = 'It holds access logs itself.';
    acceptFinding(
      bucket,
      { rule: 'AwsSolutions-S1', reason },
      { rule: 'CKV_AWS_18', reason },
      { rule: 'CKV_AWS_21', reason: 'Each log is written once, under a name of its own.' },
    );
    const { account, partition, region } = Stack.of(this);
    bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('logdelivery.elasticloadbalancing.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [bucket.arnForObjects(`AWSLogs/${account}/*`)],
        conditions: {
          ArnLike: {
            'aws:SourceArn': `arn:${partition}:elasticloadbalancing:${region}:${account}:loadbalancer/*`,
          },
        },
      }),
    );
    this.loadBalancer.setAttribute('access_logs.s3.enabled', 'true');
    this.loadBalancer.setAttribute('access_logs.s3.bucket', bucket.bucketName);
    // It tries the bucket when it is told of it.
    if (bucket.policy !== undefined) this.loadBalancer.node.addDependency(bucket.policy);
  }
}
