import type { Service } from '../../lib/tools/serverless-config.ts';

/** An action of AWS's, and what on: `SessionsTable`, `SessionsTable/index/live`, `CallbackLogGroup`, `its parameter`, `*`. */
export type Permission = [action: string, resource: string];

interface Statement {
  Action: string | string[];
  Resource: unknown;
}

/** What a role of serverless.yml allows, whether always or under a condition; sorted, each once. */
export function allowedBy({ resources }: Service, role: string): Permission[] {
  const { Policies } = (resources.Resources[role]?.Properties ?? {}) as {
    Policies?: { PolicyDocument: { Statement: (Statement | { 'Fn::If': [string, Statement, unknown] })[] } }[];
  };
  if (Policies === undefined) throw new Error(`serverless.yml has no role ${role}`);
  const statements = Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const permissions = statements.flatMap((statement): Permission[] => {
    const { Action, Resource } = 'Fn::If' in statement ? statement['Fn::If'][1] : statement;
    return [Action].flat().flatMap((action) => [Resource].flat().map((on): Permission => [action, nameOf(on)]));
  });
  return sorted(permissions);
}

export function sorted(permissions: readonly Permission[]): Permission[] {
  return [...new Set(permissions.map((permission) => JSON.stringify(permission)))]
    .sort()
    .map((text) => JSON.parse(text));
}

function nameOf(resource: unknown): string {
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text } = resource as { 'Fn::GetAtt'?: string[]; 'Fn::Sub'?: string };
  if (attribute !== undefined) return attribute[0] ?? '';
  if (text === undefined) return String(resource);
  return text.includes(':parameter') ? 'its parameter' : text.replace(/\$\{(\w+)\.Arn\}/, '$1');
}
