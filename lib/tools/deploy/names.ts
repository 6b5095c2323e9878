import type { Service } from '../serverless-config.ts';

/**
 * AWS's limits on the names that hold the name of the stage. CloudFormation makes up the other names and shortens them.
 * Sources: AWS Lambda, CreateFunction, FunctionName; AWS CloudFormation, CreateStack, StackName; Amazon CloudWatch,
 * PutDashboard, DashboardName.
 */
const LIMITS = { function: 64, stack: 128, dashboard: 255 } as const;

/**
 * Checks every name before anything is created: a deployment that fails half-way leaves protected tables behind.
 * @throws Error with one sentence that says how long the stage's name may be
 */
export function checkNames({ service, provider: { stage, region }, functions }: Service): void {
  const names: [keyof typeof LIMITS, string][] = [
    ...Object.keys(functions).map((name): ['function', string] => ['function', `${service}-${stage}-${name}`]),
    ['stack', `${service}-${stage}`],
    ['dashboard', `${service}-${stage}-${region}`],
  ];
  const over = names.map(([kind, name]) => ({ kind, name, by: name.length - LIMITS[kind] }));
  const [worst] = over.toSorted((a, b) => b.by - a.by);
  if (worst === undefined || worst.by <= 0) return;
  const { kind, name, by } = worst;
  throw new Error(
    `The stage ${stage} is too long: the name of the ${kind} ${name} would have ${name.length} characters of ${LIMITS[kind]} allowed, so use at most ${stage.length - by} characters for the stage.`,
  );
}
